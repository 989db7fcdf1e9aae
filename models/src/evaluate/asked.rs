//! The cases of an evaluation, put to every level of the engine and to every baseline.
//!
//! In: cases. Out: a [`Series`] each. Whoever is asked is asked alike: for [`LIST_LENGTH`] items, without those that the
//! shopper knows where they are excluded.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tastekeeper::model::Model;
use tastekeeper::{Config, PersonalizationLevel};

use super::replay::{Phone, visit_start};
use super::series::{Facts, Series};
use super::training::Training;
use super::{EvaluateConfig, EvaluateError, LIST_LENGTH, Listener, NO_TRAINING};
use crate::dataset::{Dataset, Interaction};
use crate::reference::{Case, HISTORY_EVENTS};
use crate::train::Progress;

/// Most items the engine gives in one answer.
const LONGEST_ANSWER: usize = 100;

/// What is asked, of whom it does not matter.
pub(super) struct Asked<'a> {
    pub(super) model: &'a Arc<Model>,
    pub(super) dataset: &'a Dataset,
    pub(super) config: &'a EvaluateConfig,
    pub(super) cases: &'a [Case],
    pub(super) index: &'a [Option<u32>],
    pub(super) facts: &'a Facts<'a>,
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
        let mut phone = Phone::new(self.model, PersonalizationLevel::OnDevice)?;
        let mut visit = match self.config.session {
            true => Some((Phone::new(self.model, PersonalizationLevel::Session)?, series())),
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
        let phone = Phone::new(self.model, PersonalizationLevel::Off)?;
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
        let mut popularity = Series::new(self.cases.len(), self.model.len());
        for case in self.cases {
            let excluded = self.excluded(case);
            // a pack's items are in the order of popularity
            let list: Vec<u32> =
                (0..self.model.len()).filter(|item| !excluded.contains(item)).take(LIST_LENGTH).collect();
            popularity.push(&list, self.wanted(case), &self.history(case), self.facts);
        }
        let _ = (training, progress, NO_TRAINING);
        Baselines { found: BTreeMap::from([("popularity", popularity)]), left_out: BTreeMap::new() }
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
