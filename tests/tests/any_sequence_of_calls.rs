//! Whatever an app, a shopper and a phone do, in whatever order: the phone is one that the promises permit.
//!
//! `TASTEKEEPER_SEED=7` runs the sequence of that seed alone.

#![allow(clippy::print_stdout, reason = "tests report how much they visited")]

use std::sync::atomic::{AtomicUsize, Ordering};

use tastekeeper::mutants::{Mutant, with};
use tastekeeper_tests::machine::drive::Tally;
use tastekeeper_tests::machine::hunt::{first_failing, hunt};

/// How many sequences are run.
const SEQUENCES: u64 = 20_000;
/// How many a mutant may survive.
const MUTANT_SEQUENCES: u64 = 6_000;
/// How many threads run them.
const THREADS: u64 = 2;

/// Wrong versions that must not get through.
const MUTANTS: &[Mutant] = &[
    Mutant::AcknowledgeOneCopy,
    Mutant::AdmitAtOff,
    Mutant::AnswersOutliveForgetting,
    Mutant::CmpRaises,
    Mutant::DeleteLeavesFile,
    Mutant::DropPendingErasure,
    Mutant::EraseFilesBeforeKeys,
    Mutant::EraseLater,
    Mutant::EraseOnlyMemory,
    Mutant::ExpiredConsentCounts,
    Mutant::ForgetKeepsProfile,
    Mutant::ForgetOnlyAside,
    Mutant::ForgetOnlyInMemory,
    Mutant::ForgetOnlyOnDisk,
    Mutant::IgnoreFailedSync,
    Mutant::IgnoreFilter,
    Mutant::IgnoreKillSwitch,
    Mutant::KeepOldKey,
    Mutant::KeepRefusedEvents,
    Mutant::KeepTornTail,
    Mutant::LearnFromGifts,
    Mutant::LeaveSetAside,
    Mutant::LowerOnlyInMemory,
    Mutant::LowerWithoutErasing,
    Mutant::MutedStillShown,
    Mutant::NonProfilingReadsProfile,
    Mutant::NothingGrowsOld,
    Mutant::OutdatedNoticeCounts,
    Mutant::PinIgnoresFilter,
    Mutant::PlatformRaises,
    Mutant::PrivateIsKept,
    Mutant::RaiseWithoutConsent,
    Mutant::RaiseWithoutReceipt,
    Mutant::RenameBeforeSync,
    Mutant::SetAsideForEver,
    Mutant::ShowOutOfStock,
    Mutant::SkipDirectorySync,
    Mutant::StopOnlyInMemory,
    Mutant::SwitchKeepsHistory,
    Mutant::UncapRaises,
    Mutant::VisitNeverEnds,
    Mutant::WritePlaintextCopy,
];

/// Runs `work` on every thread, each with its number.
fn on_all_threads<T: Send>(work: impl Fn(u64) -> T + Sync) -> Vec<T> {
    std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || work(thread))).collect();
        threads.into_iter().map(|thread| thread.join().expect("failures are answers")).collect()
    })
}

/// The seed that is asked for, to run its sequence alone.
fn seed_alone() -> Option<u64> {
    std::env::var("TASTEKEEPER_SEED").ok().map(|text| text.parse().expect("TASTEKEEPER_SEED is a number"))
}

/// How often each call must have worked, and met a fault, and how often other things must have happened.
const CALLS: &[(&str, u64, u64)] = &[
    ("apply_cmp_signals", 2_000, 300),
    ("close", 1_000, 0),
    ("delete_profile", 150, 50),
    ("explain", 1_000, 50),
    ("forget", 5_000, 500),
    ("install_model", 20_000, 50),
    ("load_model", 200, 20),
    ("load_model_bytes", 200, 20),
    ("merge_profile", 80, 60),
    ("patch_items", 1_000, 150),
    ("pause", 500, 100),
    ("reading calls", 4_000, 80),
    ("recommend", 5_000, 100),
    ("recommend_categories", 1_000, 30),
    ("recommend_next", 1_500, 60),
    ("remove_items", 1_000, 150),
    ("rerank", 1_000, 30),
    ("set_interest", 2_000, 150),
    ("set_kill_switch", 1_000, 200),
    ("set_learning", 1_000, 80),
    ("set_level", 15_000, 1_500),
    ("set_private_session", 600, 10),
    ("set_protected", 1_000, 200),
    ("switch_profile", 8_000, 100),
    ("track", 15_000, 800),
    ("track_all", 4_000, 200),
    ("upsert_items", 2_000, 400),
    ("warm_up", 1_000, 20),
];
const OTHERS: &[(&str, u64)] = &[
    ("calls on a closed engine", 3_000),
    ("comparisons with a new phone", 2_500),
    ("copies damaged", 500),
    ("file operations hit", 5_000),
    ("histories erased", 2_000),
    ("histories shortened", 1_500),
    ("key operations hit", 3_000),
    ("keys lost", 1_000),
    ("kills in a call", 1_000),
    ("observations", 100_000),
    ("observations while something is pending", 1_500),
    ("openings", 20_000),
    ("openings with a fault", 1_500),
    ("power cuts between calls", 5_000),
    ("power cuts in a call", 1_500),
    ("resets", 500),
];

/// A hunt in which hardly anything happens shows nothing.
fn check_floors(tally: &Tally) {
    let named: Vec<&str> = CALLS.iter().map(|call| call.0).collect();
    let unknown: Vec<&&str> = tally.calls.keys().filter(|name| !named.contains(name)).collect();
    assert!(unknown.is_empty(), "calls without a floor: {unknown:?}");
    for (name, worked, hit) in CALLS {
        let found = tally.calls.get(name).copied().unwrap_or_default();
        assert!(
            found.0 >= *worked && found.1 >= *hit,
            "{name} worked {} times, {} with a fault",
            found.0,
            found.1
        );
    }
    for (name, floor) in OTHERS {
        let found = tally.other.get(name).copied().unwrap_or_default();
        assert!(found >= *floor, "{name}: {found}");
    }
}

#[test]
fn the_phone_is_an_ideal_one() {
    let alone = seed_alone();
    let hunted = on_all_threads(|thread| {
        let mut tally = Tally::default();
        let seeds = alone.map_or(0..SEQUENCES, |seed| seed..seed + 1);
        let hunted = hunt(seeds.filter(|seed| seed % THREADS == thread), &mut tally);
        (tally, hunted.err())
    });
    let mut tally = Tally::default();
    hunted.iter().for_each(|(more, _)| tally.add(more));
    println!("{tally:#?}");
    let problems: Vec<String> = hunted.into_iter().filter_map(|(_, problem)| problem).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
    if alone.is_none() {
        check_floors(&tally);
    }
}

#[test]
fn no_mutant_survives() {
    let next = AtomicUsize::new(0);
    let lists = on_all_threads(|_| {
        let mut survivors = Vec::new();
        while let Some(&mutant) = MUTANTS.get(next.fetch_add(1, Ordering::Relaxed)) {
            match with(mutant, || first_failing(0..MUTANT_SEQUENCES)) {
                Some(seed) => println!("{mutant:?} is seen by seed {seed}"),
                None => survivors.push(mutant),
            }
        }
        survivors
    });
    let survivors = lists.concat();
    assert!(survivors.is_empty(), "unseen in {MUTANT_SEQUENCES} sequences: {survivors:?}");
}
