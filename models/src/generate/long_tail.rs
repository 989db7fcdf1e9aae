//! Shoppers of a shop with many items, each seen by few.

use super::world::{World, steps};
use super::{BEGIN_MS, END_MS};
use crate::dataset::{Interaction, InteractionKind};
use crate::shop::draws::Draws;

/// What a shopper likes: leaf categories, most liked first, and brands.
pub(super) struct Taste {
    leaves: [usize; 4],
    brands: [u32; 3],
}

const LEAF_WEIGHTS: [f64; 4] = [0.45, 0.25, 0.2, 0.1];

impl Taste {
    /// Two fields, each with a second leaf under the same root, and brands that are sold there.
    pub(super) fn new(world: &World, draws: &mut Draws) -> Self {
        let (first, second) = (world.leaf(draws), world.leaf(draws));
        let leaves = [first, world.sibling(first, draws), second, world.sibling(second, draws)];
        let brands = [0, 0, 2].map(|k: usize| world.brand(world.of_leaf(leaves[k], draws)));
        Self { leaves, brands }
    }

    /// An item to this taste: of three that the category offers, the first of a liked brand.
    pub(super) fn item(&self, world: &World, draws: &mut Draws) -> u32 {
        let leaf = self.leaves[draws.weighted(LEAF_WEIGHTS.into_iter())];
        let offered = [(); 3].map(|()| world.of_leaf(leaf, draws));
        let liked = offered.iter().find(|item| self.brands.contains(&world.brand(**item)));
        *liked.unwrap_or(&offered[0])
    }
}

/// Appends the events of one shopper: 5 to 12 (fewer if a small shop has nothing new left), no item twice.
#[expect(clippy::cast_possible_truncation, reason = "a time of this century")]
pub(super) fn shopper(world: &World, draws: &mut Draws, out: &mut Vec<Interaction>) {
    let taste = Taste::new(world, draws);
    let wanted = 5 + steps(3.0, 7, draws);
    let mut time = draws.between(BEGIN_MS as f64, END_MS as f64);
    for _ in 0..wanted {
        // a few looks for something new
        let found = [(); 8].iter().find_map(|()| {
            let item = match out.last().map(|event: &Interaction| event.item) {
                Some(last) if draws.chance(0.35) => world.lead(last, draws),
                _ if draws.chance(0.8) => taste.item(world, draws),
                _ => world.any(draws),
            };
            out.iter().all(|event| event.item != item).then_some(item)
        });
        let Some(item) = found else { break };
        out.push(Interaction { item, kind: InteractionKind::View, time_ms: Some(time as i64) });
        time += 1000.0 + draws.exponential(5.0 * 86_400_000.0);
    }
}
