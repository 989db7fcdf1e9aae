//! A hard filter is never violated, in any kind, by any fallback, pin, boost or exploration; what cannot be had, what
//! the shopper is not interested in and what is muted is never shown.

use proptest::prelude::*;
use tastekeeper::mutants::{Mutant, with};
use tastekeeper::{
    Availability, Boost, Event, Filter, Interest, Item, ItemPatch, PersonalizationLevel as Level, Pin,
    RecommendationKind, Recommender, Request, Subject,
};
use tastekeeper_tests::phone::{
    CATEGORIES, ITEMS, Phone, brand, catalogue, category, category_of, item, view,
};
use tastekeeper_tests::promise::{Checked, ensure};

/// What the test knows of an item, without asking the engine.
struct Known {
    category: u32,
    brand: u32,
    price: Option<f64>,
    available: bool,
}

fn known(id: &str, catalogue: &[Item]) -> Known {
    let listed = catalogue.iter().find(|item| item.id == id);
    let number: u32 = id.rsplit('-').next().and_then(|text| text.parse().ok()).expect("a sample id");
    Known {
        category: category_of(number),
        brand: number % 4,
        price: listed.and_then(|item| item.price),
        available: listed.is_none_or(|item| item.availability.is_available()),
    }
}

/// The filter's meaning, written down a second time.
fn passes(filter: &Filter, item: &Known) -> bool {
    match filter {
        Filter::All(filters) => filters.iter().all(|filter| passes(filter, item)),
        Filter::Any(filters) => filters.iter().any(|filter| passes(filter, item)),
        Filter::Not(filter) => !passes(filter, item),
        Filter::InCategory(ids) => ids.contains(&category(item.category)),
        Filter::Brand(ids) => ids.contains(&brand(item.brand)),
        Filter::Price { min, max } => item
            .price
            .is_some_and(|price| min.is_none_or(|min| price >= min) && max.is_none_or(|max| price <= max)),
        _ => panic!("not generated"),
    }
}

fn filters() -> impl Strategy<Value = Filter> {
    let leaf = prop_oneof![
        prop::collection::vec((0..CATEGORIES).prop_map(category), 0..3).prop_map(Filter::InCategory),
        prop::collection::vec((0..4_u32).prop_map(brand), 0..3).prop_map(Filter::Brand),
        (0.0..30.0_f64, 0.0..40.0_f64)
            .prop_map(|(min, width)| Filter::Price { min: Some(min), max: Some(min + width) }),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Filter::All),
            prop::collection::vec(inner.clone(), 1..3).prop_map(Filter::Any),
            inner.prop_map(|filter| Filter::Not(Box::new(filter))),
        ]
    })
}

fn kinds() -> impl Strategy<Value = RecommendationKind> {
    use RecommendationKind::{
        BoughtWith, BuyAgain, ForYou, NewArrivals, RecentlyViewed, RelatedTo, Trending,
    };
    prop_oneof![
        3 => Just(ForYou),
        1 => (0..ITEMS).prop_map(|number| RelatedTo(item(number))),
        1 => (0..ITEMS).prop_map(|number| BoughtWith(vec![item(number)])),
        1 => Just(RecentlyViewed),
        1 => Just(BuyAgain),
        1 => Just(Trending(None)),
        1 => Just(NewArrivals(None)),
    ]
}

#[derive(Clone, Debug)]
struct Case {
    kind: RecommendationKind,
    filter: Filter,
    seen: Vec<u32>,
    muted: u32,
    disliked: u32,
    disliked_brand: Option<u32>,
    pins: Vec<u32>,
    boosted: u32,
    seed: u64,
    level: Level,
}

fn cases() -> impl Strategy<Value = Case> {
    (
        (kinds(), filters(), prop::collection::vec(0..ITEMS, 0..30), any::<u64>()),
        (0..CATEGORIES, 0..ITEMS, prop::option::of(0..4_u32)),
        prop::collection::vec(0..ITEMS, 0..3),
        0..CATEGORIES,
        prop_oneof![Just(Level::Off), Just(Level::Session), Just(Level::OnDevice)],
    )
        .prop_map(
            |((kind, filter, seen, seed), (muted, disliked, disliked_brand), pins, boosted, level)| Case {
                kind,
                filter,
                seen,
                muted,
                disliked,
                disliked_brand,
                pins,
                boosted,
                seed,
                level,
            },
        )
}

fn holds(case: &Case) -> Checked {
    let text = |error: tastekeeper::Error| error.to_string();
    let catalogue = catalogue(8);
    let shop: Recommender = Phone::new().open_at(case.level);
    shop.upsert_items(catalogue.clone()).map_err(text)?;
    let views = case.seen.iter().map(|&number| view(number));
    let bought = case.seen.iter().take(2).map(|&number| Event::purchase([item(number)]));
    shop.track_all(views.chain(bought).collect()).map_err(text)?;
    shop.track(Event::not_interested(Subject::Item(item(case.disliked)))).map_err(text)?;
    if let Some(number) = case.disliked_brand {
        shop.track(Event::not_interested(Subject::Brand(brand(number)))).map_err(text)?;
    }
    let remembers = case.level > Level::Off;
    if remembers {
        shop.set_interest(&category(case.muted), Interest::Mute).map_err(text)?;
    }
    let request = Request {
        pins: (1..)
            .zip(&case.pins)
            .map(|(position, &number)| Pin { item_id: item(number), position })
            .collect(),
        boosts: vec![Boost { filter: Filter::InCategory(vec![category(case.boosted)]), weight: 9.0 }],
        exploration_rate: Some(0.5),
        exclude_ids: vec![item(0)],
        ..Request::new(case.kind.clone()).filter(case.filter.clone()).seed(case.seed).count(20)
    };
    let mut answer = shop.recommend(request).map_err(text)?;
    let first_answer = answer.items.len();
    answer.items.extend(shop.recommend_next(&answer.recommendation_id, 20).map_err(text)?.items);
    let mut groups = std::collections::BTreeSet::new();
    for (place, given) in answer.items.iter().enumerate() {
        let id = &given.item_id;
        let item_known = known(id, &catalogue);
        ensure(passes(&case.filter, &item_known), || format!("{id} fails the filter ({:?})", given.source))?;
        ensure(item_known.available, || format!("{id} cannot be had"))?;
        ensure(*id != item(0), || "an excluded item is shown".into())?;
        if remembers {
            ensure(item_known.category != case.muted, || format!("{id} is muted"))?;
            ensure(*id != item(case.disliked), || format!("{id} is disliked"))?;
            ensure(Some(item_known.brand) != case.disliked_brand, || {
                format!("the brand of {id} is disliked")
            })?;
        }
        if place < first_answer
            && let Some(group) =
                catalogue.iter().find(|item| item.id == *id).and_then(|item| item.group_id.clone())
        {
            let first = groups.insert(group) || given.source == tastekeeper::Source::Pinned;
            ensure(first, || format!("a second variant, {id}"))?;
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_gets_past_a_filter(case in cases()) {
        holds(&case).map_err(TestCaseError::fail)?;
    }
}

#[test]
fn wrong_versions_are_seen() {
    let case = Case {
        kind: RecommendationKind::ForYou,
        filter: Filter::Price { min: Some(5.0), max: Some(45.0) },
        seen: vec![1, 2, 3],
        muted: 2,
        disliked: 7,
        disliked_brand: None,
        pins: vec![1],
        boosted: 2,
        seed: 4,
        level: Level::OnDevice,
    };
    holds(&case).unwrap();
    for mutant in [Mutant::IgnoreFilter, Mutant::PinIgnoresFilter, Mutant::MutedStillShown] {
        assert!(with(mutant, || holds(&case)).is_err(), "{mutant:?} goes unseen");
    }
    let all =
        Case { kind: RecommendationKind::Trending(None), filter: Filter::All(vec![]), pins: vec![], ..case };
    holds(&all).unwrap();
    assert!(with(Mutant::ShowOutOfStock, || holds(&all)).is_err());
}

#[test]
fn stock_counts_when_the_answer_is_given() {
    let shop = Phone::new().open_at(Level::OnDevice);
    shop.track(view(1)).unwrap();
    let request = || Request::new(RecommendationKind::ForYou).seed(1);
    let first = shop.recommend(request()).unwrap().items[0].item_id.clone();
    let gone = ItemPatch { availability: Some(Availability::OutOfStock), ..ItemPatch::new(&first) };
    shop.patch_items(vec![gone]).unwrap();
    assert!(shop.recommend(request()).unwrap().items.iter().all(|item| item.item_id != first));
    let back = ItemPatch { availability: Some(Availability::InStock), ..ItemPatch::new(&first) };
    shop.patch_items(vec![back]).unwrap();
    assert_eq!(shop.recommend(request()).unwrap().items[0].item_id, first);
    shop.remove_items(vec![first.clone()]).unwrap();
    assert!(shop.recommend(request()).unwrap().items.iter().all(|item| item.item_id != first));
}

#[test]
fn a_new_item_is_found_at_once() {
    let shop = Phone::new().open_at(Level::OnDevice);
    for number in [1, 7, 13, 19] {
        shop.track(view(number)).unwrap();
    }
    let new = |id: &str, number: u32| Item {
        category: vec![category(number)],
        brand: Some(brand(1)),
        ..Item::new(id)
    };
    shop.upsert_items(vec![new("new-fits", 1), new("new-other", 4)]).unwrap();
    let answer = shop.recommend(Request::new(RecommendationKind::ForYou).seed(1)).unwrap();
    let ids: Vec<&str> = answer.items.iter().map(|item| item.item_id.as_str()).collect();
    assert!(ids.contains(&"new-fits"), "{ids:?}");
    assert!(!ids.contains(&"new-other"), "{ids:?}");
    let related = shop.recommend(Request::new(RecommendationKind::RelatedTo("new-fits".into()))).unwrap();
    assert_eq!(
        category_of(related.items[0].item_id[12..].parse::<u32>().unwrap()),
        1,
        "a new item's neighbours"
    );
}

#[test]
fn one_category_does_not_fill_an_answer() {
    let shop = Phone::new().open_at(Level::OnDevice);
    shop.track_all([1, 7, 13, 19].map(view).into()).unwrap();
    let of_category = |diversity: Option<f64>| {
        let request = Request { diversity, ..Request::new(RecommendationKind::ForYou).seed(1).count(10) };
        let items = shop.recommend(request).unwrap().items;
        assert_eq!(items.len(), 10);
        items.iter().filter(|given| known(&given.item_id, &[]).category == 1).count()
    };
    assert!(of_category(Some(0.0)) > 6, "the shopper's category leads");
    assert!(of_category(None) <= 6, "six of ten by default");
}

#[test]
fn the_place_for_new_items_can_be_refused() {
    let shop = Phone::new().open_at(Level::OnDevice);
    shop.track(view(1)).unwrap();
    shop.upsert_items(catalogue(3)).unwrap();
    let has_new = |exploration_rate: Option<f64>| {
        let request = Request {
            exploration_rate,
            filter: Filter::Not(Box::new(Filter::InCategory(vec![category(1)]))),
            ..Request::new(RecommendationKind::ForYou).seed(1)
        };
        shop.recommend(request).unwrap().items.iter().any(|given| given.item_id.starts_with("new-"))
    };
    assert!(has_new(None));
    assert!(!has_new(Some(0.0)));
}
