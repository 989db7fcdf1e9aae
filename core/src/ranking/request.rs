//! What the app asks for, and the checks on it.

use super::filter::Filter;
use crate::error::{Error, Result};
use crate::event::{MAX_QUERY_BYTES, check_id};

/// Most items of one answer.
pub const MAX_COUNT: usize = 100;
/// Most ids in `exclude_ids`, in a cart, and in a list to rerank.
pub const MAX_IDS: usize = 1_000;
/// The share of places of `ForYou` that go to items which are not the best known, where the request says nothing.
pub(crate) const EXPLORATION_RATE: f64 = 0.1;
/// Most boosts, and most pins, of one request.
pub const MAX_BOOSTS: usize = 20;

/// Which list is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecommendationKind {
    /// What fits the shopper, filled with popular items.
    ForYou,
    /// What goes with an item's page, filled with popular items.
    RelatedTo(String),
    /// What is chosen together with these items. May be shorter than asked.
    BoughtWith(Vec<String>),
    /// What the shopper looked at, newest first. May be shorter than asked.
    RecentlyViewed,
    /// What the shopper bought before. May be shorter than asked.
    BuyAgain,
    /// What is popular, in a category if one is given.
    Trending(Option<String>),
    /// What the shop offers newly, in a category if one is given.
    NewArrivals(Option<String>),
}

impl RecommendationKind {
    /// Whether items are scored against a query rather than listed.
    pub(crate) fn is_scored(&self) -> bool {
        matches!(self, Self::ForYou | Self::RelatedTo(_) | Self::BoughtWith(_))
    }

    /// The kind's name, for counts.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::ForYou => "for_you",
            Self::RelatedTo(_) => "related_to",
            Self::BoughtWith(_) => "bought_with",
            Self::RecentlyViewed => "recently_viewed",
            Self::BuyAgain => "buy_again",
            Self::Trending(_) => "trending",
            Self::NewArrivals(_) => "new_arrivals",
        }
    }

    pub(crate) fn seeds(&self) -> &[String] {
        match self {
            Self::RelatedTo(item) => std::slice::from_ref(item),
            Self::BoughtWith(items) => items,
            _ => &[],
        }
    }

    pub(crate) fn category(&self) -> Option<&str> {
        match self {
            Self::Trending(category) | Self::NewArrivals(category) => category.as_deref(),
            _ => None,
        }
    }
}

/// Where the shopper is in the app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// The item on the screen.
    pub item: Option<String>,
    /// The items in the cart, where the app does not track the cart with events.
    pub cart: Vec<String>,
    /// The category on the screen.
    pub category: Option<String>,
    /// What is being searched for; its words count where they name a category, a brand or an attribute value.
    pub query: Option<String>,
}

/// A soft preference of the shop.
#[derive(Clone, Debug, PartialEq)]
pub struct Boost {
    /// Which items.
    pub filter: Filter,
    /// Added to the raw score, in natural-log odds: 0.69 doubles an item's odds against others. From -10 to 10.
    pub weight: f64,
}

/// A fixed place for an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The item.
    pub item_id: String,
    /// Its place, from 1.
    pub position: usize,
}

/// How relevant an item must be to count as personal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MinRelevance {
    /// Any positive relevance.
    #[default]
    Low,
    /// At least a quarter of the best item's relevance.
    Medium,
    /// At least half of the best item's relevance.
    High,
}

impl MinRelevance {
    pub(super) fn share_of_best(self) -> f64 {
        match self {
            Self::Low => 0.0,
            Self::Medium => 0.25,
            Self::High => 0.5,
        }
    }
}

/// Which items an answer is chosen from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Retrieval {
    /// As [`Exhaustive`](Self::Exhaustive) up to 200 000 items, as [`Linked`](Self::Linked) beyond.
    #[default]
    Auto,
    /// All of them.
    Exhaustive,
    /// Those that the model links to what the shopper and the request are about, the most popular ones, and those that the
    /// model does not know. All of them when too few of these may be in the answer.
    Linked,
}

/// From this many items on, reading all of them costs a phone milliseconds.
const MANY_ITEMS: usize = 200_000;

impl Retrieval {
    pub(super) fn uses_links(self, items: usize) -> bool {
        match self {
            Self::Auto => items > MANY_ITEMS,
            Self::Exhaustive => false,
            Self::Linked => true,
        }
    }
}

/// Why an item is in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
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

/// One request for recommendations.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Which list.
    pub kind: RecommendationKind,
    /// The shop's name for the place in the app; not empty.
    pub scenario: String,
    /// How many items, 1 to [`MAX_COUNT`].
    pub count: usize,
    /// Where the shopper is.
    pub context: Context,
    /// What an item must be. Never violated, by no pin, boost or fallback.
    pub filter: Filter,
    /// Soft preferences.
    pub boosts: Vec<Boost>,
    /// Fixed places; a pinned item must still pass the filter.
    pub pins: Vec<Pin>,
    /// Items to leave out.
    pub exclude_ids: Vec<String>,
    /// From 0 (best first) to 1 (as different as possible). `None`: 0.2 for `ForYou`, otherwise 0.
    pub diversity: Option<f64>,
    /// How much an item shown before sinks, 0 to 1.
    pub rotation_rate: f64,
    /// For how long it sinks, in seconds.
    pub rotation_seconds: u32,
    /// How relevant an item must be to count as personal.
    pub min_relevance: MinRelevance,
    /// Whether `ForYou` and `RelatedTo` are filled with popular items, labelled as such.
    pub fallback: bool,
    /// Whether only one variant of a product is shown.
    pub one_per_group: bool,
    /// How much the history counts, 0 to 1.
    pub strength: f64,
    /// The share of places given to items that are not the best known, 0 to 1. `None`: 0.1 for `ForYou` without a
    /// seed, otherwise 0. Always 0 for `BoughtWith`.
    pub exploration_rate: Option<f64>,
    /// Which items it is chosen from, where items are scored.
    pub retrieval: Retrieval,
    /// Answers as for a shopper nothing is known of.
    pub non_profiling: bool,
    /// Makes the answer repeatable.
    pub seed: Option<u64>,
}

impl Request {
    /// A request for ten items of `kind`.
    #[must_use]
    pub fn new(kind: RecommendationKind) -> Self {
        Self {
            kind,
            scenario: "default".into(),
            count: 10,
            context: Context::default(),
            filter: Filter::All(Vec::new()),
            boosts: Vec::new(),
            pins: Vec::new(),
            exclude_ids: Vec::new(),
            diversity: None,
            rotation_rate: 0.0,
            rotation_seconds: 7_200,
            min_relevance: MinRelevance::Low,
            fallback: true,
            one_per_group: true,
            strength: 1.0,
            exploration_rate: None,
            retrieval: Retrieval::Auto,
            non_profiling: false,
            seed: None,
        }
    }

    /// The same request for another number of items.
    #[must_use]
    pub fn count(self, count: usize) -> Self {
        Self { count, ..self }
    }

    /// The same request with a filter.
    #[must_use]
    pub fn filter(self, filter: Filter) -> Self {
        Self { filter, ..self }
    }

    /// The same request, repeatable.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed: Some(seed), ..self }
    }

    pub(crate) fn diversity_or_default(&self) -> f64 {
        self.diversity.unwrap_or(if self.kind == RecommendationKind::ForYou { 0.2 } else { 0.0 })
    }

    pub(crate) fn exploration_or_default(&self) -> f64 {
        match (&self.kind, self.exploration_rate, self.seed) {
            (RecommendationKind::BoughtWith(_), _, _) => 0.0,
            (_, Some(rate), _) => rate,
            (RecommendationKind::ForYou, None, None) => EXPLORATION_RATE,
            _ => 0.0,
        }
    }

    /// Checks every field.
    pub(crate) fn check(&self) -> Result<()> {
        check_id("request.scenario", &self.scenario)?;
        if self.count == 0 || self.count > MAX_COUNT {
            return Err(Error::invalid("request.count", format!("must be from 1 to {MAX_COUNT}")));
        }
        self.check_kind()?;
        check_ids("request.context.cart", &self.context.cart)?;
        check_ids("request.exclude_ids", &self.exclude_ids)?;
        for (field, id) in [
            ("request.context.item", &self.context.item),
            ("request.context.category", &self.context.category),
        ] {
            if let Some(id) = id {
                check_id(field, id)?;
            }
        }
        if self.context.query.as_ref().is_some_and(|query| query.len() > MAX_QUERY_BYTES) {
            return Err(Error::invalid(
                "request.context.query",
                format!("must be at most {MAX_QUERY_BYTES} bytes"),
            ));
        }
        self.filter.check().map_err(|error| error.within(format_args!("request.filter")))?;
        if self.boosts.len() > MAX_BOOSTS {
            return Err(Error::invalid("request.boosts", format!("must be at most {MAX_BOOSTS}")));
        }
        for (place, boost) in self.boosts.iter().enumerate() {
            let within = |error: Error| error.within(format_args!("request.boosts[{place}].filter"));
            boost.filter.check().map_err(within)?;
            if !(-10.0..=10.0).contains(&boost.weight) {
                return Err(Error::invalid(
                    format!("request.boosts[{place}].weight"),
                    "must be from -10 to 10",
                ));
            }
        }
        if self.pins.len() > MAX_BOOSTS {
            return Err(Error::invalid("request.pins", format!("must be at most {MAX_BOOSTS}")));
        }
        for (place, pin) in self.pins.iter().enumerate() {
            let within = |error: Error| error.within(format_args!("request.pins[{place}]"));
            check_id(".item_id", &pin.item_id).map_err(within)?;
            if pin.position == 0 || pin.position > self.count {
                return Err(Error::invalid(
                    format!("request.pins[{place}].position"),
                    "must be from 1 to `count`",
                ));
            }
        }
        check_share("request.diversity", self.diversity)?;
        check_share("request.rotation_rate", Some(self.rotation_rate))?;
        check_share("request.strength", Some(self.strength))?;
        check_share("request.exploration_rate", self.exploration_rate)
    }

    fn check_kind(&self) -> Result<()> {
        match &self.kind {
            RecommendationKind::RelatedTo(item) => check_id("request.kind.item", item),
            RecommendationKind::BoughtWith(items) if items.is_empty() => {
                Err(Error::invalid("request.kind.items", "must not be empty"))
            }
            RecommendationKind::BoughtWith(items) => check_ids("request.kind.items", items),
            RecommendationKind::Trending(Some(category))
            | RecommendationKind::NewArrivals(Some(category)) => check_id("request.kind.category", category),
            _ => Ok(()),
        }
    }
}

fn check_share(field: &str, value: Option<f64>) -> Result<()> {
    match value {
        Some(value) if !(0.0..=1.0).contains(&value) => Err(Error::invalid(field, "must be from 0 to 1")),
        _ => Ok(()),
    }
}

/// Checks a list of ids: at most [`MAX_IDS`], each a valid id.
pub(crate) fn check_ids(field: &str, ids: &[String]) -> Result<()> {
    if ids.len() > MAX_IDS {
        return Err(Error::invalid(field, format!("must be at most {MAX_IDS} ids")));
    }
    ids.iter().enumerate().try_for_each(|(place, id)| {
        check_id("", id).map_err(|error| error.within(format_args!("{field}[{place}]")))
    })
}
