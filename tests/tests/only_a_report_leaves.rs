//! Promise 5: only a report can leave, only at level Shared, byte for byte what was previewed, and every one is in a log the
//! shopper can read.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tastekeeper::consent::cmp::{CmpPolicy, CmpSignals};
use tastekeeper::mutants::Mutant;
use tastekeeper::platform::{Clock, FileError};
use tastekeeper::report::{
    MAX_UNITS, OFFER_WITHIN_DAYS, ReceivedReport, ReportState, UNITS_PER_REPORT, epoch_at, epoch_start_ms,
};
use tastekeeper::{Error, Finding, Forget, PersonalizationLevel as Level, Recommender, ReportId};
use tastekeeper_models::pack::SigningKey;
use tastekeeper_tests::fault::Fault;
use tastekeeper_tests::phone::{DAY_MS, Phone, START_MS, consent, view};
use tastekeeper_tests::promise::{Checked, ensure, must_catch};
use tastekeeper_tests::sharing::{
    default_parameters, draft, open_shared, other_vocabulary, previewed, sign, vocabulary,
};

fn text(error: impl ToString) -> String {
    error.to_string()
}

/// The next report that is offered, day by day within `days`.
fn wait_for_report(phone: &Phone, shop: &Recommender, days: u32) -> Option<tastekeeper::Report> {
    (0..=days).find_map(|_| {
        let report = shop.pending_report().unwrap();
        if report.is_none() {
            phone.clock.advance(DAY_MS);
        }
        report
    })
}

#[test]
fn what_is_given_is_what_was_shown() {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let mut states = 0;
    for life in 0..1_250 {
        let start = START_MS + i64::from(random.next_u32() % 5_000) * DAY_MS;
        let phone = Phone::on(tastekeeper_tests::fault::FaultyDevice::new(), start, life);
        let shop = open_shared(&phone);
        let mut last = None;
        for _ in 0..8 {
            for _ in 0..random.next_u32() % 12 {
                shop.track(view(random.next_u32() % 60)).unwrap();
            }
            shop.set_level(Level::Shared, Some(&consent())).unwrap();
            let preview = shop.preview_report().unwrap();
            let bytes = preview.report.to_bytes();
            let read = ReceivedReport::decode(&bytes).unwrap();
            assert_eq!(read.parameters(), default_parameters());
            assert_eq!(read.taxonomy_id(), vocabulary().taxonomy_id());
            assert_eq!(Some(read.epoch()), epoch_at(phone.clock.now_ms()));
            assert!(last < Some(read.epoch()));
            last = Some(read.epoch());
            let named: Vec<u8> = preview.topics.iter().map(|topic| topic.topic).collect();
            assert_eq!(named, read.topics().collect::<Vec<_>>());
            for topic in &preview.topics {
                assert_eq!(topic.label.as_deref(), vocabulary().label(topic.topic));
            }
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            assert!(preview.plain_text().contains(&hex));
            let left = epoch_start_ms(read.epoch() + 1) - phone.clock.now_ms();
            phone.clock.advance((i64::from(OFFER_WITHIN_DAYS) * DAY_MS).min(left - 1));
            let given = shop.pending_report().unwrap().expect("offered by now");
            assert_eq!(given.to_bytes(), bytes);
            assert_eq!(shop.report_log().unwrap().last().unwrap().bytes, Some(bytes));
            shop.confirm_sent(given.id()).unwrap();
            assert_eq!(shop.pending_report().unwrap(), None);
            assert_eq!(previewed(&shop), Ok(bytes));
            states += 1;
            phone.clock.set(epoch_start_ms(read.epoch() + 1) + i64::from(random.next_u32() % 80) * DAY_MS);
        }
        let spent = shop.preview_report();
        assert!(matches!(spent, Err(Error::BudgetExhausted { .. })), "{spent:?}");
        assert_eq!(shop.pending_report(), Ok(None));
        assert!(shop.doctor().unwrap().contains(&Finding::ReportBudgetSpent));
        let log = shop.report_log().unwrap();
        assert_eq!(log.iter().map(|entry| entry.cost_units).sum::<u32>(), MAX_UNITS);
        assert!(log.iter().all(|entry| entry.state == ReportState::Sent));
    }
    assert_eq!(states, 10_000);
}

/// Forty installations that did the same do not say the same. With 496 masks, fewer than 20 different ones among 40 would come
/// about by chance less than once in a million times a million.
fn every_draw_is_its_own() -> Checked {
    let mut masks = std::collections::BTreeSet::new();
    for seed in 0..40 {
        let phone = Phone::on(tastekeeper_tests::fault::FaultyDevice::new(), START_MS, seed);
        masks.insert(ReceivedReport::decode(&previewed(&open_shared(&phone))?).map_err(text)?.mask());
    }
    ensure(masks.len() >= 20, || format!("only {} different reports of 40", masks.len()))
}

#[test]
fn the_randomness_is_that_of_the_host() {
    must_catch(Mutant::ConstantSeed, every_draw_is_its_own);
}

/// Nothing is drawn or given where it is not agreed to at that moment.
fn nothing_leaves_without_consent() -> Checked {
    let refused = |what: &str, shop: &Recommender| {
        let preview = shop.preview_report();
        ensure(matches!(preview, Err(Error::ConsentRequired { .. })), || {
            format!("{what}: shown {preview:?}")
        })?;
        ensure(shop.pending_report() == Ok(None), || format!("{what}: something is given"))
    };
    for level in [Level::Off, Level::Session, Level::OnDevice] {
        let phone = Phone::new();
        let shop = phone.open_at(level);
        shop.install_vocabulary(vocabulary()).map_err(text)?;
        refused(&format!("{level:?}"), &shop)?;
        let log = shop.report_log().map_err(text)?;
        ensure(log.is_empty(), || format!("{level:?}: {} reports were drawn", log.len()))?;
    }
    type Stop = fn(&Recommender, &Phone) -> tastekeeper::Result<()>;
    let stops: [(&str, Stop); 8] = [
        ("the kill switch", |shop, _| shop.set_kill_switch(true)),
        ("a pause", |shop, _| shop.pause(true)),
        ("a child", |shop, _| shop.set_protected(true)),
        ("a private session", |shop, _| shop.set_private_session(true)),
        ("a level without sharing", |shop, _| shop.set_level(Level::OnDevice, None)),
        ("Off", |shop, _| shop.set_level(Level::Off, None)),
        ("a consent that ended", |_, phone| {
            phone.clock.advance(397 * DAY_MS);
            Ok(())
        }),
        ("a consent platform", |shop, _| {
            let no_purposes = [("IABTCF_gdprApplies", 1.into()), ("IABTCF_PublisherConsent", "".into())];
            let signals = CmpSignals::new(no_purposes)?;
            shop.apply_cmp_signals(&signals, &CmpPolicy::default()).map(drop)
        }),
    ];
    for (what, stop) in stops {
        let phone = Phone::new();
        let shop = open_shared(&phone);
        // Drawn and due, and then stopped.
        previewed(&shop)?;
        phone.clock.advance(20 * DAY_MS);
        stop(&shop, &phone).map_err(text)?;
        refused(what, &shop)?;
    }
    Ok(())
}

#[test]
fn sharing_needs_the_shoppers_consent_of_that_moment() {
    must_catch(Mutant::ShareWithoutConsent, nothing_leaves_without_consent);
}

/// Opting out drops what waits, and opting in again does not bring it back or draw anew.
fn opting_out_drops_what_waits() -> Checked {
    for level in [Level::OnDevice, Level::Session, Level::Off] {
        let phone = Phone::new();
        let shop = open_shared(&phone);
        let bytes = previewed(&shop)?;
        shop.set_level(level, None).map_err(text)?;
        let log = shop.report_log().map_err(text)?;
        ensure(log[0].bytes.is_none() && log[0].state == ReportState::Dropped, || {
            format!("{level:?}: {log:?}")
        })?;
        shop.set_level(Level::Shared, Some(&consent())).map_err(text)?;
        let again = previewed(&shop);
        ensure(again.is_err(), || format!("{level:?}: {bytes:?} and then {again:?} in one epoch"))?;
        phone.clock.advance(20 * DAY_MS);
        ensure(shop.pending_report() == Ok(None), || "a dropped report is given".into())?;
        phone.clock.advance(91 * DAY_MS);
        let next = shop.preview_report().map_err(text)?;
        let left = MAX_UNITS - 2 * UNITS_PER_REPORT;
        ensure(next.units_left == left, || format!("{} units are left, not {left}", next.units_left))?;
    }
    Ok(())
}

#[test]
fn opting_out_and_in_gives_nothing_back() {
    must_catch(Mutant::KeepWaitingReport, opting_out_drops_what_waits);
    must_catch(Mutant::OptInDrawsAgain, opting_out_drops_what_waits);
    must_catch(Mutant::RefundOnReset, opting_out_drops_what_waits);
}

#[test]
fn an_opt_out_that_is_not_durable_still_ends_sharing() {
    let phone = Phone::new();
    let shop = open_shared(&phone);
    previewed(&shop).unwrap();
    phone.clock.advance(20 * DAY_MS);
    phone.device.set_fault(phone.device.operations(), Fault::FailFrom(FileError::Full));
    let lowered = shop.set_level(Level::OnDevice, None);
    assert!(matches!(lowered, Err(Error::ErasurePending { .. })), "{lowered:?}");
    assert_eq!(shop.level(), Ok(Level::OnDevice));
    assert_eq!(shop.pending_report(), Ok(None));
    assert!(shop.doctor().unwrap().contains(&Finding::ConsentUnsaved));
    phone.device.clear_fault();
    shop.set_level(Level::OnDevice, None).unwrap();
    drop(shop);
    let shop = phone.open().unwrap();
    assert_eq!((shop.level(), shop.pending_report()), (Ok(Level::OnDevice), Ok(None)));
}

/// The days on which reports are given do not tell a full history from an empty one.
fn the_schedule_is_the_same_for_all() -> Checked {
    let mut first_days = Vec::new();
    for seed in 0..60 {
        let mut days = Vec::new();
        for events in [0, 30] {
            let made = Phone::new();
            let shop = open_shared(&made);
            for number in 0..events {
                shop.track(view(number)).map_err(text)?;
            }
            drop(shop);
            let phone = Phone::on(made.device.restart(true), START_MS, seed);
            let shop = phone.open().map_err(text)?;
            shop.install_vocabulary(vocabulary()).map_err(text)?;
            let mut given = Vec::new();
            while epoch_at(phone.clock.now_ms()) == epoch_at(START_MS) {
                given.push(shop.pending_report().map_err(text)?.is_some());
                phone.clock.advance(DAY_MS / 2);
            }
            days.push(given);
        }
        ensure(days[0] == days[1], || format!("seed {seed}: an empty history reports at other times"))?;
        first_days.push(days[0].iter().position(|given| *given).ok_or("nothing is given")?);
        ensure(days[0][first_days[first_days.len() - 1]..].iter().all(|given| *given), || {
            "a report that was not confirmed is not given again".into()
        })?;
    }
    let (first, last) = (first_days.iter().min(), first_days.iter().max());
    ensure(first < Some(&6) && last > Some(&22) && last <= Some(&28), || {
        format!("{first:?} to {last:?} half days")
    })
}

#[test]
fn an_empty_history_reports_like_a_full_one() {
    must_catch(Mutant::SkipWhenEmpty, the_schedule_is_the_same_for_all);
}

#[test]
fn one_budget_for_all_profiles_and_no_words_between_them() {
    let phone = Phone::new();
    let shop = open_shared(&phone);
    let bytes = previewed(&shop).unwrap();
    shop.switch_profile("other").unwrap();
    shop.set_level(Level::Shared, Some(&consent())).unwrap();
    assert!(matches!(shop.preview_report(), Err(Error::BudgetExhausted { .. })));
    phone.clock.advance(20 * DAY_MS);
    assert_eq!(shop.pending_report(), Ok(None));
    let log = shop.report_log().unwrap();
    assert_eq!((log.len(), log[0].bytes, log[0].topics.len(), log[0].cost_units), (1, None, 0, 3));
    assert!(shop.confirm_sent(log[0].id).is_err());
    shop.switch_profile("default").unwrap();
    let given = shop.pending_report().unwrap().unwrap();
    assert_eq!(given.to_bytes(), bytes);
    // A deleted profile leaves what it cost, and not what it said.
    shop.switch_profile("other").unwrap();
    shop.delete_profile("default").unwrap();
    shop.switch_profile("default").unwrap();
    shop.set_level(Level::Shared, Some(&consent())).unwrap();
    assert_eq!(shop.report_log().unwrap()[0].bytes, None);
    assert!(matches!(shop.preview_report(), Err(Error::BudgetExhausted { .. })));
}

#[test]
fn the_log_goes_into_what_the_shopper_takes_along() {
    let phone = Phone::new();
    let shop = open_shared(&phone);
    let bytes = previewed(&shop).unwrap();
    let document: serde_json::Value = serde_json::from_str(&shop.export_data().unwrap()).unwrap();
    let schema = serde_json::from_str(include_str!("../../core/docs/export.schema.json")).unwrap();
    tastekeeper_models::schema::check(&schema, &document, "export").unwrap();
    let report = &document["sharing"]["reports"][0];
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((report["bytes"].as_str(), report["state"].as_str()), (Some(hex.as_str()), Some("waiting")));
    let topics = ReceivedReport::decode(&bytes).unwrap().topics().count();
    assert_eq!(report["topics"].as_array().unwrap().len(), topics);
}

#[test]
fn forgetting_everything_gives_no_second_report() {
    let phone = Phone::new();
    let shop = open_shared(&phone);
    shop.track(view(1)).unwrap();
    let bytes = previewed(&shop).unwrap();
    shop.forget(Forget::Everything).unwrap();
    assert_eq!(previewed(&shop), Ok(bytes));
    drop(shop);
    let shop = phone.open().unwrap();
    assert_eq!(previewed(&shop), Ok(bytes), "also without a vocabulary");
    assert!(shop.preview_report().unwrap().topics.iter().all(|topic| topic.label.is_none()));
}

#[test]
fn damage_to_the_ledger_ends_sharing_for_good() {
    let phone = Phone::new();
    let shop = open_shared(&phone);
    previewed(&shop).unwrap();
    drop(shop);
    for copy in ["control.1", "control.2"] {
        phone.device.files().put(copy, b"no");
    }
    for _ in 0..3 {
        let shop = phone.open().unwrap();
        shop.install_vocabulary(vocabulary()).unwrap();
        assert!(shop.doctor().unwrap().contains(&Finding::ReportLedgerLost));
        shop.set_level(Level::Shared, Some(&consent())).unwrap();
        let preview = shop.preview_report();
        assert!(matches!(preview, Err(Error::BudgetExhausted { .. })), "{preview:?}");
        assert_eq!(shop.pending_report(), Ok(None));
        phone.clock.advance(100 * DAY_MS);
    }
}

#[test]
fn losing_the_ledger_survives_a_crash_at_any_operation() {
    let mut visited = 0;
    for at in 0.. {
        let phone = Phone::new();
        drop(open_shared(&phone));
        for copy in ["control.1", "control.2"] {
            phone.device.files().put(copy, b"no");
        }
        phone.device.set_fault(phone.device.operations() + at, Fault::Crash);
        let opened = phone.open();
        if !phone.device.is_crashed() {
            opened.unwrap();
            break;
        }
        visited += 1;
        for variant in tastekeeper_tests::fault::Variant::all() {
            let after = Phone::on(phone.device.reboot(variant), START_MS, 3);
            let shop = after.open().unwrap();
            let found = shop.doctor().unwrap();
            assert!(found.contains(&Finding::ReportLedgerLost), "crash {at}, {variant:?}: {found:?}");
        }
    }
    assert!(visited > 6, "only {visited} operations");
}

#[test]
fn a_reset_keeps_what_was_spent() {
    let phone = Phone::new();
    let shop = open_shared(&phone);
    let bytes = previewed(&shop).unwrap();
    drop(shop);
    Recommender::reset(&phone.platform()).unwrap();
    let shop = open_shared(&phone);
    assert!(matches!(shop.preview_report(), Err(Error::BudgetExhausted { .. })));
    let log = shop.report_log().unwrap();
    assert_eq!((log.len(), log[0].bytes, log[0].cost_units), (1, None, 3), "{bytes:?}");
    drop(shop);
    phone.device.files().put("control.1", b"no");
    phone.device.files().put("control.2", b"no");
    Recommender::reset(&phone.platform()).unwrap();
    let lost = open_shared(&phone).doctor().unwrap();
    assert!(lost.contains(&Finding::ReportLedgerLost), "{lost:?}");
    let unused = Phone::new();
    drop(unused.open_at(Level::OnDevice));
    Recommender::reset(&unused.platform()).unwrap();
    assert!(unused.device.files().dump().is_empty() && unused.device.keys().slots().is_empty());
}

#[test]
fn a_source_that_fails_releases_nothing_and_is_told() {
    let phone = Phone::new();
    let shop = open_shared(&phone);
    phone.random.fail(true);
    assert_eq!(shop.preview_report().err(), Some(Error::RandomUnavailable));
    assert_eq!(shop.pending_report().err(), Some(Error::RandomUnavailable));
    assert!(shop.report_log().unwrap().is_empty());
    assert!(shop.doctor().unwrap().contains(&Finding::ReportFailed));
    phone.random.fail(false);
    previewed(&shop).unwrap();
    assert!(!shop.doctor().unwrap().contains(&Finding::ReportFailed));
}

#[test]
fn the_clock_is_not_believed_when_it_goes_back() {
    let phone = Phone::new();
    let shop = open_shared(&phone);
    phone.clock.advance(200 * DAY_MS);
    let ahead = previewed(&shop).unwrap();
    phone.clock.set(START_MS);
    assert_eq!(previewed(&shop), Ok(ahead), "the epoch that was seen stays");
    assert_eq!(shop.pending_report(), Ok(None), "and is not given before its time");
    assert!(shop.doctor().unwrap().contains(&Finding::ReportClock));
    phone.clock.set(0);
    assert!(matches!(shop.preview_report(), Err(Error::BudgetExhausted { .. })), "1970 has no epoch");
    phone.clock.set(START_MS + 220 * DAY_MS);
    assert_eq!(shop.pending_report().unwrap().unwrap().to_bytes(), ahead);
}

#[test]
fn a_vocabulary_must_be_signed_and_changes_once_in_an_epoch() {
    let phone = Phone::new();
    let shop = phone.open_at(Level::Shared);
    assert!(shop.doctor().unwrap().contains(&Finding::NoVocabulary));
    let none = shop.preview_report().err();
    assert!(matches!(&none, Some(Error::InvalidArgument { field, .. }) if field == "vocabulary"), "{none:?}");
    let (bytes, signature) = sign(&draft(default_parameters()));
    let stranger = SigningKey::from_random(&[8; 40]).detached_signature(&bytes, "x").unwrap();
    for (bytes, signature) in [(&bytes[1..], signature.as_str()), (&bytes, &stranger), (&bytes, "")] {
        let refused = shop.load_vocabulary(bytes, signature);
        assert!(matches!(refused, Err(Error::VocabularyInvalid { .. })), "{refused:?}");
    }
    shop.load_vocabulary(&bytes, &signature).unwrap();
    let first = previewed(&shop).unwrap();
    shop.install_vocabulary(other_vocabulary()).unwrap();
    assert_eq!(previewed(&shop), Ok(first), "the epoch has its report");
    let again = shop.install_vocabulary(vocabulary());
    assert!(matches!(again, Err(Error::VocabularyInvalid { .. })), "{again:?}");
    phone.clock.advance(91 * DAY_MS);
    let next = ReceivedReport::decode(&previewed(&shop).unwrap()).unwrap();
    assert_eq!(next.taxonomy_id(), other_vocabulary().taxonomy_id());
    shop.install_vocabulary(vocabulary()).unwrap();
}

#[test]
fn only_what_was_given_can_be_confirmed() {
    let phone = Phone::new();
    let shop = open_shared(&phone);
    let preview = shop.preview_report().unwrap();
    assert!(shop.confirm_sent(preview.report.id()).is_err(), "shown and not given");
    assert!(shop.confirm_sent(ReportId(9)).is_err());
    let given = wait_for_report(&phone, &shop, 15).unwrap();
    assert_eq!(shop.report_log().unwrap()[0].state, ReportState::HandedOver);
    drop(shop);
    let shop = phone.open().unwrap();
    shop.confirm_sent(given.id()).unwrap();
    shop.confirm_sent(given.id()).unwrap();
    drop(shop);
    assert_eq!(phone.open().unwrap().report_log().unwrap()[0].state, ReportState::Sent);
}
