//! Promise 5, over time: whatever the shopper, the clock, the disk and the random source do, an epoch has one payload, the caps
//! hold, nothing is given without a consent of that moment, and what is given is what was previewed.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that fails says where, and reports what it visited"
)]

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tastekeeper::mutants::Mutant;
use tastekeeper::platform::{Clock, FileError};
use tastekeeper::report::{
    MAX_UNITS, MAX_UNITS_PER_FOUR_EPOCHS, ReceivedReport, Report, ReportState, UNITS_PER_REPORT, epoch_at,
};
use tastekeeper::{ConsentState, Error, Forget, PersonalizationLevel as Level, Recommender};
use tastekeeper_tests::fault::{Fault, Variant};
use tastekeeper_tests::phone::{DAY_MS, Phone, START_MS, consent, sample, view};
use tastekeeper_tests::promise::{Checked, ensure, must_catch};
use tastekeeper_tests::sharing::{other_vocabulary, vocabulary};

/// Steps of most lives; every eighth is longer, so that budgets are spent.
const STEPS: u32 = 40;
const LONG_STEPS: u32 = 240;
const PROFILES: [&str; 3] = ["default", "other", "third"];

/// What an onlooker knows of an installation.
struct Onlooker {
    phone: Phone,
    shop: Option<Recommender>,
    random: ChaCha8Rng,
    profile: &'static str,
    /// Every payload that anybody ever saw, by epoch.
    seen: BTreeMap<u16, [u8; 24]>,
    /// Payloads that the app got, by epoch, with the profile that was active, while that profile exists.
    given: BTreeMap<u16, &'static str>,
    confirmed: Vec<u16>,
    /// The latest epoch that the clock showed.
    reached: Option<u16>,
    /// The least budget that was ever shown.
    units_left: u32,
    /// The kill switch; `None` when a call failed and either may be so.
    stopped: Option<bool>,
    /// What is asked of the disk next.
    variant: Variant,
    crashes: u64,
}

impl Onlooker {
    fn new(run: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(run);
        // Some runs begin shortly before an epoch ends.
        let start = START_MS + i64::from(random.next_u32() % 100) * DAY_MS;
        let phone = Phone::on(tastekeeper_tests::fault::FaultyDevice::new(), start, run);
        Self {
            phone,
            shop: None,
            random,
            profile: PROFILES[0],
            seen: BTreeMap::new(),
            given: BTreeMap::new(),
            confirmed: Vec::new(),
            reached: None,
            units_left: MAX_UNITS,
            stopped: Some(false),
            variant: Variant::ALL_LOST,
            crashes: 0,
        }
    }

    fn below(&mut self, range: u32) -> u32 {
        self.random.next_u32() % range
    }

    /// Opens the engine if it is not open; after a crash on what the power cut left.
    fn shop(&mut self) -> Result<(), String> {
        if self.phone.device.is_crashed() {
            self.shop = None;
            self.crashes += 1;
            let seed = self.random.next_u64();
            self.phone = Phone::on(self.phone.device.reboot(self.variant), self.phone.clock.now_ms(), seed);
        }
        if self.shop.is_none() {
            self.phone.random.fail(false);
            self.phone.device.clear_fault();
            let shop = self.phone.open_bare().map_err(|error| format!("open: {error}"))?;
            shop.install_model(sample()).map_err(|error| format!("model: {error}"))?;
            let vocabulary = shop.install_vocabulary(vocabulary());
            if vocabulary.is_err() {
                shop.install_vocabulary(other_vocabulary())
                    .map_err(|error| format!("vocabulary: {error}"))?;
            }
            self.profile = PROFILES[0];
            self.shop = Some(shop);
        }
        Ok(())
    }

    /// Somebody sees a report.
    fn see(&mut self, report: &Report, what: &str) -> Checked {
        let shop = self.shop.as_ref().ok_or("no shop")?;
        let level = shop.level().map_err(|error| error.to_string())?;
        ensure(level == Level::Shared, || format!("{what} at level {level:?}"))?;
        ensure(self.stopped != Some(true), || format!("{what} while the kill switch is on"))?;
        let bytes = report.to_bytes();
        let epoch = ReceivedReport::decode(&bytes).map_err(|error| error.to_string())?.epoch();
        ensure(report.id().0 == epoch, || format!("{what}: epoch {epoch} by another id"))?;
        let latest = self.seen.keys().next_back().copied();
        match self.seen.get(&epoch) {
            Some(known) => {
                ensure(*known == bytes, || format!("{what}: a second payload in epoch {epoch}"))?;
                ensure(latest == Some(epoch), || format!("{what}: the old payload of epoch {epoch}"))
            }
            None => {
                ensure(latest < Some(epoch), || format!("{what}: epoch {epoch} after {latest:?}"))?;
                ensure(self.reached >= Some(epoch), || format!("{what}: epoch {epoch} is yet to come"))?;
                self.seen.insert(epoch, bytes);
                let units = |from: u16| self.seen.range(from..).map(|_| UNITS_PER_REPORT).sum::<u32>();
                ensure(units(0) <= MAX_UNITS, || format!("{what}: {} units are spent", units(0)))?;
                let recent = units(epoch.saturating_sub(3));
                ensure(recent <= MAX_UNITS_PER_FOUR_EPOCHS, || {
                    format!("{what}: {recent} units in four epochs")
                })
            }
        }
    }

    fn preview(&mut self) -> Checked {
        let Some(shop) = &self.shop else { return Ok(()) };
        match shop.preview_report() {
            Ok(preview) => {
                let left = preview.units_left;
                ensure(left <= self.units_left, || format!("{left} units are left of {}", self.units_left))?;
                self.units_left = left;
                let shown = self.seen.len() + usize::from(!self.seen.contains_key(&preview.report.id().0));
                let spent = (MAX_UNITS - left) as usize / UNITS_PER_REPORT as usize;
                ensure(spent >= shown, || format!("{shown} payloads were seen and {spent} paid"))?;
                self.see(&preview.report, "a preview")
            }
            Err(error) => expected(&error),
        }
    }

    fn pending(&mut self) -> Checked {
        let Some(shop) = &self.shop else { return Ok(()) };
        match shop.pending_report() {
            Ok(None) => Ok(()),
            Ok(Some(report)) => {
                let epoch = report.id().0;
                ensure(!self.confirmed.contains(&epoch), || {
                    format!("epoch {epoch} is given after it was sent")
                })?;
                let preview =
                    shop.preview_report().map_err(|error| format!("given and not shown: {error}"))?;
                ensure(preview.report == report, || "what is given is not what is shown".into())?;
                let log = shop.report_log().map_err(|error| error.to_string())?;
                let entry = log.iter().find(|entry| entry.id == report.id());
                let told = entry.is_some_and(|entry| {
                    entry.state == ReportState::HandedOver && entry.bytes == Some(report.to_bytes())
                });
                ensure(told, || format!("the log does not tell of epoch {epoch}: {entry:?}"))?;
                let profile = self.profile;
                self.given.insert(epoch, profile);
                self.see(&report, "a release")
            }
            Err(error) => expected(&error),
        }
    }

    fn confirm(&mut self) -> Checked {
        let Some((&epoch, &profile)) = self.given.iter().next_back() else { return Ok(()) };
        let Some(shop) = &self.shop else { return Ok(()) };
        match shop.confirm_sent(tastekeeper::ReportId(epoch)) {
            Ok(()) => {
                ensure(profile == self.profile, || "confirmed for another profile".into())?;
                self.confirmed.push(epoch);
                Ok(())
            }
            Err(Error::InvalidArgument { .. }) if profile != self.profile => Ok(()),
            Err(Error::InvalidArgument { .. }) => Err(format!("epoch {epoch} was given and is unknown")),
            Err(error) => expected(&error),
        }
    }

    /// What was given to the app stays in the log, also of a profile that shares no longer.
    fn log_is_complete(&mut self) -> Checked {
        let Some(shop) = &self.shop else { return Ok(()) };
        let log = shop.report_log().map_err(|error| error.to_string())?;
        for (epoch, profile) in &self.given {
            let entry = log.iter().find(|entry| entry.id.0 == *epoch);
            let left = entry.is_some_and(|entry| {
                matches!(entry.state, ReportState::HandedOver | ReportState::Sent)
                    && (*profile != self.profile || entry.bytes == self.seen.get(epoch).copied())
            });
            ensure(left, || format!("epoch {epoch} left and the log says {entry:?}"))?;
        }
        let level = shop.level().map_err(|error| error.to_string())?;
        let waits = |entry: &tastekeeper::ReportLogEntry| {
            entry.state == ReportState::Waiting && entry.bytes.is_some()
        };
        // What was set aside when a consent ended waits for a new one, sealed, and for 30 days at most.
        let ended = shop.consent_state().map_err(|error| error.to_string())? == ConsentState::Expired;
        ensure(level == Level::Shared || ended || !log.iter().any(waits), || {
            format!("a report waits at level {level:?}")
        })
    }

    /// Half an epoch goes by, and the shopper shares.
    fn half_an_epoch(&mut self) -> Checked {
        self.shop()?;
        self.phone.clock.advance(46 * DAY_MS);
        self.reached = self.reached.max(epoch_at(self.phone.clock.now_ms()));
        let Some(shop) = &self.shop else { return Ok(()) };
        tolerate(shop.set_level(Level::Shared, Some(&consent())))?;
        self.preview()
    }

    /// One thing happens.
    fn step(&mut self) -> Checked {
        self.shop()?;
        self.reached = self.reached.max(epoch_at(self.phone.clock.now_ms()));
        let kind = self.below(100);
        let (number, coin) = (self.below(60), self.below(2) == 0);
        let Some(shop) = &self.shop else { return Ok(()) };
        let clock = &self.phone.clock;
        match kind {
            0..12 => self.preview()?,
            12..32 => self.pending()?,
            32..38 => self.confirm()?,
            38..46 => clock.advance(i64::from(number) * DAY_MS / 10),
            46..52 => clock.advance(i64::from(number) * DAY_MS),
            52..55 => clock.advance(-i64::from(number) * 3 * DAY_MS),
            55..58 => clock.advance(i64::from(number) * 3 * DAY_MS),
            58..64 => tolerate(shop.track(view(number)).map(drop))?,
            64..74 => tolerate(shop.set_level(Level::Shared, Some(&consent())))?,
            74..79 => {
                let level = [Level::Off, Level::Session, Level::OnDevice][number as usize % 3];
                tolerate(shop.set_level(level, None))?;
                self.log_is_complete()?;
            }
            79..81 => tolerate(shop.forget(Forget::Everything).map(drop))?,
            81..83 => {
                let stop = shop.set_kill_switch(coin);
                self.stopped = if stop.is_ok() { Some(coin) } else { None };
                tolerate(stop)?;
            }
            83..84 => tolerate(shop.set_protected(coin))?,
            84..87 => {
                let name = PROFILES[number as usize % 3];
                if shop.switch_profile(name).is_ok() {
                    self.profile = name;
                }
            }
            87..88 => {
                let name = PROFILES[number as usize % 3];
                // A profile that may be gone has no log of its own any more.
                if shop.delete_profile(name).is_ok() || name != self.profile {
                    self.given.retain(|_, profile| *profile != name);
                }
            }
            88..89 => {
                let given = if coin { vocabulary() } else { other_vocabulary() };
                match shop.install_vocabulary(given) {
                    Ok(()) | Err(Error::VocabularyInvalid { .. }) => {}
                    Err(error) => expected(&error)?,
                }
            }
            89..91 => self.phone.random.fail(coin),
            91..94 => self.shop = None,
            94..98 => {
                let variants: Vec<Variant> = Variant::all().collect();
                self.variant = variants[self.below(64) as usize];
                let at = self.phone.device.operations() + u64::from(number % 12);
                self.phone.device.set_fault(at, Fault::Crash);
            }
            _ => {
                let at = self.phone.device.operations() + u64::from(number % 12);
                let fault = if coin { Fault::FailLate } else { Fault::Fail(FileError::Full) };
                self.phone.device.set_fault(at, fault);
            }
        }
        if self.phone.device.is_crashed() && (81..83).contains(&kind) {
            self.stopped = None;
        }
        Ok(())
    }
}

/// A call that may fail on such a phone, in one of the ways that are typed.
fn tolerate(done: tastekeeper::Result<()>) -> Checked {
    done.or_else(|error| expected(&error))
}

fn expected(error: &Error) -> Checked {
    let typed = matches!(
        error,
        Error::StorageFull
            | Error::StorageUnavailable { .. }
            | Error::KeyUnavailable { .. }
            | Error::ErasurePending { .. }
            | Error::RandomUnavailable
            | Error::ConsentRequired { .. }
            | Error::BudgetExhausted { .. }
    );
    ensure(typed, || format!("an unexpected failure: {error}"))
}

/// Runs `runs` random lives of an installation. Returns payloads seen, crashes, and lives that spent all they had.
fn lives(runs: std::ops::Range<u64>) -> Result<(usize, u64, usize), String> {
    let (mut payloads, mut crashes, mut spent) = (0, 0, 0);
    for run in runs {
        let mut onlooker = Onlooker::new(run);
        let steps = if run % 8 == 0 { LONG_STEPS } else { STEPS };
        for step in 0..steps {
            let done = match steps {
                LONG_STEPS if step % 8 == 7 => onlooker.half_an_epoch(),
                _ => onlooker.step(),
            };
            done.map_err(|problem| format!("run {run}, step {step}: {problem}"))?;
        }
        payloads += onlooker.seen.len();
        crashes += onlooker.crashes;
        spent += usize::from(onlooker.units_left == 0);
    }
    Ok((payloads, crashes, spent))
}

fn quarter(number: u64) {
    let (payloads, crashes, spent) = lives(number * 5_000..(number + 1) * 5_000).unwrap();
    println!("5000 lives: {payloads} payloads, {crashes} crashes, {spent} budgets spent to the end");
    assert!(payloads > 4_000 && crashes > 4_000 && spent > 10, "{payloads}, {crashes}, {spent}: too few");
}

#[test]
fn five_thousand_lives() {
    quarter(0);
}

#[test]
fn five_thousand_more() {
    quarter(1);
}

#[test]
fn and_five_thousand() {
    quarter(2);
}

#[test]
fn and_five_thousand_again() {
    quarter(3);
}

#[test]
fn wrong_state_machines_are_seen() {
    for mutant in [
        Mutant::RefundOnReset,
        Mutant::RedrawOnRetry,
        Mutant::TrustTheClock,
        Mutant::SendBeforeDurable,
        Mutant::ShareWithoutConsent,
        Mutant::PreviewIsNotTheMemo,
        Mutant::OptInDrawsAgain,
        Mutant::KeepWaitingReport,
        Mutant::IgnoreKillSwitch,
    ] {
        must_catch(mutant, || lives(0..160).map(drop));
    }
}
