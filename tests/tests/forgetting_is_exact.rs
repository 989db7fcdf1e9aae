//! Promise 4: after `forget`, files, memory and answers are those of a phone that never saw the forgotten events.

use proptest::prelude::*;
use tastekeeper::mutants::{Mutant, with};
use tastekeeper::store::{Caps, SealedLog};
use tastekeeper::{Event, EventKind, Forget, Interest, PersonalizationLevel as Level, Recommender, Subject};
use tastekeeper_tests::phone::{
    CATEGORIES, ITEMS, Phone, START_MS, brand, category, category_of, item, view,
};
use tastekeeper_tests::promise::{Checked, answers, ensure, requests, same_answers};
use tastekeeper_tests::survival::holds_residue;

/// An event in numbers, so that the test can say by itself what forgetting leaves.
#[derive(Clone, Debug)]
enum Step {
    View(u32),
    Cart(u32),
    Buy(Vec<u32>),
    Rate(u32, f32),
    Browse(u32),
    Search(u32),
    Dislike(u32),
    DislikeBrand(u32),
    DislikeCategory(u32),
}

/// What is forgotten.
#[derive(Clone, Debug)]
enum Scope {
    Event(usize),
    Item(u32),
    Category(u32),
    Since(usize),
    Everything,
}

impl Step {
    fn event(&self, time_ms: i64) -> Event {
        match self {
            Self::View(number) => view(*number),
            Self::Cart(number) => Event::add_to_cart(item(*number)),
            Self::Buy(numbers) => Event::purchase(numbers.iter().map(|&number| item(number))),
            Self::Rate(number, value) => Event::of_item(EventKind::Rate(*value), item(*number)),
            Self::Browse(number) => {
                Event { category: Some(category(*number)), ..Event::new(EventKind::ViewCategory) }
            }
            Self::Search(number) => Event { query: Some(brand(*number)), ..Event::new(EventKind::Search) },
            Self::Dislike(number) => Event::not_interested(Subject::Item(item(*number))),
            Self::DislikeBrand(number) => Event::not_interested(Subject::Brand(brand(*number))),
            Self::DislikeCategory(number) => Event::not_interested(Subject::Category(category(*number))),
        }
        .at(time_ms)
    }

    /// What is left without the items that `gone` names.
    fn without_items(&self, gone: impl Fn(u32) -> bool) -> Option<Self> {
        match self {
            Self::View(number) | Self::Cart(number) | Self::Rate(number, _) | Self::Dislike(number) => {
                (!gone(*number)).then(|| self.clone())
            }
            Self::Buy(numbers) => {
                let left: Vec<u32> = numbers.iter().copied().filter(|&number| !gone(number)).collect();
                (!left.is_empty()).then_some(Self::Buy(left))
            }
            _ => Some(self.clone()),
        }
    }

    fn after(&self, place: usize, scope: &Scope) -> Option<Self> {
        match scope {
            Scope::Event(forgotten) => (place != *forgotten).then(|| self.clone()),
            Scope::Item(number) => self.without_items(|own| own == *number),
            Scope::Category(number) => match self {
                Self::Browse(own) | Self::DislikeCategory(own) if own == number => None,
                // Items beyond the shop's are in no category that the phone knows.
                _ => self.without_items(|own| own < ITEMS && category_of(own) == *number),
            },
            Scope::Since(first) => (place < *first).then(|| self.clone()),
            Scope::Everything => None,
        }
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let item = 0..ITEMS + 3;
    let step = prop_oneof![
        6 => item.clone().prop_map(Step::View),
        2 => item.clone().prop_map(Step::Cart),
        1 => prop::collection::vec(item.clone(), 1..4).prop_map(Step::Buy),
        1 => (item.clone(), prop_oneof![Just(-1.0_f32), Just(0.5)]).prop_map(|(number, value)| Step::Rate(number, value)),
        1 => (0..CATEGORIES).prop_map(Step::Browse),
        1 => (0..4_u32).prop_map(Step::Search),
        1 => item.prop_map(Step::Dislike),
        1 => (0..4_u32).prop_map(Step::DislikeBrand),
        1 => (0..CATEGORIES).prop_map(Step::DislikeCategory),
    ];
    prop::collection::vec(step, 1..40)
}

/// A history, what is forgotten of it, the orders of arrival, and whether the phone restarts in between.
#[derive(Clone, Debug)]
struct Case {
    steps: Vec<Step>,
    scope: Scope,
    late: Vec<bool>,
    restart: bool,
    later: Vec<Step>,
    interest: Option<(u32, bool)>,
}

fn cases() -> impl Strategy<Value = Case> {
    steps().prop_flat_map(|steps| {
        let count = steps.len();
        let scope = prop_oneof![
            2 => (0..count).prop_map(Scope::Event),
            3 => (0..ITEMS).prop_map(Scope::Item),
            2 => (0..CATEGORIES).prop_map(Scope::Category),
            2 => (0..count).prop_map(Scope::Since),
            1 => Just(Scope::Everything),
        ];
        (
            Just(steps),
            scope,
            prop::collection::vec(any::<bool>(), count),
            any::<bool>(),
            prop::collection::vec((0..ITEMS).prop_map(Step::View), 0..4),
            prop::option::of((0..CATEGORIES, any::<bool>())),
        )
            .prop_map(|(steps, scope, late, restart, later, interest)| Case {
                steps,
                scope,
                late,
                restart,
                later,
                interest,
            })
    })
}

const SECOND: i64 = 1_000;

/// Sends steps, each dated by its place; those marked late arrive after the others.
fn send(shop: &Recommender, steps: &[(usize, Step)], late: &[bool]) -> Result<(), String> {
    for wanted in [false, true] {
        for (place, step) in
            steps.iter().filter(|(place, _)| late.get(*place).copied().unwrap_or(false) == wanted)
        {
            let time_ms = START_MS + i64::try_from(*place).expect("a small number") * SECOND;
            shop.track(step.event(time_ms)).map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

/// The decrypted records of the history's log, in their order.
fn records(phone: &Phone) -> Result<Vec<Vec<u8>>, String> {
    SealedLog::open(phone.device.files(), phone.device.keys(), "p0", Caps::default())
        .map(|opened| opened.records.to_vec())
        .map_err(|error| error.to_string())
}

fn compare(what: &str, left: (&Phone, &Recommender), right: (&Phone, &Recommender)) -> Checked {
    let text = |error: tastekeeper::Error| error.to_string();
    ensure(records(left.0)? == records(right.0)?, || format!("{what}: the files hold different records"))?;
    ensure(left.1.history(1_000, None) == right.1.history(1_000, None), || {
        format!("{what}: the histories differ")
    })?;
    ensure(left.1.profile() == right.1.profile(), || format!("{what}: the profiles differ"))?;
    same_answers(what, &answers(left.1).map_err(text)?, &answers(right.1).map_err(text)?)?;
    let categories = |shop: &Recommender| shop.recommend_categories(10);
    ensure(categories(left.1) == categories(right.1), || format!("{what}: the categories differ"))?;
    ensure(
        left.1.stats().map(|stats| (stats.events, stats.unknown_items))
            == right.1.stats().map(|stats| (stats.events, stats.unknown_items)),
        || format!("{what}: the counts differ"),
    )
}

/// The answers that depend on nothing of the visit, such as what was shown in it.
fn lasting_answers(shop: &Recommender) -> Result<Vec<Vec<tastekeeper::Recommendation>>, String> {
    let lasting = requests().into_iter().filter(|request| request.rotation_rate == 0.0);
    lasting
        .map(|request| shop.recommend(request).map(|answer| answer.items).map_err(|error| error.to_string()))
        .collect()
}

fn forgetting_equals_never_having_seen(case: &Case) -> Checked {
    let text = |error: tastekeeper::Error| error.to_string();
    let after_all = START_MS + 1_000 * SECOND;
    let phones = [Phone::new(), Phone::new()];
    phones.iter().for_each(|phone| phone.clock.set(after_all));
    let [mut saw, never] = [phones[0].open_at(Level::OnDevice), phones[1].open_at(Level::OnDevice)];
    let all: Vec<(usize, Step)> = case.steps.iter().cloned().enumerate().collect();
    let left: Vec<(usize, Step)> =
        all.iter().filter_map(|(place, step)| Some((*place, step.after(*place, &case.scope)?))).collect();
    send(&saw, &all, &case.late)?;
    send(&never, &left, &case.late)?;
    if let Some((number, boost)) = case.interest {
        let interest = if boost { Interest::Boost } else { Interest::Mute };
        saw.set_interest(&category(number), interest).map_err(text)?;
        never.set_interest(&category(number), interest).map_err(text)?;
    }
    // Answers in between must leave no trace either.
    answers(&saw).map_err(text)?;
    if case.restart {
        drop(saw);
        saw = phones[0].open().map_err(text)?;
    }
    let scope = match &case.scope {
        Scope::Event(place) => {
            let time_ms = START_MS + i64::try_from(*place).expect("a small number") * SECOND;
            let history = saw.history(1_000, None).map_err(text)?;
            let entry = history.iter().find(|entry| entry.time_ms == time_ms).ok_or("an event is missing")?;
            Forget::Event(entry.event)
        }
        Scope::Item(number) => Forget::Item(item(*number)),
        Scope::Category(number) => Forget::Category(category(*number)),
        Scope::Since(place) => {
            Forget::Since(START_MS + i64::try_from(*place).expect("a small number") * SECOND)
        }
        Scope::Everything => Forget::Everything,
    };
    let old_file = phones[0].device.files().dump().remove("p0.log").unwrap_or_default();
    saw.forget(scope.clone()).map_err(text)?;
    never.forget(scope).map_err(text)?;
    ensure(!holds_residue(&(phones[0].device.files() as _), &old_file), || {
        "sealed bytes of before are left".into()
    })?;
    ensure(phones[0].device.keys().slots().iter().filter(|slot| slot.starts_with('p')).count() == 1, || {
        format!("keys: {:?}", phones[0].device.keys().slots())
    })?;
    compare("at once", (&phones[0], &saw), (&phones[1], &never))?;
    let later: Vec<(usize, Step)> = (500..).zip(case.later.iter().cloned()).collect();
    send(&saw, &later, &[])?;
    send(&never, &later, &[])?;
    compare("after more events", (&phones[0], &saw), (&phones[1], &never))?;
    let live = lasting_answers(&saw)?;
    drop((saw, never));
    let reopened = [phones[0].open().map_err(text)?, phones[1].open().map_err(text)?];
    same_answers("a restart", &live, &lasting_answers(&reopened[0])?)?;
    compare("after a restart", (&phones[0], &reopened[0]), (&phones[1], &reopened[1]))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_phone_that_forgot_is_a_phone_that_never_saw(case in cases()) {
        forgetting_equals_never_having_seen(&case).map_err(TestCaseError::fail)?;
    }
}

/// A case in which every wrong version shows.
fn telling_case(scope: Scope) -> Case {
    let mut steps: Vec<Step> = (0..12).map(Step::View).collect();
    steps.push(Step::Buy(vec![3, 4]));
    Case {
        steps,
        scope,
        late: Vec::new(),
        restart: false,
        later: vec![Step::View(20)],
        interest: Some((1, true)),
    }
}

#[test]
fn wrong_versions_are_seen() {
    for mutant in
        [Mutant::ForgetOnlyInMemory, Mutant::ForgetOnlyOnDisk, Mutant::ForgetKeepsProfile, Mutant::KeepOldKey]
    {
        let case = telling_case(Scope::Item(3));
        forgetting_equals_never_having_seen(&case).unwrap();
        let seen = with(mutant, || forgetting_equals_never_having_seen(&case));
        assert!(seen.is_err(), "{mutant:?} goes unseen");
    }
    let everything = telling_case(Scope::Everything);
    forgetting_equals_never_having_seen(&everything).unwrap();
}

#[test]
fn age_obeys_the_same_law() {
    let day = tastekeeper_tests::phone::DAY_MS;
    let phones = [Phone::new(), Phone::new()];
    let [saw, never] = [phones[0].open_at(Level::OnDevice), phones[1].open_at(Level::OnDevice)];
    for number in 0..5 {
        saw.track(view(number)).unwrap();
    }
    for phone in &phones {
        phone.clock.advance(60 * day);
    }
    for number in 10..15 {
        saw.track(view(number)).unwrap();
        never.track(view(number)).unwrap();
    }
    for phone in &phones {
        phone.clock.advance(31 * day);
    }
    assert_eq!(saw.level(), never.level());
    compare("old events", (&phones[0], &saw), (&phones[1], &never)).unwrap();
}
