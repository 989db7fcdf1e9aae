//! What the app asks for, in numbers, and the rules that every answer to it must keep, written down a second time.

use std::collections::BTreeSet;

use tastekeeper::{
    Context, Filter, MinRelevance, Pin, Recommendation, RecommendationKind as Kind, Request, Retrieval,
    Source,
};

use super::deed::Deed;
use super::dice::Dice;
use super::ideal::Ideal;
use crate::phone::{CATEGORIES, brand, category, item};
use crate::promise::{Checked, ensure};

/// Which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "named like the kinds")]
pub enum List {
    ForYou,
    RelatedTo(u32),
    BoughtWith(u32),
    RecentlyViewed,
    BuyAgain,
    Trending(Option<u32>),
    NewArrivals,
}

/// A condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "named like the filters")]
pub enum Wanted {
    Category(u32),
    NotBrand(u32),
    PriceUpTo(u32),
}

/// A request.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "named like the fields of the request")]
pub struct Plan {
    pub list: List,
    pub wanted: Option<Wanted>,
    pub exclude: Option<u32>,
    pub pin: Option<u32>,
    pub non_profiling: bool,
    pub explore: bool,
    pub seed: Option<u64>,
}

impl Plan {
    /// A random request.
    pub fn draw(dice: &mut Dice<'_>) -> Self {
        let list = match dice.below(10) {
            0..3 => List::ForYou,
            3 => List::RelatedTo(dice.item()),
            4 => List::BoughtWith(dice.item()),
            5 => List::RecentlyViewed,
            6 => List::BuyAgain,
            7 => List::Trending(None),
            8 => List::Trending(Some(dice.below(CATEGORIES))),
            _ => List::NewArrivals,
        };
        let wanted = match dice.below(8) {
            0 => Some(Wanted::Category(dice.below(CATEGORIES))),
            1 => Some(Wanted::NotBrand(dice.below(4))),
            2 => Some(Wanted::PriceUpTo(dice.below(50))),
            _ => None,
        };
        Self {
            list,
            wanted,
            exclude: dice.one_in(4).then(|| dice.item()),
            pin: dice.one_in(4).then(|| dice.item()),
            non_profiling: dice.one_in(6),
            explore: dice.one_in(4),
            seed: dice.one_in(2).then(|| dice.below(9).into()),
        }
    }

    /// As the app asks.
    #[must_use]
    pub fn request(&self) -> Request {
        let kind = match self.list {
            List::ForYou => Kind::ForYou,
            List::RelatedTo(number) => Kind::RelatedTo(item(number)),
            List::BoughtWith(number) => Kind::BoughtWith(vec![item(number)]),
            List::RecentlyViewed => Kind::RecentlyViewed,
            List::BuyAgain => Kind::BuyAgain,
            List::Trending(number) => Kind::Trending(number.map(category)),
            List::NewArrivals => Kind::NewArrivals(None),
        };
        let filter = match self.wanted {
            None => Filter::All(Vec::new()),
            Some(Wanted::Category(number)) => Filter::InCategory(vec![category(number)]),
            Some(Wanted::NotBrand(number)) => Filter::Not(Box::new(Filter::Brand(vec![brand(number)]))),
            Some(Wanted::PriceUpTo(most)) => Filter::Price { min: None, max: Some(most.into()) },
        };
        Request {
            filter,
            pins: self.pin.iter().map(|&number| Pin { item_id: item(number), position: 2 }).collect(),
            exclude_ids: self.exclude.iter().map(|&number| item(number)).collect(),
            non_profiling: self.non_profiling,
            exploration_rate: self.explore.then_some(0.5),
            min_relevance: if self.explore { MinRelevance::Medium } else { MinRelevance::Low },
            retrieval: match self.seed {
                Some(seed) if seed % 2 == 1 => Retrieval::Linked,
                _ => Retrieval::Auto,
            },
            context: Context::default(),
            seed: self.seed,
            ..Request::new(kind)
        }
    }

    /// Whether every item of an answer may be in it, on a phone like `ideal`.
    ///
    /// # Errors
    /// The rule that is broken.
    pub fn holds(&self, items: &[Recommendation], ideal: &Ideal, now_ms: i64) -> Checked {
        let personal = ideal.uses_profile(now_ms) && !self.non_profiling;
        let mut seen = BTreeSet::new();
        for given in items {
            let id = &given.item_id;
            let number = number_of(id).ok_or_else(|| format!("{id} is no item of the shop"))?;
            ensure(seen.insert(number), || format!("{id} comes twice"))?;
            ensure((0.0..=1.0).contains(&given.score), || format!("{id} has the score {}", given.score))?;
            ensure(ideal.is_offered(number, now_ms), || format!("{id} cannot be had"))?;
            ensure(self.exclude != Some(number), || format!("{id} was excluded"))?;
            let passes = match self.wanted {
                None => true,
                Some(Wanted::Category(wanted)) => ideal.category_of(number) == Some(wanted),
                Some(Wanted::NotBrand(unwanted)) => ideal.brand_of(number) != Some(unwanted),
                Some(Wanted::PriceUpTo(most)) => ideal.price_of(number).is_some_and(|price| price <= most),
            };
            ensure(passes, || format!("{id} fails the filter"))?;
            if let List::Trending(Some(wanted)) = self.list {
                ensure(ideal.category_of(number) == Some(wanted), || format!("{id} is of another category"))?;
            }
            if personal {
                ensure(!ideal.is_unwanted(number), || format!("{id} is muted or disliked"))?;
            } else {
                ensure(given.source != Source::Personal, || format!("{id} is personal"))?;
            }
            if given.source == Source::Pinned {
                continue;
            }
            let deeds = || ideal.kept.events.iter().map(|memory| &memory.deed);
            let was = match self.list {
                List::RecentlyViewed => deeds().any(|deed| *deed == Deed::View(number)),
                List::BuyAgain => {
                    deeds().any(|deed| matches!(deed, Deed::Buy(bought) if bought.contains(&number)))
                }
                _ => continue,
            };
            ensure(personal && was, || format!("{id} comes from a history that is not kept"))?;
        }
        Ok(())
    }
}

/// The number of an item by its id.
#[must_use]
pub fn number_of(id: &str) -> Option<u32> {
    id.strip_prefix("item-canary-")?.parse().ok()
}
