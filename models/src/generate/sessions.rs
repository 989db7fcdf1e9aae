//! Click sessions in a shop whose fashion moves.

use super::world::{World, by_sums, running_sums, steps};
use super::{BEGIN_MS, END_MS};
use crate::dataset::{Interaction, InteractionKind};
use crate::shop::draws::Draws;

/// Moments at which popularity is computed anew.
const SLICES: f64 = 40.0;
/// How long an item is wanted, in logs.
const FASHION: f64 = 0.15;
/// What is left of it for good.
const EVERGREEN: f64 = 0.08;

/// What is wanted at present.
#[derive(Debug, Default)]
pub(super) struct Fashion {
    slice: Option<f64>,
    sums: Vec<f64>,
}

impl Fashion {
    /// Goes to the time of a session; `O(items)` when a new slice begins.
    pub(super) fn move_to(&mut self, world: &World, time_ms: i64) {
        let slice = ((time_ms - BEGIN_MS) as f64 / (END_MS - BEGIN_MS) as f64 * SLICES).floor();
        if self.slice.replace(slice) == Some(slice) {
            return;
        }
        let now = slice / SLICES;
        let wanted = world.weights.iter().zip(&world.births).map(|(weight, birth)| {
            let recent = if *birth <= now { libm::exp((birth - now) / FASHION) } else { 0.0 };
            weight * (EVERGREEN + recent)
        });
        self.sums = running_sums(wanted);
    }
}

/// Appends the clicks of one session: two or more.
pub(super) fn session(
    world: &World,
    fashion: &Fashion,
    begin_ms: i64,
    draws: &mut Draws,
    out: &mut Vec<Interaction>,
) {
    let clicks = 2 + steps(3.7, 40, draws);
    let mut time = begin_ms as f64;
    for _ in 0..clicks {
        let anything = (0, world.len());
        let item = match out.last().map(|event: &Interaction| event.item) {
            None => by_sums(&fashion.sums, anything, draws),
            Some(last) => match draws.unit() {
                x if x < 0.18 => out[draws.below(out.len())].item,
                x if x < 0.63 => world.lead(last, draws),
                x if x < 0.85 => by_sums(&fashion.sums, world.leaf_range(last), draws),
                _ => by_sums(&fashion.sums, anything, draws),
            },
        };
        #[expect(clippy::cast_possible_truncation, reason = "a time of this century")]
        out.push(Interaction { item, kind: InteractionKind::View, time_ms: Some(time as i64) });
        time += 1.0 + draws.log_normal(60_000.0, 1.0);
    }
}
