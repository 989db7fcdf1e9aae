//! The categories a shopper is most interested in, filled with popular ones.

use std::collections::BTreeMap;

use super::Person;
use super::request::Source;
use crate::catalog::{SymbolKind, View};

/// One category, with how much speaks for it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RankedCategory {
    pub(crate) symbol: u32,
    /// 0 to 1 within one answer.
    pub(crate) score: f64,
    pub(crate) source: Source,
}

/// The `count` best categories: those of the shopper's signals, newer ones counting more, then popular ones.
pub(crate) fn rank_categories(
    view: &View,
    person: Option<Person<'_>>,
    muted: &[u32],
    decay: f64,
    count: usize,
) -> Vec<RankedCategory> {
    let mut personal: BTreeMap<u32, f64> = BTreeMap::new();
    if let Some(person) = person {
        let mut weight = 1.0;
        for signal in &person.profile.signals {
            let category = match signal.item() {
                Some(item) => view.known_learnable(item).and_then(|index| view.leaf_category(index)),
                None => match signal {
                    crate::profile::Signal::Browsed(category) => view.symbol(SymbolKind::Category, category),
                    _ => None,
                },
            };
            if let Some(category) = category.filter(|&category| !view.is_sensitive_symbol(category)) {
                *personal.entry(category).or_default() += weight;
            }
            weight *= decay;
        }
    }
    let mut popular = view.category_popularity().clone();
    popular.retain(|category, _| !personal.contains_key(category));
    let mut ranked = ordered(view, personal, muted, 1.0, Source::Personal);
    // Popular categories stand below every personal one.
    let ceiling = ranked.last().map_or(1.0, |last| last.score);
    ranked.extend(ordered(view, popular, muted, ceiling, Source::Popular));
    ranked.truncate(count);
    ranked
}

/// The categories by score, ties by name, the best one at `ceiling`.
fn ordered(
    view: &View,
    scores: BTreeMap<u32, f64>,
    muted: &[u32],
    ceiling: f64,
    source: Source,
) -> Vec<RankedCategory> {
    let mut scores: Vec<(u32, f64)> =
        scores.into_iter().filter(|(symbol, _)| !muted.contains(symbol)).collect();
    scores.sort_by(|left, right| {
        right.1.total_cmp(&left.1).then_with(|| view.symbol_name(left.0).1.cmp(view.symbol_name(right.0).1))
    });
    let best = scores.first().map_or(1.0, |(_, score)| score.max(f64::MIN_POSITIVE));
    scores
        .into_iter()
        .map(|(symbol, score)| RankedCategory { symbol, score: ceiling * score / best, source })
        .collect()
}
