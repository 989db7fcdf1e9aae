//! Many sequences, and the shortest that fails.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::dice::sequence;
use super::drive::{Tally, run};
use super::step::Step;
use crate::promise::Checked;

/// The sequence of a seed.
#[must_use]
pub fn steps_of(seed: u64) -> Vec<Step> {
    sequence(&mut ChaCha20Rng::seed_from_u64(seed))
}

/// Runs steps; a panic is a failure like any other.
///
/// # Errors
/// The step and the promise it broke.
pub fn attempt(steps: &[Step], seed: u64, tally: &mut Tally) -> Checked {
    match catch_unwind(AssertUnwindSafe(|| run(steps, seed, tally))) {
        Ok(checked) => checked,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
            Err(format!("a panic: {}", text.unwrap_or_default()))
        }
    }
}

/// Runs the sequences of these seeds.
///
/// # Errors
/// The seed, the problem, and the shortest sequence found that has one.
pub fn hunt(seeds: impl IntoIterator<Item = u64>, tally: &mut Tally) -> Checked {
    for seed in seeds {
        let steps = steps_of(seed);
        if let Err(problem) = attempt(&steps, seed, tally) {
            return Err(describe(seed, steps, problem));
        }
    }
    Ok(())
}

/// The first of these seeds whose sequence fails.
#[must_use]
pub fn first_failing(mut seeds: impl Iterator<Item = u64>) -> Option<u64> {
    seeds.find(|&seed| attempt(&steps_of(seed), seed, &mut Tally::default()).is_err())
}

/// Leaves out steps and mishaps as long as something still fails.
fn describe(seed: u64, mut steps: Vec<Step>, mut problem: String) -> String {
    let mut tries = 0;
    loop {
        let length = steps.len();
        let mut place = 0;
        while place < steps.len() && tries < 2_000 {
            tries += 1;
            let mut shorter = steps.clone();
            let left_out = shorter.remove(place);
            let candidates = [Some(shorter), simpler(&steps, place, &left_out)];
            let failing = candidates.into_iter().flatten().find_map(|candidate| {
                attempt(&candidate, seed, &mut Tally::default()).err().map(|problem| (candidate, problem))
            });
            match failing {
                Some((candidate, found)) => {
                    place += usize::from(candidate.len() == steps.len());
                    (steps, problem) = (candidate, found);
                }
                None => place += 1,
            }
        }
        if steps.len() == length || tries >= 2_000 {
            break;
        }
    }
    let lines: Vec<String> = steps.iter().map(|step| format!("    {step:?}")).collect();
    format!("seed {seed}: {problem}\nthe shortest sequence found:\n{}", lines.join("\n"))
}

/// The same steps without the mishap at `place`.
fn simpler(steps: &[Step], place: usize, step: &Step) -> Option<Vec<Step>> {
    let simple = match step {
        Step::Call(call, Some(_)) => Step::Call(call.clone(), None),
        Step::Reopen { stop, settings, loss, mishap: Some(_), load } => {
            Step::Reopen { stop: *stop, settings: settings.clone(), loss: *loss, mishap: None, load: *load }
        }
        _ => return None,
    };
    let mut simpler = steps.to_vec();
    simpler[place] = simple;
    Some(simpler)
}
