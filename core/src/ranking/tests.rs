//! The pool against a plain loop over all items, for shops and requests that are drawn.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::admission::{Admission, Gates};
use super::candidates::{Candidate, SearchRoom, first_pool_size, scored, sort};
use super::extras::{Extras, ExtrasRoom};
use super::filter::{Compiled, Filter};
use super::place::{Caps, PlaceRoom, diversify, places_for_others};
use super::pool::{Pool, PoolRoom};
use super::query::Query;
use super::request::{Boost, RecommendationKind, Request, Retrieval, Source};
use super::{Extra, Person};
use crate::catalog::{Availability, Item, SymbolKind, View};
use crate::model::{Model, PublicKey};
use crate::profile::Profile;
use crate::sensitive::DenyList;

const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/scenarios/files/");
const NOW_MS: i64 = 1_767_225_600_000;

struct Draws(u64);

impl Draws {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn number(&mut self, bound: u16) -> f64 {
        f64::from(self.short(bound))
    }

    fn short(&mut self, bound: u16) -> u16 {
        u16::try_from(self.below(u64::from(bound))).unwrap()
    }
}

fn model() -> Arc<Model> {
    let key = PublicKey::parse(&std::fs::read_to_string(format!("{FILES}shop.pub")).unwrap()).unwrap();
    let pack = std::fs::read(format!("{FILES}shop.tkpack")).unwrap();
    Arc::new(Model::open(&pack, &[key]).unwrap())
}

/// The shop's items, most with a price, a few with other categories, and `new` ones that the model does not know.
fn view(model: &Arc<Model>, draws: &mut Draws, new: usize) -> View {
    let mut items: BTreeMap<String, Option<Item>> = BTreeMap::new();
    let known = (0..model.len()).map(|index| model.id(index).unwrap().to_owned());
    for id in known.chain((0..new).map(|number| format!("new-{number:04}"))) {
        let mut item = Item::new(&id);
        item.price = (draws.below(8) > 0).then(|| draws.number(1_000));
        item.availability = match draws.below(10) {
            0 => Availability::OutOfStock,
            1 => Availability::PreOrder,
            2 => Availability::Discontinued,
            _ => Availability::InStock,
        };
        item.created_at_ms =
            (draws.below(2) > 0).then(|| NOW_MS - i64::from(draws.short(1_000)) * 86_400_000);
        item.expires_at_ms = (draws.below(6) == 0).then(|| NOW_MS + i64::from(draws.short(3)) - 1);
        if id.starts_with("new") || draws.below(5) == 0 {
            item.category = vec!["own".into(), format!("own-{}", draws.below(3))];
            item.brand = Some(format!("brand-{}", draws.below(40)));
        }
        if draws.below(9) > 0 {
            items.insert(id, (draws.below(30) > 0).then_some(item));
        }
    }
    View::new(Some(model.clone()), &items, DenyList::default())
}

fn filter(draws: &mut Draws, depth: u64) -> Filter {
    let many = |draws: &mut Draws| (0..draws.below(4)).map(|_| filter(draws, depth + 1)).collect();
    match draws.below(if depth < 3 { 9 } else { 6 }) {
        0 => {
            let min = draws.number(1_000);
            Filter::Price { min: (draws.below(3) > 0).then_some(min), max: Some(min + draws.number(300)) }
        }
        1 => Filter::Availability(vec![Availability::InStock, Availability::OutOfStock]),
        2 => Filter::CreatedAfter(NOW_MS - i64::from(draws.short(1_000)) * 86_400_000),
        3 => Filter::InCategory((0..draws.below(3)).map(|number| format!("own-{number}")).collect()),
        4 => Filter::Brand((0..draws.below(20)).map(|number| format!("brand-{number}")).collect()),
        5 => Filter::Price { min: Some(draws.number(20)), max: None },
        6 => Filter::All(many(draws)),
        7 => Filter::Any(many(draws)),
        _ => Filter::Not(Box::new(filter(draws, depth + 1))),
    }
}

/// Whether an item is what a filter asks for, without compiling it.
fn holds(filter: &Filter, view: &View, index: u32) -> bool {
    let has = |kind, names: &[String]| {
        let symbols: Vec<Option<u32>> = names.iter().map(|name| view.symbol(kind, name)).collect();
        view.has_symbol(index, |symbol| symbols.contains(&Some(symbol)))
    };
    match filter {
        Filter::All(filters) => filters.iter().all(|filter| holds(filter, view, index)),
        Filter::Any(filters) => filters.iter().any(|filter| holds(filter, view, index)),
        Filter::Not(filter) => !holds(filter, view, index),
        Filter::InCategory(names) => has(SymbolKind::Category, names),
        Filter::Brand(names) => has(SymbolKind::Brand, names),
        Filter::Price { min, max } => view
            .price(index)
            .is_some_and(|price| min.is_none_or(|min| price >= min) && max.is_none_or(|max| price <= max)),
        Filter::Availability(states) => states.contains(&view.availability(index)),
        Filter::CreatedAfter(time_ms) => view.created_at_ms(index).is_some_and(|created| created >= *time_ms),
        Filter::AttributeIn { .. } | Filter::SameAsContextItem(_) => panic!("is not drawn"),
    }
}

/// What gates refer to, used again and again.
#[derive(Default)]
struct GatesRoom {
    filters: Compiled,
    hidden: Vec<u32>,
}

fn gates<'a>(view: &'a View, request: &Request, draws: &mut Draws, room: &'a mut GatesRoom) -> Gates<'a> {
    let GatesRoom { filters, hidden } = room;
    hidden.clear();
    hidden.extend((0..draws.below(9)).map(|_| u32::try_from(draws.below(view.len() as u64)).unwrap()));
    hidden.sort_unstable();
    filters.clear();
    // It is not always the first one.
    let category = (draws.below(4) == 0).then(|| filters.add_category(view, "own"));
    let filter = filters.add(&request.filter, view, request);
    let muted = if draws.below(3) == 0 { &[1, 3][..] } else { &[] };
    Gates { view, now_ms: NOW_MS, filters, filter, category, hidden, muted }
}

fn indices(candidates: &[Candidate]) -> Vec<u32> {
    candidates.iter().map(|candidate| candidate.index).collect()
}

#[test]
fn a_filter_over_all_items_admits_what_it_admits_one_by_one() {
    let (model, mut draws) = (model(), Draws(1));
    let (mut rare, mut room) = (0, GatesRoom::default());
    for _ in 0..300 {
        let view = view(&model, &mut draws, 40);
        let request = Request::new(RecommendationKind::ForYou).filter(filter(&mut draws, 0));
        let gates = gates(&view, &request, &mut draws, &mut room);
        let all = || (0..).take(view.len());
        for index in all() {
            assert_eq!(gates.filters.holds(gates.filter, &view, index), holds(&request.filter, &view, index));
        }
        let expected: Vec<u32> = all().filter(|&index| gates.admit(index)).collect();
        assert_eq!(all().filter(|&index| gates.bits().contains(index)).collect::<Vec<_>>(), expected);
        let mut admission = Admission::new(&gates);
        assert_eq!(all().filter(|&index| admission.admit(index)).collect::<Vec<_>>(), expected);
        rare += usize::from(admission.rare().is_some());
    }
    assert!(rare > 20, "too few of the drawn filters let little through: {rare}");
}

#[test]
fn what_changes_of_an_item_changes_what_a_filter_admits() {
    let (model, mut draws) = (model(), Draws(2));
    let mut view = view(&model, &mut draws, 10);
    let with_brand = |view: &View, brand: &str| {
        let brand = view.symbol(SymbolKind::Brand, brand);
        let bits = view.with_symbols(brand);
        (0..).take(view.len()).filter(|&index| bits.contains(index)).collect::<Vec<u32>>()
    };
    assert!(!with_brand(&view, "brand-1").is_empty());
    let item = Item { brand: Some("brand-1".into()), price: Some(7.5), ..Item::new("later") };
    view.apply("later", Some(&item));
    let later = view.index_of("later").unwrap();
    assert!(with_brand(&view, "brand-1").contains(&later));
    assert!(view.with_price(7.5, 7.5).contains(later));
    view.apply("later", Some(&Item { brand: Some("brand-2".into()), ..item }));
    assert!(!with_brand(&view, "brand-1").contains(&later) && with_brand(&view, "brand-2").contains(&later));
    view.apply("later", None);
    assert!(!with_brand(&view, "brand-2").contains(&later) && !view.offered(NOW_MS).contains(later));
}

#[test]
fn a_query_asked_again_is_as_one_asked_for_the_first_time() {
    let (model, mut draws) = (model(), Draws(8));
    let mut shop = view(&model, &mut draws, 3);
    let known = |number: u32| model.id(number).unwrap().to_owned();
    let mut kept = Query::default();
    let (mut repeated, mut before) = (0, None);
    for round in 0..400 {
        if draws.below(8) == 0 {
            // What a new item is like follows from what it is.
            let category = vec![view_category(&shop, draws.short(40))];
            shop.apply("new-0001", Some(&Item { category, ..Item::new("new-0001") }));
            before = None;
        }
        if draws.below(40) == 0 {
            shop = view(&model, &mut draws, 3).after(&shop);
            before = None;
        }
        let kind = match draws.below(8) {
            0..2 => RecommendationKind::RelatedTo("new-0001".into()),
            2..4 => RecommendationKind::RelatedTo(known(0)),
            4..6 => RecommendationKind::BoughtWith(vec![known(0)]),
            6 => RecommendationKind::Trending(None),
            _ => RecommendationKind::NewArrivals(None),
        };
        repeated += usize::from(before.replace(kind.clone()) == Some(kind.clone()));
        let request = Request::new(kind);
        let mut fresh = Query::default();
        fresh.ask(&shop, &request, None);
        kept.ask(&shop, &request, None);
        let found = |query: &Query| {
            let relevances = (0..).take(shop.len()).map(|index| {
                let mut vector = vec![0.0; model.dim()];
                shop.write_vector(index, &mut vector);
                query.relevance(index, &vector).to_bits()
            });
            (query.linked().collect::<Vec<_>>(), relevances.collect::<Vec<_>>())
        };
        assert_eq!(found(&kept), found(&fresh), "round {round}");
    }
    assert!(repeated > 20, "too few were asked again: {repeated}");
}

/// The name of one of the model's categories.
fn view_category(view: &View, number: u16) -> String {
    let categories = (0..view.symbol_count()).map(|symbol| view.symbol_name(symbol));
    let mut names = categories.filter(|(kind, _)| *kind == SymbolKind::Category).map(|(_, name)| name);
    names.nth(usize::from(number)).expect("the shop has so many").to_owned()
}

#[test]
fn the_pool_holds_the_best_of_all_admitted_items() {
    let (model, mut draws) = (model(), Draws(3));
    let (mut gates_room, mut extras_room) = (GatesRoom::default(), ExtrasRoom::default());
    let mut room = SearchRoom::default();
    let (mut found, mut linked) = (Vec::new(), Vec::new());
    let (profile, interests) = (Profile::default(), BTreeMap::new());
    for round in 0..100 {
        let view = view(&model, &mut draws, if round % 3 == 0 { 60 } else { 0 });
        let item = model.id(u32::try_from(draws.below(u64::from(model.len()))).unwrap()).unwrap();
        let mut request = Request {
            diversity: Some(0.0),
            boosts: (0..draws.below(3))
                .map(|_| Boost { filter: filter(&mut draws, 2), weight: draws.number(8) - 4.0 })
                .collect(),
            ..Request::new(RecommendationKind::RelatedTo(item.to_owned()))
        };
        if round % 2 == 0 {
            request.filter = filter(&mut draws, 0);
        }
        let gates = gates(&view, &request, &mut draws, &mut gates_room);
        // Each shop is another one, whatever its revision.
        let mut query = Query::default();
        query.ask(&view, &request, None);
        let best = |extras: &Extras<'_>, count| {
            let admitted = (0..).take(view.len()).filter(|&index| gates.admit(index));
            let mut best: Vec<Candidate> = admitted.map(|index| extras.candidate(index)).collect();
            sort(&view, &mut best);
            best.truncate(count);
            best
        };
        let mut shown = BTreeMap::new();
        if round % 4 < 2 {
            // More than the pool holds, most of them just now, some so long ago that it hardly counts.
            request.rotation_rate = 1.0;
            let longest_ms = i64::from(request.rotation_seconds) * 1_000;
            for candidate in best(&Extras::new(&view, &request, None, NOW_MS, &query, &mut extras_room), 120)
            {
                let age_ms = if draws.below(8) > 0 { 0 } else { longest_ms - 1 };
                shown.insert(view.id(candidate.index).to_owned(), NOW_MS - age_ms);
            }
        }
        let person = Person { profile: &profile, interests: &interests, shown: &shown };
        let extras = Extras::new(&view, &request, Some(person), NOW_MS, &query, &mut extras_room);
        let expected = best(&extras, 10);
        scored(&gates, &extras, &query, &request, 50, &mut room, &mut found);
        found.truncate(10);
        assert_eq!(indices(&found), indices(&expected), "round {round}");
        // Links may miss some, but never fill an answer less.
        request.retrieval = Retrieval::Linked;
        scored(&gates, &extras, &query, &request, 50, &mut room, &mut linked);
        assert!(linked.len() >= found.len(), "round {round}");
        assert!(linked.iter().all(|candidate| gates.admit(candidate.index)));
    }
}

#[test]
fn where_one_category_fills_the_pool_the_best_others_are_there() {
    let (model, mut draws) = (model(), Draws(4));
    let mut crowded = 0;
    let (mut room, mut pool_room, mut found) = (GatesRoom::default(), PoolRoom::default(), Vec::new());
    for _ in 0..300 {
        let view = view(&model, &mut draws, 0);
        let request = Request::new(RecommendationKind::ForYou);
        let gates = gates(&view, &request, &mut draws, &mut room);
        let others = places_for_others(request.count);
        let favourite = view.leaf_category(u32::try_from(draws.below(u64::from(model.len()))).unwrap());
        let size = 12;
        let mut scores: Vec<(f32, u32)> = (0..)
            .take(view.len())
            .map(|index| {
                let extra = if view.leaf_category(index) == favourite { 300.0 } else { 0.0 };
                (extra + f32::from(draws.short(400)), index)
            })
            .collect();
        let mut pool = Pool::new(&view, f32::NEG_INFINITY, size, others, &mut pool_room);
        let mut admission = Admission::new(&gates);
        scores.iter().for_each(|&(score, index)| pool.offer(index, score, &mut admission));
        pool.write(&mut found);
        found.sort_unstable();
        scores.retain(|(_, index)| gates.admit(*index));
        scores.sort_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1)));
        let best: Vec<u32> = scores.iter().map(|(_, index)| *index).take(size).collect();
        let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
        best.iter()
            .filter_map(|&index| view.leaf_category(index))
            .for_each(|own| *counts.entry(own).or_default() += 1);
        let most = counts.iter().max_by_key(|(_, count)| **count).map(|(own, count)| (*own, *count));
        let mut expected = best.clone();
        if let Some((crowd, count)) = most.filter(|(_, count)| best.len() == size && size - count < others) {
            crowded += 1;
            assert!(count > 0);
            expected.retain(|&index| view.leaf_category(index) == Some(crowd));
            let rest = scores.iter().map(|(_, index)| *index);
            expected.extend(rest.filter(|&index| view.leaf_category(index) != Some(crowd)).take(others));
        }
        expected.sort_unstable();
        assert_eq!(found, expected);
    }
    assert!(crowded > 30, "too few pools were crowded: {crowded}");
}

#[test]
fn the_popularity_of_categories_follows_every_change() {
    let (model, mut draws) = (model(), Draws(5));
    let mut view = view(&model, &mut draws, 0);
    for place in 0..40 {
        let id = model.id(place % model.len()).unwrap();
        let mut item = Item::new(id);
        item.category = vec![format!("own-{}", draws.below(3))];
        view.apply(id, (draws.below(4) > 0).then_some(&item));
        let mut expected: BTreeMap<u32, f64> = BTreeMap::new();
        for index in 0..model.len() {
            if let Some(category) = view.leaf_category(index) {
                *expected.entry(category).or_default() += f64::from(model.popularity(index));
            }
        }
        assert_eq!(view.category_popularity(), &expected, "after {} changes", place + 1);
    }
}

#[test]
fn variety_is_what_comparing_every_pair_chooses() {
    let (model, mut draws) = (model(), Draws(6));
    let view = view(&model, &mut draws, 30);
    let vector = |index| {
        let mut vector = vec![0.0; model.dim()];
        view.write_vector(index, &mut vector);
        vector
    };
    let vectors: Vec<f32> = (0..).take(view.len()).flat_map(vector).collect();
    let (mut moved, mut room) = (0, PlaceRoom::default());
    for round in 0..400_u32 {
        let mut pool: Vec<Candidate> = (0..)
            .take(view.len())
            // Few values, so that some are equal.
            .map(|index| (index, draws.number(if round % 2 == 0 { 8 } else { 1_000 })))
            .filter(|(index, _)| (index + round) % 4 > 0)
            .map(|(index, raw)| Candidate {
                index,
                row: index as usize,
                raw,
                relevance: raw,
                main: (Extra::Popularity, 0.0),
                source: Source::Popular,
            })
            .collect();
        sort(&view, &mut pool);
        pool.truncate(usize::from(draws.short(60)));
        let count = 1 + usize::from(draws.short(30));
        let diversity = (1.0 + draws.number(10)) / 10.0;
        let caps = Caps::new(diversity, count.min(pool.len()));
        let (best, worst) = (pool.first(), pool.iter().take(first_pool_size(count)).next_back());
        let (best, worst) = best.zip(worst).map_or((0.0, 0.0), |(best, worst)| (best.raw, worst.raw));
        let mut left = pool.clone();
        let mut expected: Vec<u32> = Vec::new();
        while expected.len() < count && !left.is_empty() {
            let cap = if expected.len() < caps.first_places { caps.first } else { caps.all };
            let value = |candidate: &Candidate| {
                let own = vector(candidate.index);
                let cosines =
                    expected.iter().map(|&chosen| tastekeeper_kernels::dense::dot(&own, &vector(chosen)));
                let most = cosines.map(f64::from).fold(0.0, f64::max);
                (1.0 - diversity) * ((candidate.raw - worst) / (best - worst).max(1e-9)) - diversity * most
            };
            let is_free = |candidate: &Candidate| {
                let category = view.leaf_category(candidate.index);
                let alike = expected.iter().filter(|&&chosen| view.leaf_category(chosen) == category);
                category.is_none() || alike.count() < cap
            };
            let any_free = left.iter().any(is_free);
            let places = (0..left.len()).filter(|&place| !any_free || is_free(&left[place]));
            let place =
                places.min_by(|&one, &other| value(&left[other]).total_cmp(&value(&left[one]))).unwrap();
            moved += usize::from(place > 0);
            expected.push(left.remove(place).index);
        }
        diversify(&view, &mut pool, &vectors, count, diversity, &mut room);
        assert_eq!(indices(&room.chosen), expected, "round {round}");
        assert_eq!(indices(&pool), indices(&left), "round {round}");
    }
    assert!(moved > 1_000, "too few places were not the most relevant item's: {moved}");
}
