//! The validation set, made from the training part alone.
//!
//! One held-out event per shopper, or, where repeats are allowed, every click of the sessions that ended last. It does
//! not depend on the seed, so that models of several seeds answer the same questions.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::reference::{self, Case, Protocol};
use crate::train::histories::Histories;
use crate::train::random::{below, sample};
use crate::train::split::Split;

/// Cases at most; the search's time is linear in them.
const CASES: usize = 8000;
/// Part of the cases that the search sees; the others judge what it found.
const SEARCHED: f64 = 0.75;
/// Share of sequences that validation may take.
const SEQUENCE_SHARE: f64 = 0.5;
/// Share of sessions that validation takes where every click is a case.
const SESSION_SHARE: f64 = 0.1;
/// Larger logs are tuned on a part of their sequences with about so many events.
const EVENTS: usize = 1_500_000;
const SEED: u64 = 0x7475_6e65;

/// What is tuned on.
pub(super) struct HeldOut {
    /// The sequences, all or a part of them.
    pub(super) whole: Histories,
    /// Without what is held out.
    pub(super) training: Histories,
    /// Cases in random order.
    pub(super) cases: Vec<Case>,
    /// How many of the first cases the search may see.
    pub(super) searched: usize,
}

impl HeldOut {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "shares"
    )]
    pub(super) fn new(histories: &Histories, protocol: Protocol) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(SEED);
        let whole = part(histories, protocol, EVENTS, &mut rng);
        let lengths = || (0..whole.len()).map(|s| whole.length(s));
        let mut cuts: Vec<usize> = lengths().collect();
        match protocol {
            Protocol::LeaveOneOut => {
                let long: Vec<usize> = (0..whole.len()).filter(|&s| whole.length(s) >= 2).collect();
                let count = CASES.min((long.len() as f64 * SEQUENCE_SHARE) as usize);
                for i in sample(&mut rng, long.len(), count) {
                    cuts[long[i]] -= 1;
                }
            }
            Protocol::NextClick => {
                let split = Split::TemporalBySequence { share: SESSION_SHARE };
                match split.cuts_by(whole.len(), |s| whole.length(s), |s, p| whole.time(s, p)) {
                    Ok(by_time) => cuts = by_time,
                    // without times the log's order is all there is
                    Err(_) => {
                        let first = (whole.len() as f64 * (1.0 - SESSION_SHARE)).ceil() as usize;
                        cuts[first..].fill(0);
                    }
                }
            }
        }
        let all = reference::cases(lengths(), &cuts, protocol);
        let mut cases: Vec<Case> = sample(&mut rng, all.len(), CASES).into_iter().map(|i| all[i]).collect();
        for i in (1..cases.len()).rev() {
            cases.swap(i, below(&mut rng, i + 1));
        }
        let searched = (cases.len() as f64 * SEARCHED).ceil() as usize;
        Self { training: whole.cut(&cuts), whole, cases, searched }
    }

    /// Gives every event the weight of its kind.
    pub(super) fn weigh(&mut self, kind_weights: [f32; 4]) {
        self.whole.weigh(kind_weights);
        self.training.weigh(kind_weights);
    }
}

/// The sequences of a log, or of a large one a part with about `events` events: any of them for shoppers, the last for
/// sessions, which fashion makes more alike.
fn part(histories: &Histories, protocol: Protocol, events: usize, rng: &mut ChaCha8Rng) -> Histories {
    if histories.events() <= events {
        return histories.clone();
    }
    let count = (histories.len() as u128 * events as u128 / histories.events() as u128) as usize;
    let chosen = match protocol {
        Protocol::LeaveOneOut => sample(rng, histories.len(), count),
        Protocol::NextClick => {
            let mut order: Vec<usize> = (0..histories.len()).collect();
            // stable, and sequences without time stay in the log's order
            order.sort_by_key(|&s| {
                histories.length(s).checked_sub(1).and_then(|last| histories.time(s, last))
            });
            let mut chosen = order.split_off(histories.len() - count);
            chosen.sort_unstable();
            chosen
        }
    };
    histories.select(&chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shoppers_lose_their_last_event_and_a_part_of_the_cases_stays_unseen() {
        let sequences: Vec<Vec<u32>> = (0..300).map(|s| vec![s, s + 1, s + 2]).collect();
        let histories = Histories::of(&sequences.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let held = HeldOut::new(&histories, Protocol::LeaveOneOut);
        assert_eq!((held.cases.len(), held.searched), (150, 113));
        assert!(held.cases.iter().all(|case| case.position == 2 && held.training.length(case.sequence) == 2));
        assert_eq!(held.training.events(), 750);
        assert!(!held.cases.is_sorted_by_key(|case| case.sequence), "the order is random");
    }

    #[test]
    fn sessions_at_the_end_are_held_out_whole() {
        let sequences: Vec<Vec<u32>> = (0..50).map(|s| vec![s, s + 1, s]).collect();
        let histories = Histories::of(&sequences.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let held = HeldOut::new(&histories, Protocol::NextClick);
        assert_eq!((held.cases.len(), held.training.events()), (10, 135));
        assert!(held.cases.iter().all(|case| case.sequence >= 45));
    }

    #[test]
    fn of_a_large_log_a_part_is_taken() {
        let sequences: Vec<Vec<u32>> = (0..100).map(|s| vec![s; 4]).collect();
        let histories = Histories::of(&sequences.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let last = part(&histories, Protocol::NextClick, 80, &mut rng);
        assert_eq!((last.len(), last.items(0)), (20, &[80; 4][..]));
        let any = part(&histories, Protocol::LeaveOneOut, 80, &mut rng);
        assert_eq!(any.len(), 20);
        assert!(any.items(0)[0] < 80);
        assert_eq!(part(&histories, Protocol::LeaveOneOut, 400, &mut rng), histories);
    }
}
