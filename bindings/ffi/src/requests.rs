//! What the app asks for.

use tastekeeper as core;

use crate::items::Availability;
use crate::mirror::{all, mirror, size};

/// Which list is wanted.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum RecommendationKind {
    /// What fits the shopper, filled with popular items.
    ForYou,
    /// What goes with an item's page, filled with popular items.
    RelatedTo {
        /// The item on the page.
        item: String,
    },
    /// What is chosen together with these items. May be shorter than asked.
    BoughtWith {
        /// At least one.
        items: Vec<String>,
    },
    /// What the shopper looked at, newest first. May be shorter than asked.
    RecentlyViewed,
    /// What the shopper bought before. May be shorter than asked.
    BuyAgain,
    /// What is popular.
    Trending {
        /// In this category only, if one is given.
        category: Option<String>,
    },
    /// What the shop offers newly.
    NewArrivals {
        /// In this category only, if one is given.
        category: Option<String>,
    },
}

impl From<RecommendationKind> for core::RecommendationKind {
    fn from(kind: RecommendationKind) -> Self {
        match kind {
            RecommendationKind::ForYou => Self::ForYou,
            RecommendationKind::RelatedTo { item } => Self::RelatedTo(item),
            RecommendationKind::BoughtWith { items } => Self::BoughtWith(items),
            RecommendationKind::RecentlyViewed => Self::RecentlyViewed,
            RecommendationKind::BuyAgain => Self::BuyAgain,
            RecommendationKind::Trending { category } => Self::Trending(category),
            RecommendationKind::NewArrivals { category } => Self::NewArrivals(category),
        }
    }
}

mirror! {
    /// A property to share with the item on the screen.
    SameAs = core::SameAs {
        /// The deepest category.
        Category,
        /// The brand.
        Brand,
    }
}

mirror! {
    /// How relevant an item must be to count as personal.
    MinRelevance = core::MinRelevance {
        /// Any positive relevance.
        Low,
        /// At least a quarter of the best item's relevance.
        Medium,
        /// At least half of the best item's relevance.
        High,
    }
}

mirror! {
    /// Which items an answer is chosen from.
    Retrieval = core::Retrieval {
        /// As `Exhaustive` up to 200 000 items, as `Linked` beyond.
        Auto,
        /// All of them.
        Exhaustive,
        /// Those that the model links to what the shopper and the request are about, the most popular ones, and those that the
        /// model does not know. All of them when too few of these may be in the answer.
        Linked,
    }
}

/// A condition on items. Hard: an item that fails it is never shown.
#[derive(Clone, Debug, PartialEq, uniffi::Enum)]
pub enum Filter {
    /// Every condition holds; an empty list always does.
    All {
        /// The conditions.
        filters: Vec<Filter>,
    },
    /// At least one condition holds; an empty list never does.
    Any {
        /// The conditions.
        filters: Vec<Filter>,
    },
    /// The condition does not hold.
    Not {
        /// The condition.
        filter: Box<Filter>,
    },
    /// In one of these categories or below it.
    InCategory {
        /// Category ids.
        ids: Vec<String>,
    },
    /// Of one of these brands.
    Brand {
        /// Brands.
        ids: Vec<String>,
    },
    /// At least `min` and at most `max`, in the item's own currency. An item without a price fails.
    Price {
        /// Lowest price, if any.
        min: Option<f64>,
        /// Highest price, if any.
        max: Option<f64>,
    },
    /// In one of these states. Items that cannot be had are never shown, whatever the filter says.
    Availability {
        /// The states.
        states: Vec<Availability>,
    },
    /// With attribute `key` equal to one of `values`.
    AttributeIn {
        /// The attribute.
        key: String,
        /// Its allowed values.
        values: Vec<String>,
    },
    /// Offered since then. An item of unknown age fails.
    CreatedAfter {
        /// In milliseconds since 1970-01-01 UTC.
        time_ms: i64,
    },
    /// With the same value of this property as the item of the request's kind or context.
    SameAsContextItem {
        /// The property.
        property: SameAs,
    },
}

impl From<Filter> for core::Filter {
    fn from(filter: Filter) -> Self {
        match filter {
            Filter::All { filters } => Self::All(all(filters)),
            Filter::Any { filters } => Self::Any(all(filters)),
            Filter::Not { filter } => Self::Not(Box::new((*filter).into())),
            Filter::InCategory { ids } => Self::InCategory(ids),
            Filter::Brand { ids } => Self::Brand(ids),
            Filter::Price { min, max } => Self::Price { min, max },
            Filter::Availability { states } => Self::Availability(all(states)),
            Filter::AttributeIn { key, values } => Self::AttributeIn { key, values },
            Filter::CreatedAfter { time_ms } => Self::CreatedAfter(time_ms),
            Filter::SameAsContextItem { property } => Self::SameAsContextItem(property.into()),
        }
    }
}

/// Where the shopper is in the app.
#[derive(Clone, Debug, Default, PartialEq, Eq, uniffi::Record)]
pub struct Context {
    /// The item on the screen.
    #[uniffi(default = None)]
    pub item: Option<String>,
    /// The items in the cart, where the app does not track the cart with events.
    #[uniffi(default)]
    pub cart: Vec<String>,
    /// The category on the screen.
    #[uniffi(default = None)]
    pub category: Option<String>,
    /// What is being searched for.
    #[uniffi(default = None)]
    pub query: Option<String>,
}

impl From<Context> for core::Context {
    fn from(context: Context) -> Self {
        let Context { item, cart, category, query } = context;
        Self { item, cart, category, query }
    }
}

/// A soft preference of the shop.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct Boost {
    /// Which items.
    pub filter: Filter,
    /// Added to the raw score, in natural-log odds: 0.69 doubles an item's odds against others. From -10 to 10.
    pub weight: f64,
}

impl From<Boost> for core::Boost {
    fn from(boost: Boost) -> Self {
        Self { filter: boost.filter.into(), weight: boost.weight }
    }
}

/// A fixed place for an item.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Pin {
    /// The item.
    pub item_id: String,
    /// Its place, from 1.
    pub position: u32,
}

impl From<Pin> for core::Pin {
    fn from(pin: Pin) -> Self {
        Self { item_id: pin.item_id, position: size(pin.position) }
    }
}

/// One request for recommendations. Everything but the kind has a default.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct Request {
    /// Which list.
    pub kind: RecommendationKind,
    /// The shop's name for the place in the app; not empty.
    #[uniffi(default = "default")]
    pub scenario: String,
    /// How many items, 1 to 100.
    #[uniffi(default = 10)]
    pub count: u32,
    /// Where the shopper is.
    #[uniffi(default = None)]
    pub context: Option<Context>,
    /// What an item must be. Never violated, by no pin, boost or fallback.
    #[uniffi(default = None)]
    pub filter: Option<Filter>,
    /// Soft preferences.
    #[uniffi(default)]
    pub boosts: Vec<Boost>,
    /// Fixed places; a pinned item must still pass the filter.
    #[uniffi(default)]
    pub pins: Vec<Pin>,
    /// Items to leave out.
    #[uniffi(default)]
    pub exclude_ids: Vec<String>,
    /// From 0 (best first) to 1 (as different as possible). Nothing: 0.2 for `ForYou`, otherwise 0.
    #[uniffi(default = None)]
    pub diversity: Option<f64>,
    /// How much an item shown before sinks, 0 to 1.
    #[uniffi(default = 0.0)]
    pub rotation_rate: f64,
    /// For how long it sinks, in seconds.
    #[uniffi(default = 7200)]
    pub rotation_seconds: u32,
    /// How relevant an item must be to count as personal; `Low` where nothing is said.
    #[uniffi(default = None)]
    pub min_relevance: Option<MinRelevance>,
    /// Whether `ForYou` and `RelatedTo` are filled with popular items, labelled as such.
    #[uniffi(default = true)]
    pub fallback: bool,
    /// Whether only one variant of a product is shown.
    #[uniffi(default = true)]
    pub one_per_group: bool,
    /// How much the history counts, 0 to 1.
    #[uniffi(default = 1.0)]
    pub strength: f64,
    /// The share of places given to items that are not the best known, 0 to 1. Nothing: 0.1 for `ForYou` without a seed,
    /// otherwise 0.
    #[uniffi(default = None)]
    pub exploration_rate: Option<f64>,
    /// Which items it is chosen from, where items are scored; `Auto` where nothing is said.
    #[uniffi(default = None)]
    pub retrieval: Option<Retrieval>,
    /// Answers as for a shopper nothing is known of.
    #[uniffi(default = false)]
    pub non_profiling: bool,
    /// Makes the answer repeatable.
    #[uniffi(default = None)]
    pub seed: Option<u64>,
}

impl From<Request> for core::Request {
    fn from(request: Request) -> Self {
        let default = Self::new(request.kind.into());
        Self {
            scenario: request.scenario,
            count: size(request.count),
            context: request.context.map_or(default.context, Into::into),
            filter: request.filter.map_or(default.filter, Into::into),
            boosts: all(request.boosts),
            pins: all(request.pins),
            exclude_ids: request.exclude_ids,
            diversity: request.diversity,
            rotation_rate: request.rotation_rate,
            rotation_seconds: request.rotation_seconds,
            min_relevance: request.min_relevance.map_or(default.min_relevance, Into::into),
            fallback: request.fallback,
            one_per_group: request.one_per_group,
            strength: request.strength,
            exploration_rate: request.exploration_rate,
            retrieval: request.retrieval.map_or(default.retrieval, Into::into),
            non_profiling: request.non_profiling,
            seed: request.seed,
            kind: default.kind,
        }
    }
}
