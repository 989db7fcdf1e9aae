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
    Mutant::LeaveSetAside,
    Mutant::LowerOnlyInMemory,
    Mutant::LowerWithoutErasing,
    Mutant::MutedStillShown,
    Mutant::NonProfilingReadsProfile,
    Mutant::NothingGrowsOld,
    Mutant::OutdatedNoticeCounts,
    Mutant::PinIgnoresFilter,
    Mutant::PlatformRaises,
    Mutant::RaiseWithoutConsent,
    Mutant::RaiseWithoutReceipt,
    Mutant::RenameBeforeSync,
    Mutant::SetAsideForEver,
    Mutant::ShowOutOfStock,
    Mutant::SkipDirectorySync,
    Mutant::StopOnlyInMemory,
    Mutant::SwitchKeepsHistory,
    Mutant::TrustAfterFailedSync,
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

fn count() -> u64 {
    std::env::var("N").map_or(SEQUENCES, |text| text.parse().expect("a number"))
}

#[test]
fn the_phone_is_an_ideal_one() {
    let hunted = on_all_threads(|thread| {
        let mut tally = Tally::default();
        let hunted = hunt((0..count()).filter(|seed| seed % THREADS == thread), &mut tally);
        (tally, hunted.err())
    });
    let mut tally = Tally::default();
    hunted.iter().for_each(|(more, _)| tally.add(more));
    println!("{tally:?}");
    let problems: Vec<String> = hunted.into_iter().filter_map(|(_, problem)| problem).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
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
