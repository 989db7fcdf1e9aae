//! What the app gets back: items in their places, and why.

use tastekeeper as core;

use crate::mirror::{all, count, mirror};

mirror! {
    /// Why an item is in an answer.
    Source = core::Source {
        /// The shopper's history speaks for it.
        Personal,
        /// The item, cart, category or query of the request speaks for it.
        Contextual,
        /// It is popular.
        Popular,
        /// It was put there to learn whether it is liked, or because it is new.
        Exploration,
        /// The shop put it there.
        Pinned,
    }
}

/// A reason a shopper can read.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Reason {
    /// Looked at this item.
    Viewed {
        /// The item.
        item: String,
    },
    /// Bought this item.
    Bought {
        /// The item.
        item: String,
    },
    /// Has this item in the cart.
    InCart {
        /// The item.
        item: String,
    },
    /// Is interested in this category.
    LikesCategory {
        /// The category.
        category: String,
    },
    /// Is interested in this brand or attribute.
    LikesBrand {
        /// The brand or attribute value.
        brand: String,
    },
    /// It is like the item on the screen.
    SimilarTo {
        /// The item on the screen.
        item: String,
    },
    /// It is chosen together with this item.
    BoughtTogetherWith {
        /// The other item.
        item: String,
    },
    /// It is popular.
    Popular,
    /// It is new in the shop.
    New,
    /// The shop promotes it.
    Promoted,
    /// It is there to learn whether it is liked.
    Exploration,
}

impl From<core::Reason> for Reason {
    fn from(reason: core::Reason) -> Self {
        match reason {
            core::Reason::Viewed(item) => Self::Viewed { item },
            core::Reason::Bought(item) => Self::Bought { item },
            core::Reason::InCart(item) => Self::InCart { item },
            core::Reason::LikesCategory(category) => Self::LikesCategory { category },
            core::Reason::LikesBrand(brand) => Self::LikesBrand { brand },
            core::Reason::SimilarTo(item) => Self::SimilarTo { item },
            core::Reason::BoughtTogetherWith(item) => Self::BoughtTogetherWith { item },
            core::Reason::Popular => Self::Popular,
            core::Reason::New => Self::New,
            core::Reason::Promoted => Self::Promoted,
            core::Reason::Exploration => Self::Exploration,
            _ => unreachable!("a reason of the engine that is not mirrored"),
        }
    }
}

mirror! {
    /// How a part of a score came about.
    Via = core::Via {
        /// The items are alike.
        Similarity,
        /// Shoppers went from the one to the other.
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
        /// The zero point of the answer's scale.
        Baseline,
        /// Everything too small to name.
        Rest,
    }
}

/// One recommended item.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct Recommendation {
    /// The item.
    pub item_id: String,
    /// 0 to 1, comparable within the answer of one call.
    pub score: f64,
    /// The place, from 1.
    pub position: u32,
    /// Why it is in the answer.
    pub source: Source,
    /// The strongest reasons, one to three.
    pub reasons: Vec<Reason>,
}

impl From<core::Recommendation> for Recommendation {
    fn from(item: core::Recommendation) -> Self {
        Self {
            item_id: item.item_id,
            score: item.score,
            position: count(item.position),
            source: item.source.into(),
            reasons: all(item.reasons),
        }
    }
}

/// One answer.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct Recommendations {
    /// Ties later calls and events to this answer.
    pub recommendation_id: String,
    /// The items, in their places.
    pub items: Vec<Recommendation>,
}

impl From<core::Recommendations> for Recommendations {
    fn from(answer: core::Recommendations) -> Self {
        Self { recommendation_id: answer.recommendation_id, items: all(answer.items) }
    }
}

/// One recommended category.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct CategoryRecommendation {
    /// The category's id.
    pub category: String,
    /// 0 to 1 within one answer.
    pub score: f64,
    /// `Personal` or `Popular`.
    pub source: Source,
}

impl From<core::CategoryRecommendation> for CategoryRecommendation {
    fn from(found: core::CategoryRecommendation) -> Self {
        Self { category: found.category, score: found.score, source: found.source.into() }
    }
}

/// One summand of a score.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct ExplanationPart {
    /// What it is due to; nothing for the baseline and the rest.
    pub reason: Option<Reason>,
    /// How.
    pub via: Via,
    /// Its share of the score; negative parts speak against the item.
    pub amount: f64,
}

impl From<core::ExplanationPart> for ExplanationPart {
    fn from(part: core::ExplanationPart) -> Self {
        Self { reason: part.reason.map(Into::into), via: part.via.into(), amount: part.amount }
    }
}

/// A score and what it is made of.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct Explanation {
    /// The score of the recommendation.
    pub score: f64,
    /// The parts, by size. They add up to the score.
    pub parts: Vec<ExplanationPart>,
}

impl From<core::Explanation> for Explanation {
    fn from(explanation: core::Explanation) -> Self {
        Self { score: explanation.score, parts: all(explanation.parts) }
    }
}
