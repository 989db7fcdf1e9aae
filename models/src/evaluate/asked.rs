//! The cases of an evaluation, put to every level of the engine and to every baseline.
//!
//! In: cases. Out: a [`Series`] each. Whoever is asked is asked alike: for [`LIST_LENGTH`] items, without those that the
//! shopper knows where they are excluded.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tastekeeper::model::Model;
use tastekeeper::{Config, PersonalizationLevel, Retrieval};

use super::replay::{Phone, visit_start};
use super::series::{Facts, Series};
use super::training::Training;
use super::{EvaluateConfig, EvaluateError, LIST_LENGTH, Listener, NO_TRAINING};
use crate::baselines::fit;
use crate::dataset::{Dataset, Interaction};
use crate::reference::{Case, HISTORY_EVENTS};
use crate::train::Progress;

/// Most items the engine gives in one answer.
const LONGEST_ANSWER: usize = 100;

/// The baselines that need the training log.
const FITTED: [&str; 3] = ["item-knn", "markov", "ease"];

/// What is asked, of whom it does not matter.
pub(super) struct Asked<'a> {
    pub(super) model: &'a Arc<Model>,
    pub(super) dataset: &'a Dataset,
    pub(super) config: &'a EvaluateConfig,
    pub(super) cases: &'a [Case],
    pub(super) index: &'a [Option<u32>],
    pub(super) facts: &'a Facts<'a>,
    pub(super) retrieval: Retrieval,
}

/// What the levels with a history came to.
pub(super) struct Replayed {
    pub(super) on_device: Series,
    pub(super) session: Option<Series>,
    /// By case: whether the wanted item could be found.
    pub(super) competes: Vec<bool>,
    pub(super) known_targets: usize,
    /// Ascending.
    pub(super) latencies: Vec<Duration>,
}

/// What the baselines came to.
pub(super) struct Baselines {
    pub(super) found: BTreeMap<&'static str, Series>,
    pub(super) left_out: BTreeMap<String, String>,
}

impl Asked<'_> {
    /// Level OnDevice, and Session if that is asked for.
    ///
    /// A visit that holds all that the window on the history holds is the same phone at both levels; it is asked once.
    pub(super) fn replay(
        &self,
        listener: Listener<'_>,
        progress: &mut dyn Progress,
    ) -> Result<Replayed, EvaluateError> {
        let series = || Series::new(self.cases.len(), self.model.len());
        let idle_ms = i64::from(Config::default().session_idle_minutes) * 60_000;
        let mut phone = Phone::new(self.model, PersonalizationLevel::OnDevice, self.retrieval)?;
        let mut visit = match self.config.session {
            true => Some((Phone::new(self.model, PersonalizationLevel::Session, self.retrieval)?, series())),
            false => None,
        };
        let mut out = Replayed {
            on_device: series(),
            session: None,
            competes: Vec::with_capacity(self.cases.len()),
            known_targets: 0,
            latencies: Vec::with_capacity(self.cases.len()),
        };
        let mut last_sequence = usize::MAX;
        progress.begin("evaluate", self.cases.len() as u64);
        for (done, case) in (1u64..).zip(self.cases) {
            let events = &self.dataset.sequences[case.sequence].events;
            if case.sequence != last_sequence {
                phone.hand_over()?;
                visit.as_mut().map_or(Ok(()), |(phone, _)| phone.hand_over())?;
                last_sequence = case.sequence;
            }
            let (wanted, excluded, history) = (self.wanted(case), self.excluded(case), self.history(case));
            phone.live(self.dataset, &events[..case.position], 0)?;
            let answer = phone.ask(LIST_LENGTH, &excluded)?;
            out.latencies.push(answer.took);
            listener(*case, &answer.items);
            out.on_device.push(&answer.items, wanted, &history, self.facts);
            if let Some((phone, series)) = &mut visit {
                let start = visit_start(events, case.position, idle_ms);
                let same = start == 0 || case.position - start >= HISTORY_EVENTS;
                let list = if same {
                    answer.items
                } else {
                    phone.live(self.dataset, &events[..case.position], start)?;
                    phone.ask(LIST_LENGTH, &excluded)?.items
                };
                series.push(&list, wanted, &history, self.facts);
            }
            let known = wanted.is_some_and(|wanted| excluded.contains(&wanted));
            out.known_targets += usize::from(known);
            out.competes.push(wanted.is_some() && !known);
            progress.step(done);
        }
        progress.end();
        out.latencies.sort_unstable();
        out.session = visit.map(|(_, series)| series);
        Ok(out)
    }

    /// Level Off: the engine knows nothing, so that its answers differ by what is excluded only. A long answer is asked
    /// for once, and again only where too little of it is left.
    pub(super) fn replay_off(&self, progress: &mut dyn Progress) -> Result<Series, EvaluateError> {
        let phone = Phone::new(self.model, PersonalizationLevel::Off, self.retrieval)?;
        let longest = phone.ask(LONGEST_ANSWER, &[])?.items;
        let mut series = Series::new(self.cases.len(), self.model.len());
        progress.begin("off", self.cases.len() as u64);
        for (done, case) in (1u64..).zip(self.cases) {
            let excluded = self.excluded(case);
            let left = longest.iter().copied().filter(|item| !excluded.contains(item));
            let mut list: Vec<u32> = left.take(LIST_LENGTH).collect();
            if list.len() < LIST_LENGTH && longest.len() == LONGEST_ANSWER {
                list = phone.ask(LIST_LENGTH, &excluded)?.items;
            }
            series.push(&list, self.wanted(case), &self.history(case), self.facts);
            progress.step(done);
        }
        progress.end();
        Ok(series)
    }

    /// Popularity, and the other baselines where there is something to fit them to.
    pub(super) fn baselines(&self, training: Option<&Training>, progress: &mut dyn Progress) -> Baselines {
        let mut out = Baselines { found: BTreeMap::new(), left_out: BTreeMap::new() };
        let mut by_popularity: Vec<u32> = (0..self.model.len()).collect();
        if let Some(training) = training {
            // without a training log the order stays the pack's, which is that of popularity
            by_popularity.sort_by_key(|&item| Reverse(training.events_of_item[item as usize]));
        }
        let popularity = |_: &[u32], excluded: &[u32]| -> Vec<u32> {
            let left = by_popularity.iter().copied().filter(|item| !excluded.contains(item));
            left.take(LIST_LENGTH).collect()
        };
        out.found.insert("popularity", self.ask("popularity", popularity, progress));
        if !self.config.baselines {
            return out;
        }
        let Some(training) = training else {
            out.left_out.extend(FITTED.map(|name| (name.to_owned(), NO_TRAINING.to_owned())));
            return out;
        };
        let items = self.model.len() as usize;
        let fitted = fit(&training.sequences, items, progress);
        out.left_out = fitted.left_out;
        let mut scores = vec![0.0; items];
        for mut baseline in fitted.baselines {
            let name = baseline.name();
            if out.found.contains_key(name) {
                continue;
            }
            let list = |history: &[u32], excluded: &[u32]| {
                baseline.score(history, &mut scores);
                best(&scores, excluded)
            };
            out.found.insert(name, self.ask(name, list, progress));
        }
        out
    }

    /// Puts every case to something that answers a history with a list without the items excluded.
    fn ask(
        &self,
        name: &'static str,
        mut list: impl FnMut(&[u32], &[u32]) -> Vec<u32>,
        progress: &mut dyn Progress,
    ) -> Series {
        let mut series = Series::new(self.cases.len(), self.model.len());
        progress.begin(name, self.cases.len() as u64);
        for (done, case) in (1u64..).zip(self.cases) {
            let history = self.history(case);
            let list = list(&history, &self.excluded(case));
            series.push(&list, self.wanted(case), &history, self.facts);
            progress.step(done);
        }
        progress.end();
        series
    }

    /// The wanted item, if the pack knows it.
    pub(super) fn wanted(&self, case: &Case) -> Option<u32> {
        self.index[self.events(case)[case.position].item as usize]
    }

    fn events(&self, case: &Case) -> &[Interaction] {
        &self.dataset.sequences[case.sequence].events
    }

    /// The items of the history that the pack knows, oldest first, as far as the engine's window goes.
    fn history(&self, case: &Case) -> Vec<u32> {
        let from = case.position.saturating_sub(HISTORY_EVENTS);
        let events = &self.events(case)[from..case.position];
        events.iter().filter_map(|event| self.index[event.item as usize]).collect()
    }

    /// What is excluded: the distinct items of the history that the pack knows, newest first, as many as a request may
    /// exclude.
    fn excluded(&self, case: &Case) -> Vec<u32> {
        if self.config.repeats {
            return Vec::new();
        }
        let mut seen = BTreeSet::new();
        let history = self.events(case)[..case.position].iter().rev();
        let known = history.filter_map(|event| self.index[event.item as usize]);
        known.filter(|item| seen.insert(*item)).take(tastekeeper::MAX_IDS).collect()
    }
}

/// The items of the [`LIST_LENGTH`] highest scores, best first, ties by the smaller index.
fn best(scores: &[f32], excluded: &[u32]) -> Vec<u32> {
    let mut list: Vec<(f32, u32)> = Vec::with_capacity(LIST_LENGTH + 1);
    for (item, &score) in (0u32..).zip(scores) {
        let full = list.len() == LIST_LENGTH;
        if full && list.last().is_some_and(|last| score.total_cmp(&last.0).is_le())
            || excluded.contains(&item)
        {
            continue;
        }
        let place = list.partition_point(|other| other.0.total_cmp(&score).is_ge());
        list.insert(place, (score, item));
        list.truncate(LIST_LENGTH);
    }
    list.into_iter().map(|(_, item)| item).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_are_those_of_a_sort() {
        let scores: Vec<f32> = (0..400u16).map(|item| f32::from(item * 37 % 101)).collect();
        let excluded: Vec<u32> = (0..400).step_by(7).collect();
        let mut sorted: Vec<u32> = (0..400).filter(|item| !excluded.contains(item)).collect();
        sorted.sort_by(|a, b| scores[*b as usize].total_cmp(&scores[*a as usize]).then(a.cmp(b)));
        sorted.truncate(LIST_LENGTH);
        assert_eq!(best(&scores, &excluded), sorted);
        assert_eq!(best(&[1.0, 2.0, 1.0], &[1]), [0, 2]);
    }
}
