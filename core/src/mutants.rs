//! Wrong versions of single rules, for the tests that must catch them.
//!
//! Compiled with the `mutants` feature only. One mutant at a time is active, per thread; none by default.

use std::cell::Cell;

/// A rule that is broken on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mutant {
    /// A pack's signature is not checked.
    AcceptAnySignature,
    /// A pack is taken for one that was verified before, whatever its fingerprint.
    AcceptAnyFingerprint,
    /// The log acknowledges an append whose fsync failed.
    IgnoreFailedSync,
    /// The log goes on after a failed fsync as if older unsynced writes were still safe.
    TrustAfterFailedSync,
    /// A new generation becomes current before its bytes are on the device.
    RenameBeforeSync,
    /// A failed directory fsync is taken for a success: the old key goes while the old file may come back.
    SkipDirectorySync,
    /// A rewrite leaves the old generation's key in place.
    KeepOldKey,
    /// An erasure removes files first and keys only if that worked.
    EraseFilesBeforeKeys,
    /// Opening does not cut an invalid tail off, so later appends land behind it.
    KeepTornTail,
    /// Opening takes a damaged durable frame for the end of the log.
    CutDurableFrames,
    /// A save of the state acknowledges after one copy.
    AcknowledgeOneCopy,
    /// A state that another process changed is written over.
    OverwriteForeignState,
    /// The level rises without a consent record.
    RaiseWithoutConsent,
    /// A rise of the level leaves no receipt.
    RaiseWithoutReceipt,
    /// A consent past its end still counts.
    ExpiredConsentCounts,
    /// A consent to a notice that is no longer accepted still counts.
    OutdatedNoticeCounts,
    /// A receipt that does not follow from the one before is accepted.
    AcceptAnyReceipt,
    /// The signals of a consent platform raise the level.
    PlatformRaises,
    /// The kill switch is not asked.
    IgnoreKillSwitch,
    /// The gate admits events at level Off.
    AdmitAtOff,
    /// A gift counts like any other event.
    LearnFromGifts,
    /// A private session keeps what it sees.
    PrivateIsKept,
    /// One category may fill a whole answer.
    OneCategoryFillsAll,
    /// Sensitive categories are learned from like others.
    LearnSensitive,
    /// A non-profiling request reads the profile all the same.
    NonProfilingReadsProfile,
    /// Records are also written to a file in the clear.
    WritePlaintextCopy,
    /// Popular items do not fill an answer that is too short.
    DropFallback,
    /// Lowering the level leaves the sealed history where it is.
    LowerWithoutErasing,
    /// Lowering and forgetting do not reach a history that is set aside.
    LeaveSetAside,
    /// Lowering the level returns before what it must erase is gone.
    EraseLater,
    /// Setting the level again takes the mark off an erasure that is pending.
    DropPendingErasure,
    /// What an ended consent set aside is never erased.
    SetAsideForEver,
    /// Taking a cap away puts the level back to what it was.
    UncapRaises,
    /// Lowering the level is not made durable.
    LowerOnlyInMemory,
    /// Erasing a history clears memory and leaves file and key.
    EraseOnlyMemory,
    /// Forgetting changes memory and not the file.
    ForgetOnlyInMemory,
    /// Forgetting changes the file and not memory.
    ForgetOnlyOnDisk,
    /// Forgetting leaves the profile as it was.
    ForgetKeepsProfile,
    /// Forgetting reaches what is set aside and not the visit beside it.
    ForgetOnlyAside,
    /// Answers can be continued and explained after what they were made from was forgotten.
    AnswersOutliveForgetting,
    /// Events never grow old.
    NothingGrowsOld,
    /// A visit never ends for idleness.
    VisitNeverEnds,
    /// Memory keeps an event that the log refused.
    KeepRefusedEvents,
    /// Switching to another person leaves the history of the one before in memory.
    SwitchKeepsHistory,
    /// Deleting a profile leaves its history on disk.
    DeleteLeavesFile,
    /// The kill switch is not made durable.
    StopOnlyInMemory,
    /// Items of muted categories and disliked brands are shown.
    MutedStillShown,
    /// Items that cannot be had are shown.
    ShowOutOfStock,
    /// The filter is not asked.
    IgnoreFilter,
    /// A pinned item need not pass the filter.
    PinIgnoresFilter,
    /// An explanation leaves the transition graph out.
    ExplanationDropsTransitions,
    /// The seed of a request is ignored.
    IgnoreSeed,
    /// The highest cap of a consent platform's signals counts, not the lowest.
    CmpRaises,
    /// A GPP section of an unknown kind says nothing.
    CmpUnknownSectionIgnored,
    /// An empty string of consents allows everything.
    CmpEmptyMeansYes,
    /// The undefined value of an opt-out field means that there is none.
    CmpUndefinedMeansNo,
    /// The signals of a consent platform never grow old.
    CmpOldConsentCounts,
    /// A report takes the square of its ratio for the ratio.
    SquareRatio,
    /// A report's other topics are the first ones.
    NoShuffle,
    /// Every step of the shuffle draws from all topics.
    BiasedShuffle,
    /// The randomness of every report is the same.
    ConstantSeed,
    /// A draw below `n` is the remainder of a byte.
    ModuloOfAByte,
    /// A report is shown and given without asking for the level.
    ShareWithoutConsent,
    /// A report is drawn anew when it is asked for again.
    RedrawOnRetry,
    /// Forgetting everything or opting out gives the budget back.
    RefundOnReset,
    /// An epoch is what the clock says, also when a later one was seen.
    TrustTheClock,
    /// A report is handed out before its draw is durable.
    SendBeforeDurable,
    /// A shopper without items sends nothing.
    SkipWhenEmpty,
    /// What the preview shows is drawn for the preview alone.
    PreviewIsNotTheMemo,
    /// Opting in draws anew in an epoch that has its report.
    OptInDrawsAgain,
    /// A report that waits outlives the consent to share it.
    KeepWaitingReport,
    /// Items of sensitive categories enter the slots.
    SensitiveItemsEnter,
    /// Report shares hold the topic itself.
    SharesWithoutNoise,
    /// Report shares are drawn in an epoch that has its report.
    SharesBesideReport,
    /// Report shares cost one unit.
    SharesCheaply,
}

thread_local! {
    static ACTIVE: Cell<Option<Mutant>> = const { Cell::new(None) };
}

/// Whether `mutant` is switched on for this thread.
pub(crate) fn is_active(mutant: Mutant) -> bool {
    ACTIVE.with(|active| active.get() == Some(mutant))
}

/// Runs `body` with `mutant` switched on for this thread, and switches it off again, also when `body` panics.
pub fn with<T>(mutant: Mutant, body: impl FnOnce() -> T) -> T {
    struct Reset;
    impl Drop for Reset {
        fn drop(&mut self) {
            ACTIVE.with(|active| active.set(None));
        }
    }
    ACTIVE.with(|active| active.set(Some(mutant)));
    let _reset = Reset;
    body()
}
