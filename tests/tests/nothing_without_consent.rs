//! Promise 1: level Off is the default, and at Off nothing about the person is read, written or kept.

use tastekeeper::mutants::Mutant;
use tastekeeper::{
    ConsentState, Error, Event, EventKind, Interest, PersonalizationLevel as Level, RecommendationKind,
    Recommender, Request, Subject, Tracked,
};
use tastekeeper_tests::phone::{Phone, START_MS, brand, catalogue, category, consent, item, view};
use tastekeeper_tests::promise::{Checked, answers, ensure, must_catch, same_answers};

/// One event of every kind.
fn events() -> Vec<Event> {
    vec![
        view(1),
        Event { items: vec![item(1), item(2)], ..Event::new(EventKind::ViewItemList) },
        Event::of_item(EventKind::SelectItem, item(2)),
        Event { category: Some(category(1)), ..Event::new(EventKind::ViewCategory) },
        Event { query: Some("query-canary".into()), ..Event::new(EventKind::Search) },
        Event::add_to_cart(item(3)),
        Event::of_item(EventKind::RemoveFromCart, item(3)),
        Event::of_item(EventKind::AddToWishlist, item(4)),
        Event::of_item(EventKind::RemoveFromWishlist, item(4)),
        Event::new(EventKind::ViewCart),
        Event::purchase([item(5), item(6)]),
        Event { items: vec![item(5)], ..Event::new(EventKind::Refund) },
        Event::of_item(EventKind::Rate(-0.5), item(7)),
        Event::not_interested(Subject::Item(item(8))),
        Event::not_interested(Subject::Brand(brand(1))),
        Event::not_interested(Subject::Category(category(2))),
    ]
}

fn keeps_nothing(shop: &Recommender) -> Checked {
    let history = shop.history(1_000, None).map_err(|error| error.to_string())?;
    ensure(history.is_empty(), || format!("{} events are kept", history.len()))?;
    let profile = shop.profile().map_err(|error| error.to_string())?;
    ensure(profile == tastekeeper::ProfileSummary::default(), || "a profile is kept".into())
}

fn no_personal_file(phone: &Phone) -> Checked {
    let personal: Vec<String> =
        phone.device.files().dump().into_keys().filter(|name| name.starts_with('p')).collect();
    ensure(personal.is_empty(), || format!("files of a person: {personal:?}"))?;
    let slots: Vec<String> =
        phone.device.keys().slots().into_iter().filter(|name| name.starts_with('p')).collect();
    ensure(slots.is_empty(), || format!("keys of a person: {slots:?}"))
}

fn off_is_the_default_and_keeps_nothing() -> Checked {
    let phone = Phone::new();
    let shop = phone.open().map_err(|error| error.to_string())?;
    ensure(shop.level() == Ok(Level::Off), || "the default level is not Off".into())?;
    ensure(shop.consent_state() == Ok(ConsentState::NotAsked), || "consent without an answer".into())?;
    shop.upsert_items(catalogue(5)).map_err(|error| error.to_string())?;
    let before = phone.device.files().dump();
    let answers_before = answers(&shop).map_err(|error| error.to_string())?;
    for event in events() {
        let tracked = shop.track(event).map_err(|error| error.to_string())?;
        ensure(matches!(tracked, Tracked::Ignored(_)), || format!("an event was {tracked:?} at Off"))?;
    }
    shop.track_all(events()).map_err(|error| error.to_string())?;
    let interest = shop.set_interest(&category(1), Interest::Mute);
    ensure(matches!(interest, Err(Error::ConsentRequired { .. })), || "an interest was kept at Off".into())?;
    keeps_nothing(&shop)?;
    ensure(before == phone.device.files().dump(), || "a file changed at Off".into())?;
    no_personal_file(&phone)?;
    same_answers("tracking at Off", &answers_before, &answers(&shop).map_err(|error| error.to_string())?)?;
    let stats = shop.stats().map_err(|error| error.to_string())?;
    ensure(stats.hits.iter().all(|hits| hits.chosen == 0), || "choices were counted at Off".into())
}

fn raising_needs_a_consent() -> Checked {
    for level in [Level::Session, Level::OnDevice, Level::Shared] {
        let phone = Phone::new();
        let shop = phone.open().map_err(|error| error.to_string())?;
        let raised = shop.set_level(level, None);
        ensure(matches!(raised, Err(Error::ConsentRequired { .. })), || {
            format!("{level:?} without a consent")
        })?;
        ensure(shop.level() == Ok(Level::Off), || "the level rose all the same".into())?;
        no_personal_file(&phone)?;
    }
    Ok(())
}

fn a_session_lives_in_memory_only() -> Checked {
    let phone = Phone::new();
    let shop = phone.open_at(Level::Session);
    for event in events() {
        shop.track(event).map_err(|error| error.to_string())?;
    }
    ensure(shop.history(100, None).is_ok_and(|history| history.len() == 13), || {
        "the visit is not kept".into()
    })?;
    no_personal_file(&phone)?;
    phone.clock.advance(29 * 60_000);
    ensure(shop.stats().is_ok_and(|stats| stats.events == 13), || "the visit ended too early".into())?;
    phone.clock.advance(30 * 60_000);
    keeps_nothing(&shop)?;
    shop.track(view(1)).map_err(|error| error.to_string())?;
    shop.close();
    ensure(shop.level() == Err(Error::Closed), || "a closed recommender answers".into())?;
    let shop = phone.open().map_err(|error| error.to_string())?;
    ensure(shop.level() == Ok(Level::Session), || "the level was forgotten".into())?;
    keeps_nothing(&shop)
}

fn an_expired_consent_is_none() -> Checked {
    let phone = Phone::new();
    let shop = phone.open_at(Level::OnDevice);
    shop.track(view(1)).map_err(|error| error.to_string())?;
    phone.clock.set(START_MS + 396 * 86_400_000);
    ensure(shop.level() == Ok(Level::Off), || "an expired consent still counts".into())?;
    ensure(shop.consent_state() == Ok(ConsentState::Expired), || "the app is not told".into())?;
    keeps_nothing(&shop)?;
    phone.clock.advance(30 * 86_400_000);
    drop(phone.open().map_err(|error| error.to_string())?);
    no_personal_file(&phone)
}

fn a_non_profiling_answer_is_the_same_for_everybody() -> Checked {
    let answer = |seen: &[u32]| {
        let shop = Phone::new().open_at(Level::OnDevice);
        for &number in seen {
            shop.track(view(number))?;
        }
        let request = Request { non_profiling: true, ..Request::new(RecommendationKind::ForYou).seed(1) };
        shop.recommend(request).map(|answer| answer.items)
    };
    let (one, other) = (answer(&[1, 2, 3]), answer(&[40, 41]));
    ensure(one.is_ok() && one == other, || "a non-profiling answer depends on the shopper".into())
}

#[test]
fn nothing_is_kept_at_off() {
    off_is_the_default_and_keeps_nothing().unwrap();
    must_catch(Mutant::AdmitAtOff, off_is_the_default_and_keeps_nothing);
}

#[test]
fn no_level_without_a_consent() {
    must_catch(Mutant::RaiseWithoutConsent, raising_needs_a_consent);
}

#[test]
fn a_session_leaves_nothing_behind() {
    a_session_lives_in_memory_only().unwrap();
}

#[test]
fn consent_ends() {
    an_expired_consent_is_none().unwrap();
}

#[test]
fn non_profiling_means_it() {
    must_catch(Mutant::NonProfilingReadsProfile, a_non_profiling_answer_is_the_same_for_everybody);
}

#[test]
fn a_cap_holds_against_a_consent() {
    let phone = Phone::new();
    let config = tastekeeper::Config { max_level: Level::Session, ..Phone::config() };
    let shop = Recommender::open(config, phone.platform()).unwrap();
    assert!(matches!(shop.set_level(Level::OnDevice, Some(&consent())), Err(Error::ConsentRequired { .. })));
    shop.set_level(Level::Session, Some(&consent())).unwrap();
}
