//! Invented words: brands, styles, colours, product lines.
//!
//! In: draws. Out: names. Brands are put together from syllables made up here and stand for no company.
//! Must never hold a word list of somebody else.

use super::draws::Draws;

/// A look that products have and shoppers like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    /// The value of the attribute `style`.
    pub(super) name: &'static str,
    /// What titles call it.
    pub(super) words: [&'static str; 3],
    /// The value of the attribute `character` of what is used up, where a look makes no sense.
    pub(super) character: &'static str,
    /// What titles call that.
    pub(super) character_words: [&'static str; 2],
}

const fn style(
    name: &'static str,
    words: [&'static str; 3],
    character: &'static str,
    character_words: [&'static str; 2],
) -> Style {
    Style { name, words, character, character_words }
}

/// All looks.
pub(super) const STYLES: [Style; 8] = [
    style("minimal", ["Plain", "Pure", "Quiet"], "mild", ["Mild", "Simple"]),
    style("classic", ["Heritage", "Timeless", "Traditional"], "everyday", ["Everyday", "Original"]),
    style("playful", ["Merry", "Bouncy", "Confetti"], "cheerful", ["Happy", "Sunny"]),
    style("rugged", ["Tough", "Fieldproof", "Weatherproof"], "strong", ["Strong", "Extra"]),
    style("elegant", ["Fine", "Soiree", "Graceful"], "selected", ["Reserve", "Selected"]),
    style("retro", ["Seventies", "Diner", "Old-school"], "nostalgic", ["Grandma's", "Old-time"]),
    style("natural", ["Meadow", "Raw", "Woodland"], "organic", ["Organic", "Natural"]),
    style("technical", ["Precision", "Modular", "Pro"], "professional", ["Pro", "Expert"]),
];

/// Colours of products.
pub(super) const COLOURS: [&str; 14] = [
    "black",
    "white",
    "navy",
    "sage",
    "terracotta",
    "mustard",
    "burgundy",
    "sand",
    "sky blue",
    "forest green",
    "lilac",
    "charcoal",
    "coral",
    "cream",
];

/// Sizes, small to large.
pub(super) const SIZES: [&str; 4] = ["S", "M", "L", "XL"];

/// Sizes of shoes.
pub(super) const SHOE_SIZES: [&str; 4] = ["38", "40", "42", "44"];

/// Names of product lines.
pub(super) const LINES: [&str; 32] = [
    "Alder", "Birke", "Cove", "Dune", "Ember", "Fjord", "Glen", "Halo", "Isla", "Juno", "Kite", "Loop",
    "Mistral", "Nook", "Opal", "Pebble", "Quay", "Ridge", "Sorrel", "Tide", "Umber", "Vale", "Willow",
    "Yonder", "Zephyr", "Arc", "Brook", "Cinder", "Delta", "Echo", "Fable", "Grove",
];

/// What a tier does to the median price: budget, middle, premium, luxury.
pub(super) const TIER_PRICE: [f64; 4] = [0.6, 1.0, 1.7, 3.0];

const HEADS: [&str; 24] = [
    "Nor", "Kel", "Ald", "Bru", "Cas", "Dor", "Elm", "Fen", "Gal", "Hav", "Iv", "Jor", "Lum", "Mar", "Nim",
    "Osk", "Pel", "Quil", "Ros", "Sel", "Tam", "Ulv", "Ves", "Zan",
];
const TAILS: [&str; 16] = [
    "vanne", "dremo", "mirra", "lundy", "ettore", "arix", "wend", "holtz", "issimo", "brenna", "tinel",
    "okko", "ustra", "avell", "inque", "orvald",
];

/// A brand.
#[derive(Clone, Debug)]
pub(super) struct Brand {
    pub(super) name: String,
    /// 0 budget .. 3 luxury.
    pub(super) tier: usize,
    /// Roots it sells in.
    pub(super) roots: Vec<usize>,
    /// Index into [`STYLES`] of the look most of its products have.
    pub(super) style: usize,
}

/// Six to nine brands at home in each root, half of them in a second root as well.
pub(super) fn generate_brands(roots: usize, draws: &mut Draws) -> Vec<Brand> {
    let mut names: Vec<String> =
        HEADS.iter().flat_map(|head| TAILS.iter().map(move |tail| format!("{head}{tail}"))).collect();
    draws.shuffle(&mut names);
    let mut brands = Vec::new();
    for root in 0..roots {
        for number in 0..6 + draws.below(4) {
            let name = names.pop().expect("there are 384 names and at most 9 brands for each of 14 roots");
            // The first four make sure that every root has every tier.
            let tier = if number < 4 { number } else { draws.weighted([0.3, 0.4, 0.2, 0.1].into_iter()) };
            let mut at_home = vec![root];
            let second = draws.below(roots);
            if draws.chance(0.5) && second != root {
                at_home.push(second);
            }
            brands.push(Brand { name, tier, roots: at_home, style: draws.below(STYLES.len()) });
        }
    }
    brands
}
