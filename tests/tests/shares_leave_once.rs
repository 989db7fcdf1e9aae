//! Promise 5 with report shares: in an epoch there is a report or there are shares, never both and never twice; they cost what
//! they are worth; what is given is what was shown.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that fails says where, and reports what it visited"
)]

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tastekeeper::mutants::Mutant;
use tastekeeper::platform::Clock;
use tastekeeper::report::{
    MAX_UNITS, MAX_UNITS_PER_FOUR_EPOCHS, Parameters, ReportState, SHARES_BYTES, UNITS_PER_REPORT,
    UNITS_PER_SHARES, epoch_at,
};
use tastekeeper::{Error, PersonalizationLevel as Level, Recommender, Report, ReportShares, Result};
use tastekeeper_tests::fault::{Fault, FaultyDevice, Variant};
use tastekeeper_tests::phone::{DAY_MS, Phone, START_MS, consent, view};
use tastekeeper_tests::promise::{Checked, ensure, must_catch};
use tastekeeper_tests::sharing::{draft, open, open_shared, previewed, vocabulary};

const EPOCH_MS: i64 = 91 * DAY_MS;

fn text(error: impl ToString) -> String {
    error.to_string()
}

fn all_bytes(shares: &ReportShares) -> Vec<u8> {
    [&shares.nonce()[..], shares.public_share(), shares.leader_share(), shares.helper_share()].concat()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn is_exhausted<T>(answer: &Result<T>) -> bool {
    matches!(answer, Err(Error::BudgetExhausted { .. }))
}

#[test]
fn what_is_given_is_what_was_shown() {
    let phone = Phone::new();
    let shop = open_shared(&phone);
    shop.track(view(3)).unwrap();
    let preview = shop.preview_shares().unwrap();
    let bytes = all_bytes(&preview.shares);
    assert_eq!(bytes.len(), SHARES_BYTES);
    let lengths =
        [preview.shares.public_share(), preview.shares.leader_share(), preview.shares.helper_share()];
    assert_eq!(lengths.map(<[u8]>::len), [32, 928, 48]);
    assert_eq!((preview.true_topic_odds, preview.other_topic_odds, preview.ratio), ((64, 95), (1, 95), 64));
    assert_eq!((preview.cost_units, preview.units_left, preview.state), (6, 18, ReportState::Waiting));
    assert_eq!(preview.topic.label.as_deref(), vocabulary().label(preview.topic.topic));
    assert_eq!(preview.shares.taxonomy_id(), vocabulary().taxonomy_id());
    let told = preview.plain_text();
    for part in [&preview.shares.nonce()[..], lengths[0], lengths[1], lengths[2]] {
        assert!(told.contains(&hex(part)), "{told}");
    }
    assert!(told.contains("In 64 of 95 cases its topic is sent"), "{told}");
    assert!(
        told.contains("in 1 of 95. If the two servers") && told.contains("at least 1000 shoppers"),
        "{told}"
    );

    // The same after a restart, also without a vocabulary.
    drop(shop);
    let shop = phone.open().unwrap();
    assert_eq!(all_bytes(&shop.preview_shares().unwrap().shares), bytes);
    phone.clock.advance(20 * DAY_MS);
    let given = shop.pending_shares().unwrap().unwrap();
    assert_eq!(all_bytes(&given), bytes);
    let log = shop.report_log().unwrap();
    assert_eq!((log.len(), log[0].cost_units, log[0].state), (1, 6, ReportState::HandedOver));
    assert_eq!((log[0].bytes, log[0].shares.as_ref(), log[0].topics.len()), (None, Some(&bytes), 1));
    assert_eq!(log[0].topics[0].topic, preview.topic.topic);
    let document: serde_json::Value = serde_json::from_str(&shop.export_data().unwrap()).unwrap();
    assert_eq!(document["sharing"]["reports"][0]["bytes"].as_str(), Some(hex(&bytes).as_str()));
    shop.confirm_sent(given.id()).unwrap();
    assert_eq!(shop.pending_shares(), Ok(None));
    assert_eq!(shop.report_log().unwrap()[0].state, ReportState::Sent);
}

/// Whatever is drawn first in an epoch is all there is.
fn one_thing_in_an_epoch() -> Checked {
    let phone = Phone::new();
    let shop = open_shared(&phone);
    previewed(&shop)?;
    phone.clock.advance(20 * DAY_MS);
    ensure(is_exhausted(&shop.preview_shares()), || "shares beside a report are shown".into())?;
    ensure(shop.pending_shares() == Ok(None), || "shares beside a report are given".into())?;
    ensure(shop.pending_report().map_err(text)?.is_some(), || "the report is gone".into())?;
    phone.clock.advance(EPOCH_MS);
    shop.preview_shares().map_err(text)?;
    phone.clock.advance(20 * DAY_MS);
    ensure(is_exhausted(&shop.preview_report()), || "a report beside shares is shown".into())?;
    ensure(shop.pending_report() == Ok(None), || "a report beside shares is given".into())?;
    ensure(shop.pending_shares().map_err(text)?.is_some(), || "the shares are gone".into())?;
    let log = shop.report_log().map_err(text)?;
    ensure(log.len() == 2, || format!("{} draws in two epochs", log.len()))
}

#[test]
fn shares_come_in_place_of_a_report() {
    must_catch(Mutant::SharesBesideReport, one_thing_in_an_epoch);
}

/// Shares cost 6 units: two in four epochs, four in all, or with reports whatever fits.
fn shares_cost_what_they_are_worth() -> Checked {
    for reports_first in [0, 2] {
        let phone = Phone::new();
        let shop = open_shared(&phone);
        let mut left = MAX_UNITS;
        let (mut drawn, mut refused) = (Vec::new(), 0);
        for epoch in 0..16 {
            if epoch < reports_first {
                previewed(&shop)?;
                left -= UNITS_PER_REPORT;
                drawn.push((epoch, UNITS_PER_REPORT));
            } else if let Ok(preview) = shop.preview_shares() {
                left -= UNITS_PER_SHARES;
                drawn.push((epoch, UNITS_PER_SHARES));
                ensure(preview.units_left == left, || {
                    format!("{} units are left, not {left}", preview.units_left)
                })?;
            } else {
                refused += 1;
            }
            let recent: u32 = drawn.iter().filter(|(at, _)| at + 3 >= epoch).map(|(_, cost)| cost).sum();
            ensure(recent <= MAX_UNITS_PER_FOUR_EPOCHS, || format!("{recent} units in four epochs"))?;
            phone.clock.advance(EPOCH_MS);
            shop.set_level(Level::Shared, Some(&consent())).map_err(text)?;
        }
        let log = shop.report_log().map_err(text)?;
        let noted: u32 = log.iter().map(|entry| entry.cost_units).sum();
        ensure(noted == MAX_UNITS && left == 0, || format!("{noted} units are noted, {left} are left"))?;
        ensure(refused == 16 - drawn.len(), || "counts".into())?;
    }
    Ok(())
}

#[test]
fn shares_cost_six_units() {
    must_catch(Mutant::SharesCheaply, shares_cost_what_they_are_worth);
}

#[test]
fn shares_need_consent_a_vocabulary_that_fits_and_randomness() {
    for level in [Level::Off, Level::Session, Level::OnDevice] {
        let shop = Phone::new().open_at(level);
        shop.install_vocabulary(vocabulary()).unwrap();
        assert!(matches!(shop.preview_shares(), Err(Error::ConsentRequired { .. })), "{level:?}");
        assert_eq!((shop.pending_shares(), shop.report_log()), (Ok(None), Ok(Vec::new())));
    }
    let shop = Phone::new().open_at(Level::Shared);
    assert!(matches!(shop.preview_shares(), Err(Error::InvalidArgument { .. })));
    shop.install_vocabulary(open(&draft(Parameters::new(33, 1, 8).unwrap()))).unwrap();
    assert!(matches!(shop.preview_shares(), Err(Error::InvalidArgument { .. })));
    assert_eq!((shop.pending_shares(), shop.report_log()), (Ok(None), Ok(Vec::new())));
    assert!(shop.preview_report().is_ok());

    let phone = Phone::new();
    let shop = open_shared(&phone);
    phone.random.fail(true);
    assert_eq!(shop.preview_shares().err(), Some(Error::RandomUnavailable));
    phone.random.fail(false);
    assert_eq!(shop.preview_shares().unwrap().units_left, MAX_UNITS - UNITS_PER_SHARES);
}

#[test]
fn opting_out_drops_what_waits_and_gives_nothing_back() {
    let phone = Phone::new();
    let shop = open_shared(&phone);
    shop.preview_shares().unwrap();
    shop.set_level(Level::OnDevice, None).unwrap();
    let log = shop.report_log().unwrap();
    assert_eq!((log[0].shares.as_ref(), log[0].state, log[0].topics.len()), (None, ReportState::Dropped, 0));
    shop.set_level(Level::Shared, Some(&consent())).unwrap();
    assert!(is_exhausted(&shop.preview_shares()) && is_exhausted(&shop.preview_report()));
    phone.clock.advance(20 * DAY_MS);
    assert_eq!(shop.pending_shares(), Ok(None));
}

#[test]
fn other_profiles_see_neither_topic_nor_bytes() {
    let phone = Phone::new();
    let shop = open_shared(&phone);
    shop.preview_shares().unwrap();
    shop.switch_profile("other").unwrap();
    shop.set_level(Level::Shared, Some(&consent())).unwrap();
    assert!(is_exhausted(&shop.preview_shares()));
    let log = shop.report_log().unwrap();
    assert_eq!((log[0].shares.as_ref(), log[0].topics.len(), log[0].cost_units), (None, 0, 6));
}

/// What anybody saw of one epoch.
#[derive(Debug, PartialEq)]
enum Seen {
    Report([u8; 24]),
    Shares(Vec<u8>),
}

impl Seen {
    fn cost(&self) -> u32 {
        match self {
            Self::Report(_) => UNITS_PER_REPORT,
            Self::Shares(_) => UNITS_PER_SHARES,
        }
    }
}

/// Random lives with crashes, restarts, opt-outs and clocks that jump: one payload in an epoch, and the caps hold.
fn lives(runs: std::ops::Range<u64>) -> std::result::Result<(usize, usize), String> {
    let (mut reports, mut shares) = (0, 0);
    for run in runs {
        let mut random = ChaCha8Rng::seed_from_u64(run);
        let mut phone = Phone::on(FaultyDevice::new(), START_MS, run);
        let mut shop: Option<Recommender> = None;
        let mut seen: BTreeMap<u16, Seen> = BTreeMap::new();
        for step in 0..60 {
            if phone.device.is_crashed() {
                let variants: Vec<Variant> = Variant::all().collect();
                let variant = variants[random.next_u32() as usize % variants.len()];
                phone = Phone::on(phone.device.reboot(variant), phone.clock.now_ms(), random.next_u64());
                shop = None;
            }
            let opened = match shop.take() {
                Some(open) => Ok(open),
                None => phone.open().and_then(|open| open.install_vocabulary(vocabulary()).map(|()| open)),
            };
            let open = match opened {
                Ok(open) => open,
                Err(_) if phone.device.is_crashed() => continue,
                Err(error) => return Err(text(error)),
            };
            let number = random.next_u32() % 60;
            let of_report = |report: &Report| (report.id().0, Seen::Report(report.to_bytes()));
            let of_shares = |shares: &ReportShares| (shares.id().0, Seen::Shares(all_bytes(shares)));
            let payload = match random.next_u32() % 16 {
                0 | 1 => open.preview_report().map(|preview| Some(of_report(&preview.report))),
                2 | 3 => open.preview_shares().map(|preview| Some(of_shares(&preview.shares))),
                4 => open.pending_report().map(|report| report.as_ref().map(of_report)),
                5 => open.pending_shares().map(|shares| shares.as_ref().map(of_shares)),
                6 => {
                    phone.clock.advance(-i64::from(number) * 2 * DAY_MS);
                    Ok(None)
                }
                7 | 8 => {
                    phone.clock.advance(i64::from(number) * 2 * DAY_MS);
                    Ok(None)
                }
                9 => open.set_level(Level::OnDevice, None).map(|()| None),
                10..=12 => open.set_level(Level::Shared, Some(&consent())).map(|()| None),
                13 => open.track(view(number)).map(|_| None),
                14 => {
                    let at = phone.device.operations() + u64::from(number % 12);
                    phone.device.set_fault(at, Fault::Crash);
                    Ok(None)
                }
                _ => continue,
            };
            if let Ok(Some((epoch, payload))) = payload {
                let latest = seen.keys().next_back().copied();
                let at = format!("run {run}, step {step}, epoch {epoch}");
                ensure(latest <= Some(epoch) && epoch_at(phone.clock.now_ms()) <= Some(epoch), || {
                    format!("{at}: an old epoch, after {latest:?}")
                })?;
                if let Some(known) = seen.get(&epoch) {
                    ensure(*known == payload, || format!("{at}: a second payload"))?;
                } else {
                    seen.insert(epoch, payload);
                }
                let units = |from: u16| seen.range(from..).map(|(_, seen)| seen.cost()).sum::<u32>();
                ensure(units(0) <= MAX_UNITS, || format!("{at}: {} units", units(0)))?;
                let recent = units(epoch.saturating_sub(3));
                ensure(recent <= MAX_UNITS_PER_FOUR_EPOCHS, || {
                    format!("{at}: {recent} units in four epochs")
                })?;
            }
            shop = Some(open);
        }
        reports += seen.values().filter(|seen| matches!(seen, Seen::Report(_))).count();
        shares += seen.values().filter(|seen| matches!(seen, Seen::Shares(_))).count();
    }
    Ok((reports, shares))
}

#[test]
fn a_thousand_lives() {
    let (reports, shares) = lives(0..1_000).unwrap();
    println!("{reports} reports and {shares} shares in 1000 lives");
    assert!(reports > 200 && shares > 200, "{reports} and {shares}: too few");
    for mutant in [
        Mutant::RedrawOnRetry,
        Mutant::TrustTheClock,
        Mutant::SendBeforeDurable,
        Mutant::OptInDrawsAgain,
        Mutant::RefundOnReset,
        Mutant::SharesBesideReport,
    ] {
        must_catch(mutant, || lives(0..200).map(drop));
    }
}
