//! The curves: a shop of 100 000 items, a shopper with 50 events who is asked for ten items, and one thing that varies.

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tastekeeper::model::Model;
use tastekeeper::store::Durability;
use tastekeeper::{
    Availability, Event, Filter, Item, MAX_CATALOG_ITEMS, RecommendationKind, Recommender, Request, Retrieval,
};
use tastekeeper_models::host::SystemRandom;

use crate::best::Best;
use crate::curve::{Curve, Field};
use crate::measure::{time, time_warm};
use crate::phone::Phone;
use crate::sample;

/// Where nothing else is said.
const ITEMS: u32 = 100_000;
/// Where nothing else is said.
const EVENTS: u32 = 50;
/// Turns of every point.
const ROUNDS: usize = 100;

/// Measures a curve; the folder is for what is kept.
type Measure = fn(&Path) -> Curve;

/// Every curve, by what varies.
pub(crate) const CURVES: [(&str, Measure); 5] = [
    ("items", |_| items()),
    ("history", history),
    ("k", |_| count()),
    ("filters", |_| filters()),
    ("selectivity", |_| selectivity()),
];

fn items() -> Curve {
    let shops: Vec<_> = [10_000, 31_000, 100_000, 316_000, 1_000_000]
        .into_iter()
        .map(|items| {
            let model = model(items);
            let shop = shop(&model, EVENTS);
            (items, model, shop)
        })
        .collect();
    let query = sample::query();
    let mut field = Field::new();
    for (items, model, shop) in &shops {
        let words = vec![1_u64; *items as usize * model.dim() / 2 / 8];
        let related = RecommendationKind::RelatedTo(sample::item(items / 3));
        field.enter("read the vectors' bytes", *items, move || {
            time_warm(|| black_box(&words).iter().fold(0_u64, |sum, word| sum.wrapping_add(*word)))
        });
        field.enter("bare scan", *items, || time_warm(|| Best::of(model, black_box(&query))));
        for (name, kind, retrieval) in [
            ("ForYou, exhaustive", RecommendationKind::ForYou, Retrieval::Exhaustive),
            ("ForYou, linked", RecommendationKind::ForYou, Retrieval::Linked),
            ("RelatedTo", related.clone(), Retrieval::Auto),
            ("RelatedTo, linked", related, Retrieval::Linked),
        ] {
            field.enter(name, *items, ask(shop, Request { retrieval, ..Request::new(kind) }));
        }
        let mut changed = Request { retrieval: Retrieval::Linked, ..for_you() };
        field.enter("ForYou, linked, changed", *items, move || {
            time_warm(|| {
                // Other signals than those of the call before, as after an event.
                changed.strength *= 0.9999;
                shop.recommend(changed.clone()).expect("a valid request")
            })
        });
    }
    Curve { name: "items", axis: "items of the shop", is_logarithmic: true, lines: field.measure(ROUNDS) }
}

fn history(folder: &Path) -> Curve {
    let model = model(ITEMS);
    let pack = folder.join("pack");
    fs::write(&pack, sample::pack(ITEMS)).expect("a sound disk");
    let shoppers: Vec<_> = [10, 50, 200, 1_000, 5_000]
        .into_iter()
        .map(|count| {
            let phone = Phone::prepare(folder.join(count.to_string()), &events(count), &pack);
            (count, phone, shop(&model, count))
        })
        .collect();
    let mut field = Field::new();
    for (count, phone, shop) in &shoppers {
        field.enter("recommend", *count, ask(shop, for_you()));
        field.enter("track", *count, || {
            let event = Event::view(sample::item(1));
            phone.opened(|shop| {
                shop.track(event.clone()).expect("a valid event");
                time(|| shop.track(event).expect("a valid event"))
            })
        });
        field.enter("open", *count, || time(|| phone.open(Durability::Process)));
        let pack = &pack;
        field.enter("open, model, first answer", *count, move || {
            time(|| {
                let shop = phone.open(Durability::Process);
                shop.load_model(pack).expect("just written");
                let answer = shop.recommend(for_you()).expect("a valid request");
                (shop, answer)
            })
        });
    }
    Curve {
        name: "history",
        axis: "events of the shopper",
        is_logarithmic: true,
        lines: field.measure(ROUNDS),
    }
}

fn count() -> Curve {
    let model = model(ITEMS);
    let shop = shop(&model, EVENTS);
    let mut field = Field::new();
    for count in [10, 20, 50, 100] {
        let related = Request::new(RecommendationKind::RelatedTo(sample::item(ITEMS / 3)));
        let linked = Request { retrieval: Retrieval::Linked, ..for_you() };
        for (name, request) in
            [("ForYou, exhaustive", for_you()), ("ForYou, linked", linked), ("RelatedTo", related)]
        {
            field.enter(name, count, ask(&shop, request.count(count as usize)));
        }
    }
    Curve { name: "k", axis: "items of the answer", is_logarithmic: true, lines: field.measure(ROUNDS) }
}

fn filters() -> Curve {
    let model = model(ITEMS);
    let shop = shop(&model, EVENTS);
    let names = |name: &str, count: u32| (0..count).map(|number| format!("{name}-{number}")).collect();
    // Each leaves more than a third, so that it is their number that counts.
    let all = [
        Filter::Availability(vec![Availability::InStock]),
        cheaper(70.0),
        Filter::InCategory(names("root", 25)),
        Filter::Brand(names("brand", 50)),
        Filter::AttributeIn { key: "colour".into(), values: names("colour", 2) },
    ];
    let mut field = Field::new();
    for count in 0..=all.len() {
        let filter = Filter::All(all[..count].to_vec());
        let x = f64::from(u32::try_from(count).expect("a few"));
        enter_both(&mut field, &shop, x, &filter);
    }
    let axis = "filters: stock, price, category, brand, attribute";
    Curve { name: "filters", axis, is_logarithmic: false, lines: field.measure(ROUNDS) }
}

fn selectivity() -> Curve {
    let model = model(ITEMS);
    let shop = shop(&model, EVENTS);
    let mut field = Field::new();
    for one_of in [1_u16, 2, 10, 100, 1_000] {
        // Prices are evenly spread from 0 to 100.
        enter_both(&mut field, &shop, f64::from(one_of), &cheaper(100.0 / f64::from(one_of)));
    }
    let axis = "one item of so many passes the filter (price)";
    Curve { name: "selectivity", axis, is_logarithmic: true, lines: field.measure(ROUNDS) }
}

fn enter_both<'a>(field: &mut Field<'a>, shop: &'a Recommender, x: f64, filter: &Filter) {
    for (name, retrieval) in
        [("ForYou, exhaustive", Retrieval::Exhaustive), ("ForYou, linked", Retrieval::Linked)]
    {
        let request = Request { retrieval, ..for_you() }.filter(filter.clone());
        field.enter(name, x, ask(shop, request));
    }
}

fn cheaper(max: f64) -> Filter {
    Filter::Price { min: None, max: Some(max) }
}

fn for_you() -> Request {
    Request::new(RecommendationKind::ForYou)
}

/// Turns of one request, whose answers are as long as asked for.
fn ask(shop: &Recommender, request: Request) -> impl FnMut() -> Duration + '_ {
    let answer = shop.recommend(request.clone()).expect("a valid request");
    assert_eq!(answer.items.len(), request.count, "as many items as asked for");
    move || time_warm(|| shop.recommend(black_box(request.clone())).expect("a valid request"))
}

fn model(items: u32) -> Arc<Model> {
    let key = sample::signing_key().public_key();
    Arc::new(Model::open(&sample::pack(items), &[key]).expect("just written"))
}

/// A shop in memory with a shopper of `count` events.
fn shop(model: &Arc<Model>, count: u32) -> Recommender {
    // A catalogue holds no more; the items beyond are those of the model alone.
    let listed =
        sample::catalogue(model.len().min(u32::try_from(MAX_CATALOG_ITEMS).expect("less than 2^32")));
    let catalogue = listed.into_iter().zip(0..).map(offered).collect();
    let all = sample::events(count, model.len());
    sample::shop(model, catalogue, all, SystemRandom)
}

fn events(count: u32) -> Vec<Event> {
    sample::events(count, ITEMS)
}

/// Stock, price and colour that have nothing to do with category and brand, which follow the number.
fn offered((item, number): (Item, u32)) -> Item {
    // Multiples of an irrational number spread evenly (Weyl 1916): here of the golden ratio and the roots of 2 and 3.
    let spread = |factor: u32, parts: u64| (u64::from(number.wrapping_mul(factor)) * parts) >> 32;
    let availability = match spread(1_779_033_703, 10) {
        0 => Availability::OutOfStock,
        _ => Availability::InStock,
    };
    let tenths = u32::try_from(spread(2_654_435_769, 1_000)).expect("below 1000");
    let price = Some(f64::from(tenths) / 10.0 + 0.05);
    let attributes = [("colour".to_owned(), format!("colour-{}", spread(3_144_134_277, 4)))].into();
    Item { availability, price, attributes, ..item }
}
