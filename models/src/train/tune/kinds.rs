//! How much a view, a cart, a wish and a purchase count, learned where a log has more than one kind.
//!
//! Weights climb by factors of two with everything else as it is. They are only ratios: the mean event weighs 1, so that
//! the embedding's temperature stays what it was.

/// A kind with fewer than this share of events keeps its weight.
const FEWEST: f64 = 0.005;
/// Factors of two at most, in one direction.
const STEPS: usize = 5;
/// Times that all kinds are gone through.
const PASSES: usize = 2;

/// Kinds whose weights are learned; all but the most frequent, which the others are measured by.
#[expect(clippy::cast_precision_loss, reason = "a share")]
pub(super) fn learned(events: [usize; 4]) -> Vec<usize> {
    let total: usize = events.iter().sum();
    let often = |&kind: &usize| events[kind] as f64 >= FEWEST * total.max(1) as f64 && events[kind] > 0;
    let usual = (0..4).rev().max_by_key(|&kind| events[kind]).unwrap_or(0);
    (0..4).filter(often).filter(|&kind| kind != usual).collect()
}

/// `weights` scaled so that the mean event weighs 1.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a mean")]
pub(super) fn normalised(weights: [f32; 4], events: [usize; 4]) -> [f32; 4] {
    let total: usize = events.iter().sum();
    let sum: f64 = weights.iter().zip(events).map(|(&w, n)| f64::from(w) * n as f64).sum();
    if sum > 0.0 { weights.map(|w| (f64::from(w) * total as f64 / sum) as f32) } else { weights }
}

/// Climbs from equal weights: `try_out` says whether weights are better than the best so far. `None` if none are.
pub(super) fn climb(events: [usize; 4], try_out: &mut dyn FnMut([f32; 4]) -> bool) -> Option<[f32; 4]> {
    let mut best = None;
    for _ in 0..PASSES {
        let mut moved = false;
        for kind in learned(events) {
            // lighter only if heavier was no better
            let heavier = walk(kind, 2.0, events, &mut best, try_out);
            moved |= heavier || walk(kind, 0.5, events, &mut best, try_out);
        }
        if !moved {
            break;
        }
    }
    best
}

/// Multiplies the weight of `kind` by `factor` as long as that is better. Whether it ever was.
fn walk(
    kind: usize,
    factor: f32,
    events: [usize; 4],
    best: &mut Option<[f32; 4]>,
    try_out: &mut dyn FnMut([f32; 4]) -> bool,
) -> bool {
    for step in 0..STEPS {
        let mut next = best.unwrap_or([1.0; 4]);
        next[kind] *= factor;
        let next = normalised(next, events);
        if !try_out(next) {
            return step > 0;
        }
        *best = Some(next);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planted_weights_are_found_and_the_mean_event_weighs_one() {
        let events = [700, 200, 2, 98];
        assert_eq!(learned(events), [1, 3]);
        // a cart is worth two views, a purchase eight
        let far = |w: [f32; 4]| (w[1] / w[0] / 2.0).log2().abs() + (w[3] / w[0] / 8.0).log2().abs();
        let mut least = far([1.0; 4]);
        let found = climb(events, &mut |weights| {
            let better = far(weights) < least - 1e-3;
            least = least.min(far(weights));
            better
        })
        .unwrap();
        assert!(far(found) < 0.01, "{found:?}");
        let mean = found.iter().zip(events).map(|(w, n)| f64::from(*w) * n as f64).sum::<f64>() / 1000.0;
        assert!((mean - 1.0).abs() < 1e-5, "{mean}");
    }

    #[test]
    fn one_kind_has_nothing_to_learn() {
        assert!(learned([0, 0, 0, 50]).is_empty());
        assert!(learned([0; 4]).is_empty());
        assert!(climb([9, 0, 0, 0], &mut |_| panic!("nothing to try")).is_none());
        assert!(climb([9, 9, 0, 0], &mut |_| false).is_none());
    }
}
