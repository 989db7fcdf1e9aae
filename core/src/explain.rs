//! Why an item is in an answer: parts that add up to its score, and the strongest of them as reasons.
//!
//! Enters: a ranked item and the terms it was ranked by. Leaves: an [`Explanation`] and up to three [`Reason`]s.
//! Must never: leave a part out. The parts are derived term by term, the score through their sum; a test compares.

use crate::catalog::{SymbolKind, View};
use crate::ranking::candidates::Candidate;
use crate::ranking::query::{Origin, PartsRoom};
use crate::ranking::request::Source;
use crate::ranking::{Extra, Ranked};

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
    pub(crate) fn of(items: &[Candidate]) -> Self {
        let zero = items.iter().map(|item| item.raw).fold(0.0, f64::min);
        let best = items.iter().map(|item| item.raw).fold(0.0, f64::max);
        Self { zero, unit: (best - zero).max(1.0) }
    }

    pub(crate) fn score(self, raw: f64) -> f64 {
        (raw - self.zero) / self.unit
    }
}

/// What a part is due to, by numbers: of items, and for `Likes` of a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cause {
    Viewed(u32),
    Bought(u32),
    InCart(u32),
    SimilarTo(u32),
    BoughtTogetherWith(u32),
    Likes(u32),
    Popular,
    New,
    Promoted,
}

impl Cause {
    fn named(self, view: &View) -> Reason {
        let id = |index| view.id(index).to_owned();
        match self {
            Self::Viewed(index) => Reason::Viewed(id(index)),
            Self::Bought(index) => Reason::Bought(id(index)),
            Self::InCart(index) => Reason::InCart(id(index)),
            Self::SimilarTo(index) => Reason::SimilarTo(id(index)),
            Self::BoughtTogetherWith(index) => Reason::BoughtTogetherWith(id(index)),
            Self::Likes(symbol) => match view.symbol_name(symbol) {
                (SymbolKind::Category, name) => Reason::LikesCategory(name.to_owned()),
                (_, name) => Reason::LikesBrand(name.to_owned()),
            },
            Self::Popular => Reason::Popular,
            Self::New => Reason::New,
            Self::Promoted => Reason::Promoted,
        }
    }

    /// The item of the shopper's that it is about.
    fn own_item(self) -> Option<u32> {
        match self {
            Self::Viewed(index) | Self::Bought(index) | Self::InCart(index) => Some(index),
            _ => None,
        }
    }
}

/// An explanation without names, small enough to be remembered with every answer. Good for the view that it was made with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Breakdown {
    score: f64,
    /// By size.
    parts: Box<[(Option<Cause>, Via, f64)]>,
}

impl Breakdown {
    pub(crate) fn score(&self) -> f64 {
        self.score
    }

    /// With the names of items and categories.
    pub(crate) fn named(&self, view: &View) -> Explanation {
        let part = |&(cause, via, amount): &(Option<Cause>, Via, f64)| ExplanationPart {
            reason: cause.map(|cause| cause.named(view)),
            via,
            amount,
        };
        Explanation { score: self.score, parts: self.parts.iter().map(part).collect() }
    }
}

/// What explanations are made with.
#[derive(Default)]
pub(crate) struct ExplainRoom {
    items: Vec<u32>,
    of_terms: PartsRoom,
    parts: Vec<(Option<Cause>, Via, f64)>,
    causes: Vec<(Cause, f64)>,
}

/// Calls `visit` with each item of an answer, its explanation and its strongest reasons. `seeds` are the items the request was
/// about, if any.
pub(crate) fn explain(
    view: &View,
    ranked: &Ranked<'_>,
    seeds: &[String],
    room: &mut ExplainRoom,
    mut visit: impl FnMut(&Candidate, Breakdown, Vec<Reason>),
) {
    let Ranked { items, query, extras } = ranked;
    let ExplainRoom { items: indices, of_terms, parts, causes } = room;
    let scale = Scale::of(items);
    let bundle = seeds.len() > 1 || matches!(query.terms.first(), Some(term) if term.is_graph_only());
    indices.clear();
    indices.extend(items.iter().map(|item| item.index));
    let mut listed = Parts { unit: scale.unit, parts, rest: 0.0 };
    let mut left = items.iter();
    query.parts(view, indices, SMALL_PART * scale.unit, of_terms, |parts, together| {
        let Some(item) = left.next() else { return };
        listed.parts.clear();
        listed.rest = together / scale.unit;
        for (term, part) in query.terms.iter().zip(parts) {
            let own = term.item.unwrap_or_default();
            let cause = match term.origin {
                Origin::Viewed | Origin::Disliked => Cause::Viewed(own),
                Origin::InCart => Cause::InCart(own),
                Origin::Bought => Cause::Bought(own),
                Origin::Context if bundle => Cause::BoughtTogetherWith(own),
                Origin::Context => Cause::SimilarTo(own),
                Origin::Attribute(symbol) => Cause::Likes(symbol),
            };
            let via = if term.origin == Origin::Disliked { Via::Demotion } else { Via::Similarity };
            listed.add(Some(cause), via, part.similarity);
            listed.add(Some(cause), Via::Transition, part.transition);
        }
        extras.parts(item, |extra, amount| {
            let (cause, via) = match extra {
                Extra::Popularity => (Some(Cause::Popular), Via::Popularity),
                Extra::Interest(symbol) => (Some(Cause::Likes(symbol)), Via::Preference),
                Extra::Boost => (Some(Cause::Promoted), Via::Preference),
                Extra::Rotation => (None, Via::Demotion),
                Extra::Recency => (Some(Cause::Viewed(item.index)), Via::Own),
                Extra::Repurchase => (Some(Cause::Bought(item.index)), Via::Own),
                Extra::Freshness => (Some(Cause::New), Via::Freshness),
            };
            listed.add(cause, via, amount);
        });
        listed.add(None, Via::Baseline, -scale.zero);
        if listed.rest.abs() > 0.0 {
            listed.parts.push((None, Via::Rest, listed.rest));
        }
        listed.parts.sort_by(|left, right| right.2.abs().total_cmp(&left.2.abs()));
        // As short as it is: answers are remembered.
        let breakdown = Breakdown { score: scale.score(item.raw), parts: listed.parts.as_slice().into() };
        let reasons = reasons(view, item, &breakdown, causes);
        visit(item, breakdown, reasons);
    });
}

/// Parts on their way: the small ones are summed up.
struct Parts<'a> {
    unit: f64,
    parts: &'a mut Vec<(Option<Cause>, Via, f64)>,
    rest: f64,
}

impl Parts<'_> {
    fn add(&mut self, cause: Option<Cause>, via: Via, amount: f64) {
        if amount.abs() <= 0.0 {
            // Most terms add nothing through transitions, and the small ones add theirs together.
            return;
        }
        let amount = amount / self.unit;
        if amount.abs() < SMALL_PART {
            self.rest += amount;
        } else {
            self.parts.push((cause, via, amount));
        }
    }
}

/// The strongest reasons of an item, and those that its source alone gives.
fn reasons(
    view: &View,
    item: &Candidate,
    breakdown: &Breakdown,
    causes: &mut Vec<(Cause, f64)>,
) -> Vec<Reason> {
    let mut reasons = Vec::with_capacity(MAX_REASONS);
    if item.source == Source::Exploration {
        reasons.push(Reason::Exploration);
    }
    if view.is_new(item.index) {
        reasons.push(Reason::New);
    }
    if item.source == Source::Popular {
        reasons.push(Reason::Popular);
    }
    causes.clear();
    for &(cause, _, amount) in &breakdown.parts {
        let Some(cause) = cause else { continue };
        match causes.iter_mut().find(|(other, _)| *other == cause) {
            Some((_, sum)) => *sum += amount,
            None => causes.push((cause, amount)),
        }
    }
    add_shared(view, item, causes, breakdown.score);
    while reasons.len() < MAX_REASONS {
        let left = causes.iter_mut().filter(|(_, amount)| *amount > SMALL_PART);
        // Of equal ones the first in the order of causes, not of parts.
        let strongest = left.max_by(|one, other| one.1.total_cmp(&other.1).then(other.0.cmp(&one.0)));
        let Some((cause, amount)) = strongest else { break };
        *amount = 0.0;
        let reason = cause.named(view);
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    if reasons.is_empty() {
        reasons.push(Reason::Popular);
    }
    reasons
}

/// Adds the category and the brand that the item shares with at least two of the shopper's items, with what those give.
fn add_shared(view: &View, item: &Candidate, causes: &mut Vec<(Cause, f64)>, score: f64) {
    let own = causes.len();
    let mut add = |symbol| {
        let (mut items, mut total) = (0, 0.0);
        for &(cause, amount) in &causes[..own] {
            let other = cause.own_item().filter(|index| *index != item.index && amount > 0.0);
            if other.is_some_and(|index| view.has_symbol(index, |other| other == symbol)) {
                items += 1;
                total += amount;
            }
        }
        if items >= 2 && total >= SHARED_SHARE * score {
            causes.push((Cause::Likes(symbol), total));
        }
    };
    view.leaf_category(item.index).into_iter().for_each(&mut add);
    view.visit_kind(item.index, SymbolKind::Brand, add);
}
