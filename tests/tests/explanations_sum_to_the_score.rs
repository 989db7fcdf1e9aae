//! Promise 6: every recommendation explains itself, and the parts of the explanation add up to the score.

use proptest::prelude::*;
use tastekeeper::mutants::Mutant;
use tastekeeper::{
    Boost, Context, Event, EventKind, Filter, Interest, MinRelevance, PersonalizationLevel as Level, Pin,
    Reason, RecommendationKind, Recommender, Request, Subject, Via,
};
use tastekeeper_tests::phone::{CATEGORIES, ITEMS, Phone, brand, catalogue, category, item, view};
use tastekeeper_tests::promise::{Checked, ensure, must_catch};

/// How far the sum may be from the score.
const TOLERANCE: f64 = 1e-4;

fn explained(shop: &Recommender, request: Request) -> Checked {
    let text = |error: tastekeeper::Error| error.to_string();
    let mut answer = shop.recommend(request).map_err(text)?;
    let next = shop.recommend_next(&answer.recommendation_id, 7).map_err(text)?;
    answer.items.extend(next.items);
    for item in &answer.items {
        let explanation = shop.explain(&answer.recommendation_id, &item.item_id).map_err(text)?;
        let sum: f64 = explanation.parts.iter().map(|part| part.amount).sum();
        ensure((explanation.score - item.score).abs() == 0.0, || {
            "the explanation is of another score".into()
        })?;
        ensure((sum - item.score).abs() <= TOLERANCE, || {
            format!("{} at {}: parts give {sum}, the score is {}", item.item_id, item.position, item.score)
        })?;
        ensure((0.0..=1.0 + 1e-9).contains(&item.score), || {
            format!("the score {} is outside 0..1", item.score)
        })?;
        ensure((1..=3).contains(&item.reasons.len()), || format!("{} reasons", item.reasons.len()))?;
        ensure(explanation.parts.iter().all(|part| part.amount.is_finite()), || {
            "a part is not a number".into()
        })?;
    }
    Ok(())
}

fn kinds() -> impl Strategy<Value = RecommendationKind> {
    let number = 0..ITEMS;
    prop_oneof![
        4 => Just(RecommendationKind::ForYou),
        2 => number.clone().prop_map(|number| RecommendationKind::RelatedTo(item(number))),
        2 => prop::collection::vec(number, 1..4)
            .prop_map(|numbers| RecommendationKind::BoughtWith(numbers.into_iter().map(item).collect())),
        1 => Just(RecommendationKind::RecentlyViewed),
        1 => Just(RecommendationKind::BuyAgain),
        1 => Just(RecommendationKind::Trending(None)),
        1 => (0..CATEGORIES).prop_map(|number| RecommendationKind::Trending(Some(category(number)))),
        1 => Just(RecommendationKind::NewArrivals(None)),
    ]
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let number = 0..ITEMS;
    let event = prop_oneof![
        6 => number.clone().prop_map(view),
        2 => number.clone().prop_map(|number| Event::add_to_cart(item(number))),
        1 => number.clone().prop_map(|number| Event::purchase([item(number)])),
        1 => (number.clone(), -1.0_f32..=1.0).prop_map(|(number, value)| Event::of_item(EventKind::Rate(value), item(number))),
        1 => number.prop_map(|number| Event::not_interested(Subject::Item(item(number)))),
        1 => (0..4_u32).prop_map(|number| Event { query: Some(brand(number)), ..Event::new(EventKind::Search) }),
        1 => (0..CATEGORIES).prop_map(|number| Event { category: Some(category(number)), ..Event::new(EventKind::ViewCategory) }),
    ];
    prop::collection::vec(event, 0..80)
}

fn requests() -> impl Strategy<Value = Request> {
    let share = 0.0..=1.0_f64;
    (
        (kinds(), 1..30_usize, prop::option::of(share.clone()), share.clone(), share.clone(), any::<u64>()),
        prop::collection::vec((0..CATEGORIES, -10.0..=10.0_f64), 0..3),
        prop::option::of((0..ITEMS, 1..5_usize)),
        prop::option::of(0..ITEMS),
        prop::option::of(share),
        prop_oneof![Just(MinRelevance::Low), Just(MinRelevance::High)],
    )
        .prop_map(
            |(
                (kind, count, diversity, rotation_rate, strength, seed),
                boosts,
                pin,
                context,
                exploration,
                min,
            )| Request {
                count,
                diversity,
                rotation_rate,
                strength,
                seed: Some(seed),
                boosts: boosts
                    .into_iter()
                    .map(|(number, weight)| Boost {
                        filter: Filter::InCategory(vec![category(number)]),
                        weight,
                    })
                    .collect(),
                pins: pin
                    .into_iter()
                    .map(|(number, position)| Pin { item_id: item(number), position: position.min(count) })
                    .collect(),
                context: Context { item: context.map(item), ..Context::default() },
                exploration_rate: exploration,
                min_relevance: min,
                ..Request::new(kind)
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_parts_add_up(
        events in events(),
        requests in prop::collection::vec(requests(), 1..6),
        level in prop_oneof![Just(Level::Off), Just(Level::Session), Just(Level::OnDevice)],
        interest in prop::option::of((0..CATEGORIES, any::<bool>())),
        new_items in 0..6_u32,
    ) {
        let shop = Phone::new().open_at(level);
        shop.upsert_items(catalogue(new_items)).unwrap();
        shop.track_all(events).unwrap();
        if let (Some((number, boost)), true) = (interest, level > Level::Off) {
            shop.set_interest(&category(number), if boost { Interest::Boost } else { Interest::Mute }).unwrap();
        }
        for request in requests {
            explained(&shop, request).map_err(TestCaseError::fail)?;
        }
    }
}

#[test]
fn a_missing_part_is_seen() {
    must_catch(Mutant::ExplanationDropsTransitions, || {
        let shop = Phone::new().open_at(Level::OnDevice);
        for number in 0..5 {
            shop.track(view(number)).map_err(|error| error.to_string())?;
        }
        explained(&shop, Request::new(RecommendationKind::ForYou).seed(1))
    });
}

#[test]
fn what_is_not_wanted_any_more_speaks_for_nothing() {
    let shop = Phone::new().open_at(Level::OnDevice);
    shop.track_all(vec![view(0), view(1)]).unwrap();
    shop.track(Event::not_interested(Subject::Item(item(1)))).unwrap();
    let answer = shop.recommend(Request::new(RecommendationKind::ForYou).seed(1)).unwrap();
    let mut seen = 0;
    for given in &answer.items {
        for part in shop.explain(&answer.recommendation_id, &given.item_id).unwrap().parts {
            if part.reason == Some(Reason::Viewed(item(1))) {
                assert_eq!(part.via, Via::Demotion, "{part:?}");
                seen += 1;
            }
        }
    }
    assert!(seen > 0, "its lookalikes sink");
}

#[test]
fn unknown_answers_and_items_are_named() {
    let shop = Phone::new().open_at(Level::Off);
    let field = |result: tastekeeper::Result<tastekeeper::Explanation>| match result {
        Err(tastekeeper::Error::InvalidArgument { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    let answer = shop.recommend(Request::new(RecommendationKind::ForYou)).unwrap();
    assert_eq!(field(shop.explain("unknown", &item(0))), "recommendation_id");
    assert_eq!(field(shop.explain(&answer.recommendation_id, "unknown")), "item_id");
}
