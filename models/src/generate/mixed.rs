//! Shoppers of whom the log tells what they did: they look at what they are shown, and buy what they like.

use super::long_tail::Taste;
use super::world::{World, steps};
use super::{BEGIN_MS, END_MS};
use crate::dataset::{Interaction, InteractionKind};
use crate::shop::draws::Draws;

/// Views of what everybody is shown.
const SHOWN: f64 = 0.5;

/// Appends the events of one shopper: about 20, one per item, with the most that was done to it.
#[expect(clippy::cast_possible_truncation, reason = "a time of this century")]
pub(super) fn shopper(world: &World, draws: &mut Draws, out: &mut Vec<Interaction>) {
    let taste = Taste::new(world, draws);
    let wanted = 10 + steps(12.0, 60, draws);
    let mut time = draws.between(BEGIN_MS as f64, END_MS as f64);
    let mut liked = None;
    for _ in 0..wanted {
        let (item, kind) = if draws.chance(SHOWN) {
            (world.any(draws), InteractionKind::View)
        } else {
            let item = match liked {
                Some(last) if draws.chance(0.45) => world.lead(last, draws),
                _ => taste.item(world, draws),
            };
            let kind = match draws.unit() {
                x if x < 0.25 => InteractionKind::Purchase,
                x if x < 0.45 => InteractionKind::Cart,
                x if x < 0.55 => InteractionKind::Wishlist,
                _ => InteractionKind::View,
            };
            liked = Some(item);
            (item, kind)
        };
        if out.iter().any(|event: &Interaction| event.item == item) {
            continue;
        }
        out.push(Interaction { item, kind, time_ms: Some(time as i64) });
        time += 1000.0 + draws.exponential(2.0 * 86_400_000.0);
    }
}
