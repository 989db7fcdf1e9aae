//! Gifts and private sessions: the shopper says what must not speak for them.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tastekeeper::mutants::Mutant;
use tastekeeper::store::{Caps, SealedLog};
use tastekeeper::{
    Error, Event, EventKind, Forget, HistoryAction, PersonalizationLevel as Level, Recommender, Tracked,
};
use tastekeeper_tests::phone::{
    CATEGORIES, ITEMS, Phone, START_MS, category, category_of, consent, item, view,
};
use tastekeeper_tests::promise::{Checked, answers, ensure, must_catch, same_answers};
use tastekeeper_tests::survival::holds_residue;

fn text(error: Error) -> String {
    error.to_string()
}

/// What was done with items, in numbers.
#[derive(Clone, Debug)]
enum Step {
    View(u32),
    Cart(u32),
    Wish(u32),
    Rate(u32, f32),
    Buy(Vec<u32>),
}

impl Step {
    fn event(&self, time_ms: i64) -> Event {
        match self {
            Self::View(number) => view(*number),
            Self::Cart(number) => Event::add_to_cart(item(*number)),
            Self::Wish(number) => Event::of_item(EventKind::AddToWishlist, item(*number)),
            Self::Rate(number, value) => Event::of_item(EventKind::Rate(*value), item(*number)),
            Self::Buy(numbers) => Event::purchase(numbers.iter().map(|&number| item(number))),
        }
        .at(time_ms)
    }

    /// The part that is learned from and the part that is not, when the items that `gift` names are gifts.
    fn split(&self, gift: impl Fn(u32) -> bool) -> (Option<Self>, Option<Self>) {
        match self {
            Self::Buy(numbers) => {
                let (gifts, own): (Vec<u32>, Vec<u32>) = numbers.iter().partition(|&&number| gift(number));
                let some = |numbers: Vec<u32>| (!numbers.is_empty()).then_some(Self::Buy(numbers));
                (some(own), some(gifts))
            }
            Self::View(number) | Self::Cart(number) | Self::Wish(number) | Self::Rate(number, _) => {
                if gift(*number) { (None, Some(self.clone())) } else { (Some(self.clone()), None) }
            }
        }
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let item = 0..12_u32;
    let step = prop_oneof![
        4 => item.clone().prop_map(Step::View),
        2 => item.clone().prop_map(Step::Cart),
        1 => item.clone().prop_map(Step::Wish),
        1 => (item.clone(), prop_oneof![Just(-1.0_f32), Just(1.0)]).prop_map(|(number, value)| Step::Rate(number, value)),
        2 => prop::collection::vec(item, 1..4).prop_map(Step::Buy),
    ];
    prop::collection::vec(step, 1..20)
}

/// The decrypted records of the history's log.
fn records(phone: &Phone) -> Result<Vec<Vec<u8>>, String> {
    SealedLog::open(phone.device.files(), phone.device.keys(), "p0", Caps::default())
        .map(|opened| opened.records.to_vec())
        .map_err(text)
}

fn same(what: &str, left: (&Phone, &Recommender), right: (&Phone, &Recommender)) -> Checked {
    ensure(records(left.0)? == records(right.0)?, || format!("{what}: the files hold different records"))?;
    ensure(left.1.history(1_000, None) == right.1.history(1_000, None), || {
        format!("{what}: the histories differ")
    })?;
    ensure(left.1.profile() == right.1.profile(), || format!("{what}: the profiles differ"))?;
    same_answers(what, &answers(left.1).map_err(text)?, &answers(right.1).map_err(text)?)
}

/// A phone told afterwards is a phone told at once; told the opposite, it is one that was never told.
fn a_gift_told_later_is_a_gift(
    steps: &[Step],
    scope: &Forget,
    is_gift: impl Fn(u32) -> bool + Copy,
) -> Checked {
    let phones = [Phone::new(), Phone::new()];
    let [told_later, told_at_once] = [phones[0].open_at(Level::OnDevice), phones[1].open_at(Level::OnDevice)];
    for (place, step) in (1..).zip(steps) {
        let time_ms = START_MS - 1_000 + place;
        told_later.track(step.event(time_ms)).map_err(text)?;
        let (own, gift) = step.split(is_gift);
        if let Some(step) = own {
            told_at_once.track(step.event(time_ms)).map_err(text)?;
        }
        if let Some(step) = gift {
            told_at_once.track(step.event(time_ms).as_gift()).map_err(text)?;
        }
    }
    let before = phones[0].device.files().dump().remove("p0.log").unwrap_or_default();
    told_later.set_learning(scope.clone(), false).map_err(text)?;
    ensure(!holds_residue(&(phones[0].device.files() as _), &before), || {
        "the sealed bytes of before are left".into()
    })?;
    same("told later", (&phones[0], &told_later), (&phones[1], &told_at_once))?;
    ensure(told_later.set_learning(scope.clone(), false).map_err(text)? == 0, || "told twice".into())?;
    drop((told_later, told_at_once));
    let [told_later, told_at_once] = [phones[0].open().map_err(text)?, phones[1].open().map_err(text)?];
    same("after a restart", (&phones[0], &told_later), (&phones[1], &told_at_once))?;
    // Only cart and wish list know of gifts.
    let never = Phone::new();
    let never_saw = never.open_at(Level::OnDevice);
    for (place, step) in (1..).zip(steps) {
        if let Some(step) = step.split(is_gift).0 {
            never_saw.track(step.event(START_MS - 1_000 + place)).map_err(text)?;
        }
    }
    let (with, without) = (told_later.profile().map_err(text)?, never_saw.profile().map_err(text)?);
    ensure(with.categories == without.categories && with.brands == without.brands, || {
        "gifts are in the shares".into()
    })?;
    ensure(with.bad_ratings == without.bad_ratings && with.purchases == without.purchases, || {
        "gifts are among ratings or purchases".into()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_item_can_be_a_gift(steps in steps(), number in 0..12_u32) {
        a_gift_told_later_is_a_gift(&steps, &Forget::Item(item(number)), |own| own == number)
            .map_err(TestCaseError::fail)?;
    }

    #[test]
    fn a_category_can_be_for_others(steps in steps(), number in 0..CATEGORIES) {
        a_gift_told_later_is_a_gift(&steps, &Forget::Category(category(number)), |own| category_of(own) == number)
            .map_err(TestCaseError::fail)?;
    }
}

#[test]
fn a_gift_that_is_learned_from_is_seen() {
    let steps = [Step::View(1), Step::View(2), Step::Buy(vec![2, 3])];
    must_catch(Mutant::LearnFromGifts, || {
        a_gift_told_later_is_a_gift(&steps, &Forget::Item(item(2)), |own| own == 2)
    });
}

#[test]
fn learning_can_be_resumed() {
    let phone = Phone::new();
    let shop = phone.open_at(Level::OnDevice);
    shop.track_all(vec![view(1).at(START_MS - 2), view(2).at(START_MS - 1).as_gift()]).unwrap();
    let seen = |shop: &Recommender| {
        let history = shop.history(10, None).unwrap();
        history.iter().map(|entry| (entry.items[0].clone(), entry.learned)).collect::<Vec<_>>()
    };
    assert_eq!(seen(&shop), [(item(2), false), (item(1), true)]);
    let gift = shop.history(1, None).unwrap()[0].event;
    assert_eq!(shop.set_learning(Forget::Event(gift), true).unwrap(), 1);
    assert_eq!(seen(&shop), [(item(2), true), (item(1), true)]);
    assert_eq!(shop.set_learning(Forget::Since(START_MS - 1), false).unwrap(), 1);
    assert_eq!(shop.set_learning(Forget::Everything, true).unwrap(), 1);
    let plain = Phone::new();
    let other = plain.open_at(Level::OnDevice);
    other.track_all(vec![view(1).at(START_MS - 2), view(2).at(START_MS - 1)]).unwrap();
    same("resumed", (&phone, &shop), (&plain, &other)).unwrap();
}

fn files(phone: &Phone) -> BTreeMap<String, Vec<u8>> {
    phone.device.files().dump().into_iter().collect()
}

/// In a private session the phone is a fresh one at level Session; afterwards it is the one from before, to the byte.
fn a_private_session_leaves_nothing() -> Checked {
    for (level, ending) in
        [(Level::OnDevice, "ended"), (Level::OnDevice, "closed"), (Level::Session, "ended")]
    {
        let phone = Phone::new();
        let mut shop = phone.open_at(level);
        let fresh = Phone::new();
        let visit = fresh.open_at(Level::Session);
        for number in 0..8 {
            shop.track(view(number * 6)).map_err(text)?;
        }
        let kept = shop.history(100, None).map_err(text)?;
        let before = files(&phone);
        let answers_before = answers(&shop).map_err(text)?;
        shop.set_private_session(true).map_err(text)?;
        ensure(shop.level() == Ok(Level::Session), || "the level is not Session".into())?;
        ensure(shop.history(100, None).map_err(text)?.is_empty(), || "the kept history is shown".into())?;
        for number in [1, 7, 13] {
            let outcome = shop.track(view(number)).map_err(text)?;
            ensure(outcome == Tracked::SessionOnly, || format!("an event became {outcome:?}"))?;
            visit.track(view(number)).map_err(text)?;
        }
        let private = answers(&shop).map_err(text)?;
        same_answers("within", &private, &answers(&visit).map_err(text)?)?;
        ensure(files(&phone) == before, || "a private session wrote".into())?;
        if ending == "closed" {
            drop(shop);
            shop = phone.open().map_err(text)?;
        } else {
            shop.set_private_session(false).map_err(text)?;
        }
        ensure(files(&phone) == before, || "the end of a private session wrote".into())?;
        ensure(shop.is_private_session() == Ok(false), || "it goes on".into())?;
        let after = shop.history(100, None).map_err(text)?;
        if level == Level::OnDevice {
            ensure(after == kept, || "the history is another one".into())?;
            // Rotation looks at what was shown in the visit; what is kept decides the rest.
            let lasting = |mut all: Vec<Vec<_>>| {
                all.pop();
                all
            };
            let now = answers(&shop).map_err(text)?;
            same_answers("after", &lasting(now), &lasting(answers_before))?;
        } else {
            ensure(after.is_empty(), || "the visit goes on".into())?;
        }
    }
    Ok(())
}

#[test]
fn private_sessions_leave_nothing() {
    must_catch(Mutant::PrivateIsKept, a_private_session_leaves_nothing);
}

#[test]
fn the_shopper_can_forget_and_choose_in_a_private_session() {
    let phone = Phone::new();
    let shop = phone.open_at(Level::OnDevice);
    shop.track_all((0..4).map(view).collect()).unwrap();
    shop.set_private_session(true).unwrap();
    shop.track_all(vec![view(1), view(9)]).unwrap();
    // From what is kept, and from what this visit saw.
    assert_eq!(shop.forget(Forget::Item(item(1))).unwrap(), 2);
    assert_eq!(shop.history(10, None).unwrap().len(), 1);
    shop.set_private_session(false).unwrap();
    assert_eq!(shop.history(10, None).unwrap().len(), 3);
    // A choice of level ends it, and nothing of it comes along.
    shop.set_private_session(true).unwrap();
    shop.track(view(11)).unwrap();
    shop.set_level(Level::OnDevice, Some(&consent())).unwrap();
    assert_eq!(shop.is_private_session(), Ok(false));
    assert!(shop.history(10, None).unwrap().iter().all(|entry| entry.items[0] != item(11)));
    shop.set_private_session(true).unwrap();
    shop.track(view(11)).unwrap();
    shop.set_level(Level::Off, None).unwrap();
    assert_eq!(shop.level(), Ok(Level::Off));
    assert!(!phone.device.files().dump().keys().any(|name| name.starts_with("p0")));
    // From Session up: what was private is not sealed.
    shop.set_level(Level::Session, Some(&consent())).unwrap();
    shop.track(view(2)).unwrap();
    shop.set_private_session(true).unwrap();
    shop.track(view(11)).unwrap();
    shop.set_level(Level::OnDevice, Some(&consent())).unwrap();
    assert!(shop.history(10, None).unwrap().is_empty());
    // And it never raises.
    shop.set_level(Level::Off, None).unwrap();
    shop.set_private_session(true).unwrap();
    assert_eq!(shop.level(), Ok(Level::Off));
    assert!(matches!(shop.track(view(1)).unwrap(), Tracked::Ignored(_)));
}

#[test]
fn a_gift_is_still_in_the_history_and_the_cart() {
    let phone = Phone::new();
    let shop = phone.open_at(Level::OnDevice);
    shop.track_all(vec![Event::add_to_cart(item(5)).as_gift(), view(ITEMS - 1)]).unwrap();
    assert_eq!(shop.profile().unwrap().cart, [(item(5), 1)]);
    shop.track(Event::purchase([item(5)]).as_gift()).unwrap();
    assert!(shop.profile().unwrap().cart.is_empty());
    let history = shop.history(10, None).unwrap();
    assert!(history.iter().any(|entry| entry.action == HistoryAction::Purchase && !entry.learned));
}
