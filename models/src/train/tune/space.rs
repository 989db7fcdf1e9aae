//! What the search chooses, and how it steps.
//!
//! A setting is a point of nine coordinates: shares as they are, factors as powers of two, each with a range and the
//! length of a usual step.

use rand_chacha::ChaCha8Rng;

use crate::train::graph::{CountParameters, GraphParameters};
use crate::train::random::{normal, uniform};

/// Everything the search chooses.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(in crate::train) struct Setting {
    pub(in crate::train) graph: GraphParameters,
    pub(in crate::train) graph_weight: f32,
    pub(in crate::train) graph_decay: f32,
    pub(in crate::train) popularity_weight: f32,
}

/// Where the search starts: between what suited reviews and what suited clicks.
pub(in crate::train) const START: Setting = Setting {
    graph: GraphParameters {
        count: CountParameters { window: 50, gamma: 0.25, delta: 0.8, rho: 0.1 },
        alpha: 0.4,
        e0: 0.2,
    },
    graph_weight: 8.0,
    graph_decay: 0.5,
    popularity_weight: 0.01,
};

/// Coordinates: window, gamma, delta, rho, alpha, e0, graph weight, graph decay, popularity weight.
const COORDINATES: usize = 9;
/// Length of a usual step; the range.
const STEPS: [(f32, f32, f32); COORDINATES] = [
    (0.8, 1.0, 5.643_856),
    (0.25, 0.0, 1.0),
    (0.15, 0.2, 1.0),
    (0.2, 0.0, 1.0),
    (0.2, 0.0, 1.0),
    (1.2, -10.0, 3.4),
    (0.8, -7.0, 10.0),
    (0.2, 0.05, 0.98),
    (2.0, -10.0, 2.4),
];
/// Share of coordinates that a step moves.
const MOVED: f64 = 0.5;
/// Share of those that go anywhere in their range.
const ANYWHERE: f64 = 0.15;

impl Setting {
    #[expect(clippy::cast_precision_loss, reason = "a window of a few dozen")]
    fn point(&self) -> [f32; COORDINATES] {
        let (graph, count) = (self.graph, self.graph.count);
        [
            (count.window as f32).log2(),
            count.gamma,
            count.delta,
            count.rho,
            graph.alpha,
            graph.e0.log2(),
            self.graph_weight.log2(),
            self.graph_decay,
            self.popularity_weight.log2(),
        ]
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a window of a few dozen")]
    fn at(mut point: [f32; COORDINATES]) -> Self {
        for (value, (_, least, most)) in point.iter_mut().zip(STEPS) {
            *value = value.clamp(least, most);
        }
        let [window, gamma, delta, rho, alpha, e0, graph_weight, graph_decay, popularity_weight] = point;
        let count = CountParameters { window: window.exp2().round() as usize, gamma, delta, rho };
        Self {
            graph: GraphParameters { count, alpha, e0: e0.exp2() },
            graph_weight: graph_weight.exp2(),
            graph_decay,
            popularity_weight: popularity_weight.exp2(),
        }
    }

    /// A setting near this one: each coordinate moves with probability one half, `breadth` usual steps far; or, now and
    /// then, anywhere, because where a coordinate hardly counts (a popularity weight near 0) steps lead nowhere.
    pub(super) fn near(&self, breadth: f32, rng: &mut ChaCha8Rng) -> Self {
        let mut point = self.point();
        for (value, (step, least, most)) in point.iter_mut().zip(STEPS) {
            if uniform(rng) < MOVED {
                if uniform(rng) < ANYWHERE {
                    #[expect(clippy::cast_possible_truncation, reason = "a share")]
                    let share = uniform(rng) as f32;
                    *value = least + (most - least) * share;
                } else {
                    *value += step * breadth * normal(rng);
                }
            }
        }
        Self::at(point)
    }

    /// This setting with pairs counted as `count` says.
    pub(super) fn counted_as(mut self, count: CountParameters) -> Self {
        self.graph.count = count;
        self
    }

    /// This setting with the graph `factor` times as heavy.
    pub(super) fn with_graph(self, factor: f32) -> Self {
        let mut point = self.point();
        point[6] += factor.log2();
        Self::at(point)
    }

    /// The point in the middle of `settings`, of which there is at least one: what the best of them have in common, with
    /// less of the luck of each.
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    pub(super) fn middle(settings: &[Self]) -> Self {
        let mut sum = [0.0; COORDINATES];
        for setting in settings {
            sum.iter_mut().zip(setting.point()).for_each(|(s, value)| *s += value);
        }
        Self::at(sum.map(|s| s / settings.len() as f32))
    }

    /// The largest distance to `other` along one coordinate, in usual steps.
    #[cfg(test)]
    pub(super) fn distance(&self, other: &Self) -> f32 {
        let steps = self.point().into_iter().zip(other.point()).zip(STEPS);
        steps.map(|((a, b), (step, ..))| (a - b).abs() / step).fold(0.0, f32::max)
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[test]
    fn a_point_is_its_setting_and_steps_stay_in_range() {
        assert!(Setting::at(START.point()).distance(&START) < 1e-5);
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut setting = START;
        let mut windows = std::collections::BTreeSet::new();
        for _ in 0..2000 {
            setting = setting.near(1.0, &mut rng);
            let (graph, count) = (setting.graph, setting.graph.count);
            windows.insert(count.window);
            assert!((2..=50).contains(&count.window));
            for share in [count.gamma, count.rho, graph.alpha] {
                assert!((0.0..=1.0).contains(&share));
            }
            assert!((0.2..=1.0).contains(&count.delta) && (0.05..=0.98).contains(&setting.graph_decay));
            assert!(graph.e0 > 0.0 && setting.graph_weight > 0.0 && setting.popularity_weight > 0.0);
        }
        assert!(windows.len() > 20, "the walk goes about: {windows:?}");
    }

    #[test]
    fn a_step_reaches_the_other_end_of_a_plateau_and_mostly_stays_near() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let steps: Vec<Setting> = (0..4000).map(|_| START.near(0.2, &mut rng)).collect();
        // from .01 to above 1 it is more than sixteen usual steps of this breadth
        let heavy = steps.iter().filter(|s| s.popularity_weight > 1.0).count();
        // .5 * .15 of the steps, the part of the range above 0: 2.4 / 12.4
        assert!((30..90).contains(&heavy), "{heavy} of 4000, expected 58");
        let far = steps.iter().filter(|s| s.distance(&START) > 1.0).count();
        // a step goes far if one of nine coordinates goes anywhere: 1 - (1 - .075)^9, of which some land near
        assert!((1200..2100).contains(&far), "{far} of 4000, expected below 2017");
    }

    #[test]
    fn the_middle_lies_between() {
        let heavy = START.with_graph(16.0);
        let middle = Setting::middle(&[START, heavy]);
        assert!((middle.graph_weight / (START.graph_weight * 4.0) - 1.0).abs() < 1e-5);
        assert!(Setting::middle(&[heavy]).distance(&heavy) < 1e-5);
        assert_eq!(START.counted_as(heavy.graph.count), START);
    }
}
