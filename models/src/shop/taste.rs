//! What a shopper likes.
//!
//! In: the stock and draws. Out: likings for leaves, brands, looks and a price level, and how much they weigh for a
//! product. Must never be written into a file: a model has to find it.

use super::catalog::Stock;
use super::draws::Draws;
use super::names::STYLES;

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Taste {
    /// Leaves and how often they are on the shopper's mind.
    pub(super) leaves: Vec<(usize, f64)>,
    pub(super) brands: Vec<usize>,
    /// One or two of the looks.
    pub(super) styles: Vec<usize>,
    /// 0 budget .. 3 luxury.
    pub(super) tier: f64,
    /// How often an item is put aside to think about rather than bought.
    pub(super) hesitates: f64,
    /// How often something else than the taste decides, 1 being usual.
    pub(super) wanders: f64,
}

/// A taste: two or three roots, some leaves of one or two branches in each, brands and looks.
pub(super) fn generate(stock: &Stock, draws: &mut Draws) -> Taste {
    let mut taste = Taste {
        leaves: Vec::new(),
        brands: Vec::new(),
        styles: vec![draws.below(STYLES.len())],
        tier: draws.weighted([0.3, 0.4, 0.2, 0.1].into_iter()) as f64,
        hesitates: draws.between(0.2, 0.8),
        wanders: draws.between(0.5, 1.5),
    };
    if draws.chance(0.5) {
        taste.styles.push(draws.below(STYLES.len()));
    }
    let roots = 2 + draws.below(2);
    for place in 0..roots {
        let root = draws.below(stock.taxonomy.roots.len());
        taste.add_root(stock, root, [1.0, 0.5, 0.25][place], draws);
    }
    taste
}

impl Taste {
    fn add_root(&mut self, stock: &Stock, root: usize, weight: f64, draws: &mut Draws) {
        let leaves = &stock.taxonomy.roots[root].leaves;
        let centre = draws.below(leaves.len());
        for (place, &leaf) in leaves.iter().enumerate() {
            // Leaves of the table stand next to those they have to do with.
            let distance = place.abs_diff(centre) as f64;
            let liking = weight * libm::exp(-0.8 * distance) * draws.between(0.5, 1.5);
            if distance < 4.0 {
                self.leaves.push((leaf, liking));
            }
        }
        let at_home: Vec<usize> =
            (0..stock.brands.len()).filter(|&brand| stock.brands[brand].roots.contains(&root)).collect();
        for _ in 0..2 {
            self.brands.push(*draws.pick(&at_home));
        }
    }

    /// A new interest takes the place of the weakest likings, and the others fade a little.
    pub(super) fn drift(&mut self, stock: &Stock, draws: &mut Draws) {
        for (_, weight) in &mut self.leaves {
            *weight *= 0.7;
        }
        self.leaves.retain(|(_, weight)| *weight > 0.03);
        let root = draws.below(stock.taxonomy.roots.len());
        self.add_root(stock, root, 0.4, draws);
        self.tier = (self.tier + draws.between(-0.5, 0.5)).clamp(0.0, 3.0);
    }

    /// How much a product appeals, 1 being neutral.
    pub(super) fn appeal(&self, stock: &Stock, product: usize) -> f64 {
        let latent = &stock.latents[product];
        let brand = if self.brands.contains(&latent.brand) { 1.2 } else { 0.0 };
        let style = if self.styles.contains(&latent.style) { 0.9 } else { 0.0 };
        libm::exp(brand + style - 0.7 * libm::fabs(latent.tier as f64 - self.tier))
    }
}
