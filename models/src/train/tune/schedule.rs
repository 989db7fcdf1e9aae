//! Which changes of the embedding's schedule are worth a try on this log.
//!
//! A fit is the most expensive thing the tuner does, so it climbs from the usual schedule along a short list of changes
//! that matter when a log is unlike others, as far as a budget of passes over examples allows: on a large log only the
//! number of epochs is doubted.

use crate::train::embedding::EmbeddingConfig;

/// Changes in the order in which they are tried: the cheapest first, then more dropout of both kinds at once, since where
/// data are few each alone may gain less than the cases can tell.
const MOVES: [fn(&EmbeddingConfig) -> EmbeddingConfig; 7] = [
    |c| EmbeddingConfig { epochs: (c.epochs / 2).max(1), ..*c },
    |c| more_state_dropout(&more_id_dropout(c)),
    more_id_dropout,
    more_state_dropout,
    |c| EmbeddingConfig { id_dropout: 0.0, ..*c },
    |c| EmbeddingConfig { state_dropout: (c.state_dropout - 0.2).max(0.0), ..*c },
    |c| EmbeddingConfig { epochs: c.epochs * 2, ..*c },
];
/// A change that was taken is followed by the same change; its opposites are left out.
const OPPOSITES: [&[usize]; MOVES.len()] = [&[6], &[4, 5], &[4], &[5], &[2], &[3], &[0]];

fn more_id_dropout(c: &EmbeddingConfig) -> EmbeddingConfig {
    EmbeddingConfig { id_dropout: (c.id_dropout + 0.3).min(0.9), ..*c }
}

fn more_state_dropout(c: &EmbeddingConfig) -> EmbeddingConfig {
    EmbeddingConfig { state_dropout: (c.state_dropout + 0.2).min(0.8), ..*c }
}

/// Climbs from `usual` with its gain: `try_out` fits and says whether a schedule is better than the best so far.
/// Returns the best.
pub(super) fn climb(
    usual: &EmbeddingConfig,
    examples: usize,
    budget: usize,
    try_out: &mut dyn FnMut(&EmbeddingConfig) -> bool,
) -> EmbeddingConfig {
    let mut best = *usual;
    let mut left = budget;
    let mut done = [false; MOVES.len()];
    let mut tried = vec![best];
    for (at, change) in MOVES.iter().enumerate() {
        while !done[at] {
            let next = change(&best);
            let cost = examples.saturating_mul(next.epochs);
            if tried.contains(&next) || cost > left {
                break;
            }
            left -= cost;
            tried.push(next);
            if !try_out(&next) {
                break;
            }
            best = next;
            OPPOSITES[at].iter().for_each(|&opposite| done[opposite] = true);
        }
        done[at] = true;
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usual() -> EmbeddingConfig {
        EmbeddingConfig { epochs: 16, state_dropout: 0.4, id_dropout: 0.3, ..EmbeddingConfig::default() }
    }

    /// Climbs down `far`; the schedule reached, and those tried on the way.
    fn climbed(far: &dyn Fn(&EmbeddingConfig) -> f32) -> (EmbeddingConfig, Vec<EmbeddingConfig>) {
        let mut best = far(&usual());
        let mut tried = Vec::new();
        let found = climb(&usual(), 1000, usize::MAX, &mut |c| {
            tried.push(*c);
            let better = far(c) < best - 0.01;
            best = best.min(far(c));
            better
        });
        (found, tried)
    }

    fn is_near(found: &EmbeddingConfig, id_dropout: f32, state_dropout: f32) -> bool {
        (found.id_dropout - id_dropout).abs() < 0.01 && (found.state_dropout - state_dropout).abs() < 0.01
    }

    #[test]
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    fn the_climb_reaches_a_schedule_that_is_better_in_two_ways() {
        let far = |c: &EmbeddingConfig| {
            (c.epochs as f32 / 4.0).log2().abs()
                + 5.0 * (c.id_dropout - 0.6).abs()
                + (c.state_dropout - 0.6).abs()
        };
        let (found, tried) = climbed(&far);
        assert_eq!((found.epochs, tried.len()), (4, 7));
        assert!(is_near(&found, 0.6, 0.6), "{found:?}");
    }

    #[test]
    fn where_only_both_dropouts_together_help_they_are_found() {
        let both = |c: &EmbeddingConfig| if is_near(c, 0.6, 0.6) { 0.0 } else { 1.0 };
        assert!(is_near(&climbed(&both).0, 0.6, 0.6));
    }

    #[test]
    fn where_more_of_both_is_too_much_one_alone_is_found() {
        let far = |c: &EmbeddingConfig| (c.id_dropout - 0.6).abs() + 5.0 * (c.state_dropout - 0.4).abs();
        let (found, tried) = climbed(&far);
        assert!(is_near(&tried[1], 0.6, 0.6), "both come first: {:?}", tried[1]);
        assert!(is_near(&found, 0.6, 0.4), "{found:?}");
        let far = |c: &EmbeddingConfig| (c.id_dropout - 0.3).abs() + 5.0 * c.state_dropout;
        assert!(is_near(&climbed(&far).0, 0.3, 0.0));
    }

    #[test]
    fn no_schedule_is_tried_twice() {
        // more of both is taken once and refused once; then more of one alone would lead there again
        let far = |c: &EmbeddingConfig| (c.id_dropout - 0.9).abs() + 5.0 * (c.state_dropout - 0.6).abs();
        let (found, tried) = climbed(&far);
        assert!(is_near(&found, 0.9, 0.6), "{found:?}");
        assert!(tried.iter().any(|c| is_near(c, 0.9, 0.8)));
        assert!((1..tried.len()).all(|at| !tried[..at].contains(&tried[at])), "{tried:?}");
    }

    #[test]
    fn the_budget_is_kept() {
        let mut cost = 0;
        let found = climb(&usual(), 1000, 15_000, &mut |c| {
            cost += 1000 * c.epochs;
            false
        });
        assert_eq!((found, cost), (usual(), 8000), "sixteen epochs are too many after eight");
        let mut tried = 0;
        climb(&usual(), 1000, 7999, &mut |_| {
            tried += 1;
            true
        });
        assert_eq!(tried, 0);
    }
}
