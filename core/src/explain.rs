//! Why an item is in an answer: parts that add up to its score, and the strongest of them as reasons.
//!
//! Enters: a ranked item and the terms it was ranked by. Leaves: an [`Explanation`] and up to three [`Reason`]s.
//! Must never: leave a part out. The parts are derived term by term, the score through their sum; a test compares.

use std::collections::BTreeMap;

use crate::catalog::{SymbolKind, View};
use crate::ranking::query::{Origin, Query};
use crate::ranking::request::Source;
use crate::ranking::{Extra, RankedItem};

/// Most reasons of one recommendation.
const MAX_REASONS: usize = 3;
/// Parts smaller than this are summed to one part, "everything else".
const SMALL_PART: f64 = 1e-3;
/// A category or brand is named when it is shared by at least two of the shopper's items that together give this
/// share of the score.
const SHARED_SHARE: f64 = 0.3;

/// A reason a shopper can read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// Looked at this item.
    Viewed(String),
    /// Bought this item.
    Bought(String),
    /// Has this item in the cart.
    InCart(String),
    /// Is interested in this category.
    LikesCategory(String),
    /// Is interested in this brand or attribute.
    LikesBrand(String),
    /// It is like the item on the screen.
    SimilarTo(String),
    /// It is chosen together with this item.
    BoughtTogetherWith(String),
    /// It is popular.
    Popular,
    /// It is new in the shop.
    New,
    /// The shop promotes it.
    Promoted,
    /// It is there to learn whether it is liked.
    Exploration,
}

/// How a part came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Via {
    /// The items are alike: the product of their vectors.
    Similarity,
    /// Shoppers went from the one to the other: the transition graph.
    Transition,
    /// How often all shoppers choose it.
    Popularity,
    /// The shopper's or the shop's preference for what it is.
    Preference,
    /// Something the shopper is not interested in is like it, or it was shown just before.
    Demotion,
    /// The shopper's own past with this very item.
    Own,
    /// How long the shop offers it.
    Freshness,
    /// The zero point of the answer's scale, when some scores are negative.
    Baseline,
    /// Everything too small to name.
    Rest,
}

/// One summand of a score.
#[derive(Clone, Debug, PartialEq)]
pub struct ExplanationPart {
    /// What it is due to; `None` for the baseline and the rest.
    pub reason: Option<Reason>,
    /// How.
    pub via: Via,
    /// Its share of the score; negative parts speak against the item.
    pub amount: f64,
}

/// A score and what it is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The score of the recommendation.
    pub score: f64,
    /// The parts, by size. They add up to the score.
    pub parts: Vec<ExplanationPart>,
}

/// The affine map from raw scores to 0..1 within one answer: `score = (raw - zero) / unit`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    zero: f64,
    unit: f64,
}

impl Scale {
    /// Zero is the least raw score or 0, the unit is the spread above it, at least one logit.
    pub(crate) fn of(items: &[RankedItem]) -> Self {
        let zero = items.iter().map(|item| item.raw).fold(0.0, f64::min);
        let best = items.iter().map(|item| item.raw).fold(0.0, f64::max);
        Self { zero, unit: (best - zero).max(1.0) }
    }

    pub(crate) fn score(self, raw: f64) -> f64 {
        (raw - self.zero) / self.unit
    }
}

/// Explains one item of an answer. `seed` is the item the request was about, if any.
pub(crate) fn explain(
    view: &View,
    query: &Query,
    item: &RankedItem,
    scale: Scale,
    seeds: &[String],
) -> Explanation {
    let mut parts: Vec<ExplanationPart> = Vec::new();
    let mut rest = 0.0;
    let mut add = |reason: Option<Reason>, via: Via, amount: f64| {
        let amount = amount / scale.unit;
        if amount.abs() < SMALL_PART {
            rest += amount;
        } else {
            parts.push(ExplanationPart { reason, via, amount });
        }
    };
    let bundle = seeds.len() > 1 || matches!(query.terms.first(), Some(term) if term.is_graph_only());
    for (term, part) in query.terms.iter().zip(query.parts(view, item.index)) {
        let name = || view.id(term.item.unwrap_or_default()).to_owned();
        let reason = match term.origin {
            Origin::Viewed | Origin::Disliked => Reason::Viewed(name()),
            Origin::InCart => Reason::InCart(name()),
            Origin::Bought => Reason::Bought(name()),
            Origin::Context if bundle => Reason::BoughtTogetherWith(name()),
            Origin::Context => Reason::SimilarTo(name()),
            Origin::Attribute(symbol) => likes(view, symbol),
        };
        let via = if term.origin == Origin::Disliked { Via::Demotion } else { Via::Similarity };
        add(Some(reason.clone()), via, part.similarity);
        add(Some(reason), Via::Transition, part.transition);
    }
    for &(extra, amount) in &item.extras {
        let (reason, via) = match extra {
            Extra::Popularity => (Some(Reason::Popular), Via::Popularity),
            Extra::Interest(symbol) => (Some(likes(view, symbol)), Via::Preference),
            Extra::Boost => (Some(Reason::Promoted), Via::Preference),
            Extra::Rotation => (None, Via::Demotion),
            Extra::Recency => (Some(Reason::Viewed(view.id(item.index).to_owned())), Via::Own),
            Extra::Repurchase => (Some(Reason::Bought(view.id(item.index).to_owned())), Via::Own),
            Extra::Freshness => (Some(Reason::New), Via::Freshness),
        };
        add(reason, via, amount);
    }
    add(None, Via::Baseline, -scale.zero);
    if rest.abs() > 0.0 {
        parts.push(ExplanationPart { reason: None, via: Via::Rest, amount: rest });
    }
    parts.sort_by(|left, right| right.amount.abs().total_cmp(&left.amount.abs()));
    Explanation { score: scale.score(item.raw), parts }
}

fn likes(view: &View, symbol: u32) -> Reason {
    match view.symbol_name(symbol) {
        (SymbolKind::Category, name) => Reason::LikesCategory(name.to_owned()),
        (_, name) => Reason::LikesBrand(name.to_owned()),
    }
}

/// The strongest reasons of an explanation, and those that the item's source alone gives.
pub(crate) fn reasons(view: &View, item: &RankedItem, explanation: &Explanation) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if item.source == Source::Exploration {
        reasons.push(Reason::Exploration);
    }
    if view.is_new(item.index) {
        reasons.push(Reason::New);
    }
    if item.source == Source::Popular {
        reasons.push(Reason::Popular);
    }
    let mut by_reason: Vec<(Reason, f64)> = Vec::new();
    for part in &explanation.parts {
        let Some(reason) = &part.reason else { continue };
        match by_reason.iter_mut().find(|(known, _)| known == reason) {
            Some((_, amount)) => *amount += part.amount,
            None => by_reason.push((reason.clone(), part.amount)),
        }
    }
    by_reason.extend(shared(view, item, &by_reason, explanation.score));
    by_reason.retain(|(_, amount)| *amount > SMALL_PART);
    by_reason.sort_by(|left, right| right.1.total_cmp(&left.1));
    for (reason, _) in by_reason {
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    reasons.truncate(MAX_REASONS);
    if reasons.is_empty() {
        reasons.push(Reason::Popular);
    }
    reasons
}

/// The category and the brand that the item shares with at least two of the shopper's items, with what those give.
fn shared(view: &View, item: &RankedItem, by_reason: &[(Reason, f64)], score: f64) -> Vec<(Reason, f64)> {
    let own_brands = view.symbols_of_kind(item.index, SymbolKind::Brand);
    let own: Vec<u32> = view.leaf_category(item.index).into_iter().chain(own_brands).collect();
    let mut totals: BTreeMap<u32, (usize, f64)> = BTreeMap::new();
    for (reason, amount) in by_reason {
        let (Reason::Viewed(id) | Reason::Bought(id) | Reason::InCart(id)) = reason else { continue };
        let Some(index) = view.index_of(id).filter(|index| *index != item.index && *amount > 0.0) else {
            continue;
        };
        for &symbol in &own {
            if view.has_symbol(index, |other| other == symbol) {
                let total = totals.entry(symbol).or_default();
                total.0 += 1;
                total.1 += amount;
            }
        }
    }
    totals
        .into_iter()
        .filter(|(_, (items, amount))| *items >= 2 && *amount >= SHARED_SHARE * score)
        .map(|(symbol, (_, amount))| (likes(view, symbol), amount))
        .collect()
}
