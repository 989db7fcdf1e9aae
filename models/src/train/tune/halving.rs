//! Successive halving (Jamieson and Talwalkar 2016) in rounds that close in on the best (as Hyperband, Li et al. 2018,
//! runs several brackets): many settings are tried on few cases, a third of them goes on to three times as many.
//!
//! All settings of a rung answer the same cases, so that differences are paired. Counting pairs is the expensive part of
//! a setting: those of a round share a few ways to count.

use rand_chacha::ChaCha8Rng;

use super::space::Setting;
use crate::train::graph::CountParameters;
use crate::train::random::below;

/// What settings are tried on.
pub(super) trait Trial {
    /// Pairs, counted one way.
    type Counted;

    /// How many cases there are.
    fn cases(&self) -> usize;

    /// Counts pairs.
    fn count(&self, parameters: &CountParameters) -> Self::Counted;

    /// The mean gain of `setting` over the first `cases` cases.
    fn score(&mut self, counted: &Self::Counted, setting: &Setting, cases: usize) -> f64;
}

/// How many cases a rung asked, of how many settings, and the best mean gain among them.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Rung {
    /// Cases asked.
    pub cases: usize,
    /// Settings tried on them.
    pub settings: usize,
    /// The best mean gain.
    pub best: f64,
}

/// What the search found.
pub(super) struct Found {
    /// The best settings with their mean gain over all cases, best first; not empty.
    pub(super) best: Vec<(Setting, f64)>,
    /// The rungs of each round.
    pub(super) rounds: Vec<[Rung; RUNGS]>,
    /// Settings tried.
    pub(super) settings: usize,
}

/// Ways to count that a round tries, the best one so far among them.
const COUNTS: usize = 3;
/// Settings per way to count.
const WEIGHINGS: usize = 9;
/// Rungs of a round, and what part of settings goes on to the next: a third.
pub(super) const RUNGS: usize = 3;
const KEPT: usize = 3;
/// Below so many cases a rung says nothing.
const FEWEST: usize = 200;
/// Best settings that are remembered.
const ELITE: usize = 5;
/// Settings of a round: those of the first rung and the middle of the best.
pub(super) const PER_ROUND: usize = COUNTS * WEIGHINGS + 1;
/// Ways to count of a round.
pub(super) const COUNTS_PER_ROUND: usize = COUNTS + 1;
/// Breadth of the steps at the beginning and at the end.
const BREADTHS: (f32, f32) = (1.3, 0.2);

/// Searches for `rounds` rounds from `start`; `step` hears the rounds done.
pub(super) fn search<T: Trial>(
    trial: &mut T,
    start: &Setting,
    rounds: usize,
    rng: &mut ChaCha8Rng,
    step: &mut dyn FnMut(usize),
) -> Found {
    let all = trial.cases();
    let sizes = [all / 9, all / 3, all].map(|size| size.max(FEWEST).min(all));
    let first = trial.count(&start.graph.count);
    let mut found =
        Found { best: vec![(*start, trial.score(&first, start, all))], rounds: Vec::new(), settings: 1 };
    for round in 0..rounds {
        let breadth = breadth(round, rounds);
        let mut counts = Vec::with_capacity(COUNTS);
        let mut entrants: Vec<(usize, Setting)> = Vec::with_capacity(COUNTS * WEIGHINGS);
        for c in 0..COUNTS {
            let parent = found.parent(c == 0, rng);
            let counting = if c == 0 { parent } else { parent.near(breadth, rng) }.graph.count;
            counts.push(trial.count(&counting));
            entrants.push((c, if c == 0 { parent.near(breadth, rng) } else { parent }));
            entrants.extend((1..WEIGHINGS).map(|_| (c, found.parent(false, rng).near(breadth, rng))));
            let of_count = entrants.iter_mut().filter(|entrant| entrant.0 == c);
            of_count.for_each(|(_, setting)| *setting = setting.counted_as(counting));
        }
        found.settings += entrants.len();
        let mut scored: Vec<(usize, Setting, f64)> = Vec::new();
        let rungs = sizes.map(|cases| {
            scored = entrants
                .iter()
                .map(|(c, setting)| (*c, *setting, trial.score(&counts[*c], setting, cases)))
                .collect();
            // stable: of equals the earlier goes on
            scored.sort_by(|a, b| b.2.total_cmp(&a.2));
            let kept = scored.len().div_ceil(KEPT);
            entrants = scored[..kept].iter().map(|(c, setting, _)| (*c, *setting)).collect();
            Rung { cases, settings: scored.len(), best: scored[0].2 }
        });
        found.rounds.push(rungs);
        scored.iter().for_each(|(_, setting, score)| found.remember(*setting, *score));
        if found.best.len() > 1 {
            let middle = Setting::middle(&found.best.iter().map(|best| best.0).collect::<Vec<_>>());
            let counted = trial.count(&middle.graph.count);
            let score = trial.score(&counted, &middle, all);
            found.settings += 1;
            found.remember(middle, score);
        }
        step(round + 1);
    }
    found
}

impl Found {
    /// The best setting, or one of the best.
    fn parent(&self, best: bool, rng: &mut ChaCha8Rng) -> Setting {
        let among = if best || below(rng, 2) == 0 { 1 } else { self.best.len() };
        self.best[below(rng, among)].0
    }

    fn remember(&mut self, setting: Setting, score: f64) {
        let at = self.best.partition_point(|(_, known)| known.total_cmp(&score).is_ge());
        self.best.insert(at, (setting, score));
        self.best.truncate(ELITE);
    }
}

/// Falls evenly in logarithms over the search.
#[expect(clippy::cast_precision_loss, reason = "a share")]
fn breadth(round: usize, rounds: usize) -> f32 {
    let share = round as f32 / rounds.saturating_sub(1).max(1) as f32;
    BREADTHS.0 * (BREADTHS.1 / BREADTHS.0).powf(share)
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::SeedableRng;

    use super::super::space::START;
    use super::*;
    use crate::train::random::normal;

    /// A hill over all coordinates, seen through noise that a rung with more cases averages out.
    struct Hill {
        top: Setting,
        noise: Vec<f64>,
        asked: usize,
    }

    impl Trial for Hill {
        type Counted = CountParameters;

        fn cases(&self) -> usize {
            self.noise.len()
        }

        fn count(&self, parameters: &CountParameters) -> CountParameters {
            *parameters
        }

        fn score(&mut self, counted: &CountParameters, setting: &Setting, cases: usize) -> f64 {
            assert_eq!(*counted, setting.graph.count, "a setting is scored with its own counts");
            self.asked += cases;
            let luck = self.noise[..cases].iter().sum::<f64>() / cases as f64;
            // the luck of the cases falls on settings differently
            let share = f64::from(setting.graph_decay + setting.graph.alpha).fract();
            -f64::from(setting.distance(&self.top)) + luck * share
        }
    }

    fn hill() -> Hill {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let noise = (0..3000).map(|_| 3.0 * f64::from(normal(&mut rng))).collect();
        let mut top = START.with_graph(0.2);
        top.graph.count = CountParameters { window: 9, gamma: 0.6, delta: 0.5, rho: 0.4 };
        top.graph.alpha = 0.1;
        top.graph_decay = 0.8;
        Hill { top, noise, asked: 0 }
    }

    #[test]
    fn a_planted_optimum_is_found_and_most_settings_are_judged_on_few_cases() {
        let mut hill = hill();
        let top = hill.top;
        assert!(START.distance(&top) > 2.0, "{}", START.distance(&top));
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut steps = Vec::new();
        let found = search(&mut hill, &START, 30, &mut rng, &mut |done| steps.push(done));
        // steps that go anywhere find the hill and leave fewer for its top: within one usual step along every coordinate
        assert!(found.best[0].0.distance(&top) < 1.0, "{:?}", found.best[0]);
        assert!(found.best.is_sorted_by(|a, b| a.1 >= b.1));
        assert_eq!(steps, (1..=30).collect::<Vec<_>>());
        let rungs = found.rounds[0].map(|rung| (rung.cases, rung.settings));
        assert_eq!(rungs, [(333, 27), (1000, 9), (3000, 3)]);
        assert!(hill.asked < found.settings * 3000 / 2, "{} of {}", hill.asked, found.settings * 3000);
    }

    #[test]
    fn a_search_without_rounds_keeps_the_start() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let found = search(&mut hill(), &START, 0, &mut rng, &mut |_| ());
        assert_eq!((found.best.len(), found.best[0].0, found.settings), (1, START, 1));
    }

    #[test]
    fn few_cases_are_all_asked_on_every_rung() {
        let mut hill = hill();
        hill.noise.truncate(150);
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let found = search(&mut hill, &START, 2, &mut rng, &mut |_| ());
        assert!(found.rounds.iter().flatten().all(|rung| rung.cases == 150));
    }
}
