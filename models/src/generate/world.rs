//! The items of a generated log: categories, brands, popularity, and which item leads to which.
//!
//! Items of a leaf category are neighbours in number, so that one list of running sums draws from all items or from a
//! category. What is written is another number, a random one, so that ids tell nothing.

use super::{LogConfig, LogShape, WORLD_STREAM};
use crate::input::ItemDescription;
use crate::shop::draws::Draws;

/// Leaf categories under one root.
const LEAVES: usize = 5;
/// Items that an item leads to.
pub(super) const LEADS: usize = 4;
/// How likely an item leads to each of them.
const LEAD_WEIGHTS: [f64; LEADS] = [0.5, 0.25, 0.15, 0.1];
/// Part of the leads that stay in the leaf category.
const LEADS_NEAR: f64 = 0.6;

/// See the module.
#[derive(Debug)]
pub(super) struct World {
    /// What stands in ids.
    numbers: Vec<u32>,
    /// First item of each leaf category, and the number of items.
    leaves: Vec<u32>,
    leaf_of: Vec<u32>,
    brand_of: Vec<u32>,
    /// How much an item is wanted, at its height.
    pub(super) weights: Vec<f64>,
    /// Running sums of the weights, from 0: one more than items.
    sums: Vec<f64>,
    leads: Vec<[u32; LEADS]>,
    /// When an item was new, 0..1 of the log; some are older than it.
    pub(super) births: Vec<f64>,
}

#[expect(clippy::cast_possible_truncation, reason = "at most a million items")]
impl World {
    pub(super) fn new(config: &LogConfig) -> Self {
        let mut draws = Draws::new(config.seed, WORLD_STREAM);
        let items = config.items;
        let mut numbers: Vec<u32> = (1u32..).take(items).collect();
        draws.shuffle(&mut numbers);
        // leaf categories are of unequal size, 25 items in the middle, and brands belong to few categories
        let (mut leaves, mut leaf_of, mut brand_of) = (vec![0u32], Vec::new(), Vec::new());
        let brands = (items / 60).max(8);
        while leaf_of.len() < items {
            let size = (draws.log_normal(25.0, 0.5) as usize).clamp(5, 100).min(items - leaf_of.len());
            let sold: Vec<u32> = (0..6).map(|_| draws.below(brands) as u32).collect();
            leaf_of.resize(leaf_of.len() + size, leaves.len() as u32 - 1);
            brand_of.extend((0..size).map(|_| *draws.pick(&sold)));
            leaves.push(leaf_of.len() as u32);
        }
        // Zipf's law by a random rank
        let exponent = if config.shape == LogShape::Sessions { 0.9 } else { 0.7 };
        let mut ranks: Vec<u32> = (1u32..).take(items).collect();
        draws.shuffle(&mut ranks);
        let weights: Vec<f64> =
            ranks.iter().map(|&rank| libm::pow(f64::from(rank) + 10.0, -exponent)).collect();
        let births = (0..items).map(|_| draws.between(-0.4, 1.0)).collect();
        let sums = running_sums(weights.iter().copied());
        let mut world = Self { numbers, leaves, leaf_of, brand_of, weights, sums, leads: Vec::new(), births };
        world.leads = (0u32..).take(items).map(|item| world.draw_leads(item, &mut draws)).collect();
        world
    }

    fn draw_leads(&self, item: u32, draws: &mut Draws) -> [u32; LEADS] {
        let leaf = self.leaf_of[item as usize] as usize;
        [(); LEADS].map(|()| {
            let near = draws.chance(LEADS_NEAR);
            // what goes with a category is fixed, and lies anywhere
            let other = (leaf * 31 + 17) % (self.leaves.len() - 1);
            let drawn = self.of_leaf(if near { leaf } else { other }, draws);
            if drawn == item { (item + 1) % self.numbers.len() as u32 } else { drawn }
        })
    }

    pub(super) fn id(&self, item: u32) -> String {
        format!("i{:07}", self.numbers[item as usize])
    }

    pub(super) fn describe(&self, item: u32) -> ItemDescription {
        let leaf = self.leaf_of[item as usize] as usize;
        let root = format!("c{}", leaf / LEAVES);
        let path = format!("{root}-{}", leaf % LEAVES);
        let brand = Some(format!("b{}", self.brand_of[item as usize]));
        ItemDescription { category: vec![root, path], brand, ..ItemDescription::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    pub(super) fn brand(&self, item: u32) -> u32 {
        self.brand_of[item as usize]
    }

    /// The items of the same leaf category.
    pub(super) fn leaf_range(&self, item: u32) -> (usize, usize) {
        self.range(self.leaf_of[item as usize] as usize)
    }

    fn range(&self, leaf: usize) -> (usize, usize) {
        (self.leaves[leaf] as usize, self.leaves[leaf + 1] as usize)
    }

    /// Any item, the wanted more often.
    pub(super) fn any(&self, draws: &mut Draws) -> u32 {
        by_sums(&self.sums, (0, self.len()), draws)
    }

    /// An item of a leaf category.
    pub(super) fn of_leaf(&self, leaf: usize, draws: &mut Draws) -> u32 {
        by_sums(&self.sums, self.range(leaf), draws)
    }

    /// A leaf category, the larger and more wanted more often.
    pub(super) fn leaf(&self, draws: &mut Draws) -> usize {
        self.leaf_of[self.any(draws) as usize] as usize
    }

    /// Another leaf category under the same root.
    pub(super) fn sibling(&self, leaf: usize, draws: &mut Draws) -> usize {
        (leaf / LEAVES * LEAVES + draws.below(LEAVES)).min(self.leaves.len() - 2)
    }

    /// An item that `item` leads to.
    pub(super) fn lead(&self, item: u32, draws: &mut Draws) -> u32 {
        self.leads[item as usize][draws.weighted(LEAD_WEIGHTS.into_iter())]
    }
}

/// `0, w0, w0 + w1, ..`.
pub(super) fn running_sums(weights: impl Iterator<Item = f64>) -> Vec<f64> {
    let sums = weights.scan(0.0, |sum, weight| {
        *sum += weight;
        Some(*sum)
    });
    std::iter::once(0.0).chain(sums).collect()
}

/// An item of `from..to` with probability proportional to its weight, in logarithmic time.
pub(super) fn by_sums(sums: &[f64], (from, to): (usize, usize), draws: &mut Draws) -> u32 {
    let at = draws.between(sums[from], sums[to]);
    let item = from + sums[from + 1..to].partition_point(|sum| *sum <= at);
    u32::try_from(item).expect("at most a million items")
}

/// How many steps something goes on that ends after each with probability `1 / mean`; `most` at most.
pub(super) fn steps(mean: f64, most: usize, draws: &mut Draws) -> usize {
    (0..most).take_while(|_| !draws.chance(1.0 / mean)).count()
}
