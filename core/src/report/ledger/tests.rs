use super::*;
use crate::consent::{Gate, PersonalizationLevel};
use crate::report::Parameters;
use crate::report::wire::Payload;

/// A ledger in which `profile` drew in `epochs`, at 3 units each.
fn ledger(epochs: &[u16], profile: u32) -> Ledger {
    let mut ledger = Ledger::default();
    for &epoch in epochs {
        let Ok(Budget::Fresh(grant)) = ledger.budget(Some(epoch), profile, Some(3)) else {
            panic!("no budget in epoch {epoch}")
        };
        ledger.record(&report(grant.epoch), grant.cost(), profile, 77);
    }
    ledger
}

fn report(epoch: u16) -> Report {
    let payload =
        Payload { parameters: Parameters::new(32, 2, 8).unwrap(), taxonomy_id: [1, 2, 3, 4], epoch, mask: 3 };
    let gate = Gate::new(PersonalizationLevel::Shared, None);
    Report::recall(gate.share().unwrap(), Memo { epoch, bytes: payload.encode() })
}

fn refusal(ledger: &Ledger, now: u16) -> Option<Refusal> {
    ledger.budget(Some(now), 1, Some(3)).err()
}

fn reread(ledger: &Ledger) -> Ledger {
    Ledger::from(Vec::from(ledger.clone()))
}

#[test]
fn an_epoch_has_one_report() {
    let ledger = ledger(&[10], 1);
    let Ok(Budget::Spent(memo)) = ledger.budget(Some(10), 1, Some(3)) else { panic!("no memo") };
    assert_eq!(memo.into_parts(), (10, report(10).to_bytes()));
    assert_eq!(ledger.budget(Some(10), 2, Some(3)).err(), Some(Refusal::OtherProfile));
    assert!(matches!(ledger.budget(Some(11), 2, Some(3)), Ok(Budget::Fresh(_))));
    assert_eq!(ledger.budget(Some(11), 2, None).err(), Some(Refusal::NoVocabulary));
    assert_eq!(ledger.budget(None, 1, Some(3)).err(), Some(Refusal::NoEpoch));
}

#[test]
fn both_caps_hold() {
    // Eight reports of 3 units, with gaps, and never a ninth.
    let full = ledger(&[1, 2, 3, 4, 9, 10, 11, 12], 1);
    assert_eq!(full.spent(), MAX_UNITS);
    for epoch in [13, 100, 60_000] {
        assert_eq!(refusal(&full, epoch), Some(Refusal::Spent));
    }
    // A window of four epochs has room for four reports of the largest cost, which is also one for each epoch.
    let cheap = ledger(&[1, 2, 3, 4], 1);
    assert!(matches!(cheap.budget(Some(5), 1, Some(3)), Ok(Budget::Fresh(_))));
    assert_eq!(cheap.budget(Some(5), 1, Some(4)).err(), Some(Refusal::FourEpochsSpent));
}

#[test]
fn an_epoch_that_was_seen_stays_seen() {
    let ledger = ledger(&[10], 1);
    let Ok(Budget::Spent(memo)) = ledger.budget(Some(4), 1, Some(3)) else { panic!("no memo") };
    assert_eq!(memo.epoch, 10);
    assert!(ledger.is_clock_behind(Some(4)) && ledger.is_clock_behind(None));
    assert!(!ledger.is_clock_behind(Some(10)));
    let mut changed = Ledger::default();
    assert_eq!(changed.use_vocabulary([1; 4], Some(5)), Ok(true));
    assert_eq!(changed.use_vocabulary([2; 4], Some(5)), Ok(true));
    assert_eq!(refusal(&changed, 4), Some(Refusal::ClockBehind));
}

#[test]
fn a_vocabulary_changes_once_in_an_epoch() {
    let mut ledger = Ledger::default();
    assert_eq!(ledger.use_vocabulary([1; 4], Some(5)), Ok(true));
    assert_eq!(ledger.use_vocabulary([1; 4], Some(5)), Ok(false));
    assert_eq!(ledger.use_vocabulary([2; 4], Some(5)), Ok(true));
    assert_eq!(ledger.use_vocabulary([1; 4], Some(5)), Err(VocabularyProblem::ChangedThisEpoch));
    assert_eq!(ledger.use_vocabulary([1; 4], Some(3)), Err(VocabularyProblem::ChangedThisEpoch));
    assert_eq!(reread(&ledger).use_vocabulary([1; 4], Some(6)), Ok(true));
}

#[test]
fn what_waits_falls_with_the_consent_and_what_was_given_stays_in_the_log() {
    let mut kept = ledger(&[10], 1);
    kept.obey(&|_| Some(true));
    assert_eq!(kept, ledger(&[10], 1));

    let mut waiting = ledger(&[10], 1);
    waiting.obey(&|_| Some(false));
    assert_eq!(waiting.entries()[0].bytes, None);
    assert_eq!(waiting.entries()[0].state(Some(10)), ReportState::Dropped);
    assert_eq!((refusal(&waiting, 10), waiting.spent()), (Some(Refusal::Withdrawn), 3));
    waiting.confirm(10);
    assert_eq!(waiting.entries()[0].state(Some(10)), ReportState::Dropped, "never given, so never sent");

    let mut handed = ledger(&[10], 1);
    handed.hand_over(10);
    handed.obey(&|_| Some(false));
    assert_eq!(handed.entries()[0].state(Some(10)), ReportState::HandedOver);
    assert!(handed.entries()[0].bytes.is_some());
    assert_eq!(refusal(&handed, 10), Some(Refusal::Withdrawn));
    handed.confirm(10);
    handed.hand_over(10);
    assert_eq!(handed.entries()[0].state(Some(10)), ReportState::Sent);

    handed.obey(&|_| None);
    assert_eq!((handed.entries()[0].bytes, handed.spent()), (None, 3));
}

#[test]
fn a_report_of_an_epoch_that_is_over_is_dropped() {
    let mut ledger = ledger(&[10], 1);
    assert_eq!(ledger.entries()[0].state(Some(10)), ReportState::Waiting);
    assert_eq!(ledger.entries()[0].state(Some(11)), ReportState::Dropped);
    ledger.hand_over(10);
    assert_eq!(ledger.entries()[0].state(Some(11)), ReportState::HandedOver);
}

#[test]
fn what_cannot_be_read_allows_nothing_and_stays_as_it_is() {
    let good = Vec::from(ledger(&[10, 12], 1));
    assert!(Ledger::from(good.clone()).is_readable());
    let newer = [&[LEDGER_VERSION + 1], &good[1..]].concat();
    let cut = good[..good.len() - 1].to_vec();
    for bytes in [Vec::new(), newer, cut, vec![7; 300]] {
        let unreadable = Ledger::from(bytes.clone());
        assert_eq!(refusal(&unreadable, 60_000), Some(Refusal::Unreadable));
        assert_eq!(unreadable.spent(), MAX_UNITS);
        assert_eq!(Vec::from(unreadable), bytes);
    }
    assert_eq!(Ledger::from(Vec::new()), Ledger::lost());
}

#[test]
fn a_ledger_that_we_would_not_write_is_not_read() {
    let with = |change: fn(&mut Book)| {
        let mut book = ledger(&[10, 12], 1).0.unwrap();
        change(&mut book);
        Ledger::from(codec::encode(LEDGER_VERSION, &book).unwrap()).is_readable()
    };
    assert!(with(|_| ()));
    assert!(!with(|book| book.entries.reverse()));
    assert!(!with(|book| book.entries[0].epoch = 12));
    assert!(!with(|book| book.entries[0].cost = 0));
    assert!(!with(|book| book.entries[0].cost = 4));
    assert!(!with(|book| book.entries[1].bytes = Some([0; 24])));
    assert!(!with(|book| {
        let entry = book.entries[0].clone();
        book.entries = (0..9).map(|epoch| Entry { epoch, bytes: None, ..entry.clone() }).collect();
    }));
}

#[test]
fn a_reset_keeps_the_spending_only() {
    let reset = ledger(&[10, 12], 1).without_contents();
    assert_eq!((reset.spent(), refusal(&reset, 12)), (6, Some(Refusal::Withdrawn)));
    assert!(reset.entries().iter().all(|entry| entry.bytes.is_none()));
    assert!(Ledger::default().is_unused() && !reset.is_unused() && !Ledger::lost().is_unused());
}

#[test]
fn the_bytes_of_version_one_do_not_change() {
    let mut ledger = ledger(&[300], 2);
    ledger.hand_over(300);
    let hex: String = Vec::from(ledger).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, GOLDEN);
}

/// Version, one entry (epoch, cost, profile, offer, bytes, release, withdrawn), no vocabulary, no change.
const GOLDEN: &str = "0101fb2c0103029a01505601012002080001020304012c0000000000000003000001000000";
