//! What the shopper decides: levels, interests, forgetting, profiles, reports, and data to take along.

use std::collections::HashMap;

use tastekeeper as core;

use crate::cmp::{CmpOutcome, CmpPolicy, SignalValue, signals};
use crate::consent::{Consent, ConsentState, PersonalizationLevel, Receipt};
use crate::error::Result;
use crate::mirror::{all, count, size};
use crate::recommender::Recommender;
use crate::reports::{Report, ReportLogEntry, ReportPreview};
use crate::rights::{Forget, HistoryEntry, Imported, Interest, ProfileSummary};

#[uniffi::export]
impl Recommender {
    /// The level in force now. Off unless the shopper chose otherwise and the consent is live.
    ///
    /// # Errors
    /// `Closed`.
    pub fn level(&self) -> Result<PersonalizationLevel> {
        self.call(core::Recommender::level).map(Into::into)
    }

    /// What is known of the shopper's consent.
    ///
    /// # Errors
    /// `Closed`.
    pub fn consent_state(&self) -> Result<ConsentState> {
        self.call(core::Recommender::consent_state).map(Into::into)
    }

    /// Changes the level. Raising needs a consent; lowering never does, and what the lower level may not hold is erased, its
    /// key first, before this returns. May block on disk and on the key custodian.
    ///
    /// # Errors
    /// `ConsentRequired`: the level stays. `ErasurePending`: the level is lowered and nothing personal is used, but something
    /// could not be removed yet. A storage or key error while raising: the level stays.
    #[uniffi::method(default(consent = None))]
    pub fn set_level(&self, level: PersonalizationLevel, consent: Option<Consent>) -> Result<()> {
        let consent = consent.map(core::Consent::from);
        self.call(|engine| engine.set_level(level.into(), consent.as_ref()))
    }

    /// Says that the active profile's shopper is a child or of unknown age (true), or that this is no longer so. Caps the level
    /// at Session; taking the cap away raises nothing.
    ///
    /// # Errors
    /// As for `set_level`.
    pub fn set_protected(&self, on: bool) -> Result<()> {
        self.call(|engine| engine.set_protected(on))
    }

    /// Takes note of what a consent platform left in the app's preferences, and lowers the level to what that still allows. It
    /// never raises a level. Keys that are not of a consent platform are ignored.
    ///
    /// # Errors
    /// As for `set_level`; `InvalidArgument` for too many or too long keys.
    pub fn apply_cmp_signals(
        &self,
        pairs: HashMap<String, SignalValue>,
        policy: CmpPolicy,
    ) -> Result<CmpOutcome> {
        let (found, policy) = (signals(pairs)?, policy.into());
        self.call(|engine| engine.apply_cmp_signals(&found, &policy)).map(Into::into)
    }

    /// The kill switch: stops (true) or resumes learning for every profile on this phone. Durable when it returns.
    ///
    /// # Errors
    /// A storage error. Then learning is stopped if it was, or was to be.
    pub fn set_kill_switch(&self, on: bool) -> Result<()> {
        self.call(|engine| engine.set_kill_switch(on))
    }

    /// Stops (true) or resumes learning for the active profile. What is kept stays and is used. Durable when it returns.
    ///
    /// # Errors
    /// A storage error, and then nothing changed.
    pub fn pause(&self, on: bool) -> Result<()> {
        self.call(|engine| engine.pause(on))
    }

    /// Corrects the shop's idea of a category: shown more, never shown, or no correction.
    ///
    /// # Errors
    /// `ConsentRequired` at level Off, where nothing is kept; a storage error, and then nothing changed.
    pub fn set_interest(&self, category: String, interest: Interest) -> Result<()> {
        self.call(|engine| engine.set_interest(&category, interest.into()))
    }

    /// What the phone believes of the shopper. For the shopper's own eyes.
    ///
    /// # Errors
    /// `Closed`.
    pub fn profile(&self) -> Result<ProfileSummary> {
        self.call(core::Recommender::profile).map(Into::into)
    }

    /// The newest kept events before `before_ms`, newest first; at most `limit`, 1 to 1 000. For the shopper's own eyes.
    ///
    /// # Errors
    /// `InvalidArgument` for the limit.
    #[uniffi::method(default(limit = 100, before_ms = None))]
    pub fn history(&self, limit: u32, before_ms: Option<i64>) -> Result<Vec<HistoryEntry>> {
        self.call(|engine| engine.history(size(limit), before_ms)).map(all)
    }

    /// Forgets, exactly: afterwards files, memory and answers are those of a phone that never saw it. Returns how many events
    /// were forgotten or shortened. Answers given before can no longer be explained or continued.
    ///
    /// # Errors
    /// `ErasurePending`: forgotten, but an old file or key could not be removed yet. After any other error nothing was
    /// forgotten.
    pub fn forget(&self, scope: Forget) -> Result<u32> {
        self.call(|engine| engine.forget(scope.into())).map(count)
    }

    /// Ends (false) or resumes learning from the kept events that `scope` names: "this was a gift". Returns how many events
    /// changed.
    ///
    /// # Errors
    /// As for `forget`.
    pub fn set_learning(&self, scope: Forget, on: bool) -> Result<u32> {
        self.call(|engine| engine.set_learning(scope.into(), on)).map(count)
    }

    /// Begins (true) or ends a private session: what is kept is neither read nor added to, and what the private session saw is
    /// gone when it ends.
    ///
    /// # Errors
    /// A storage or key error when the kept history cannot be opened again; then the private session goes on.
    pub fn set_private_session(&self, on: bool) -> Result<()> {
        self.call(|engine| engine.set_private_session(on))
    }

    /// Whether a private session is on.
    ///
    /// # Errors
    /// `Closed`.
    pub fn is_private_session(&self) -> Result<bool> {
        self.call(core::Recommender::is_private_session)
    }

    /// Every change of level of the active profile, oldest first.
    ///
    /// # Errors
    /// `Closed`.
    pub fn receipts(&self) -> Result<Vec<Receipt>> {
        self.call(core::Recommender::receipts).map(all)
    }

    /// The receipts as JSON after ISO/IEC TS 27560, for the shopper to keep.
    ///
    /// # Errors
    /// `Closed`.
    pub fn export_receipts(&self) -> Result<String> {
        self.call(core::Recommender::export_receipts)
    }

    /// Whether every receipt of a document was made by this phone for the active profile.
    ///
    /// # Errors
    /// `InvalidArgument` for a document that does not hold together.
    pub fn owns_receipts(&self, document: String) -> Result<bool> {
        self.call(|engine| engine.owns_receipts(&document))
    }

    /// Everything the phone holds of the active profile, as JSON. In the clear: save it only where the shopper says.
    ///
    /// # Errors
    /// A storage or key error when what is set aside cannot be opened.
    pub fn export_data(&self) -> Result<String> {
        self.call(core::Recommender::export_data)
    }

    /// The events and interests of the active profile, sealed with a passphrase, for `import_transfer` on a new phone.
    ///
    /// # Errors
    /// `InvalidArgument` for a passphrase of fewer than 12 characters; `RandomUnavailable`; a storage error.
    pub fn export_transfer(&self, passphrase: String) -> Result<Vec<u8>> {
        self.call(|engine| engine.export_transfer(&passphrase))
    }

    /// Takes over what `export_transfer` sealed. Durable when it returns.
    ///
    /// # Errors
    /// `InvalidArgument` for `passphrase` or `transfer`: wrong, changed, or of another version. `ConsentRequired` where nothing
    /// may be learned. A storage error, and then nothing was taken over.
    pub fn import_transfer(&self, sealed: &[u8], passphrase: String) -> Result<Imported> {
        self.call(|engine| engine.import_transfer(sealed, &passphrase)).map(Into::into)
    }

    /// The names of all profiles, in the order they were made.
    ///
    /// # Errors
    /// `Closed`.
    pub fn profiles(&self) -> Result<Vec<String>> {
        self.call(core::Recommender::profiles)
    }

    /// Makes another profile the active one; a new name starts at level Off.
    ///
    /// # Errors
    /// `InvalidArgument` when there are too many; a storage or key error, and then the profile stays.
    pub fn switch_profile(&self, name: String) -> Result<()> {
        self.call(|engine| engine.switch_profile(&name))
    }

    /// Moves the history of the profile `source` into the active profile and deletes `source`. Both must be at level OnDevice or
    /// above.
    ///
    /// # Errors
    /// `ConsentRequired` when one of them is not; `InvalidArgument` for an unknown or the active profile; a storage or key error.
    pub fn merge_profile(&self, source: String) -> Result<()> {
        self.call(|engine| engine.merge_profile(&source))
    }

    /// Erases a profile: its history, key first, its consent and its receipts.
    ///
    /// # Errors
    /// `InvalidArgument` for an unknown or the active profile; `ErasurePending` when something could not be removed yet.
    pub fn delete_profile(&self, name: String) -> Result<()> {
        self.call(|engine| engine.delete_profile(&name))
    }

    /// Loads the topics that reports are about. `signature` is the text of the `.minisig` file. Call it at every start; without
    /// it no report is drawn.
    ///
    /// # Errors
    /// `VocabularyInvalid` saying why; the one in use stays in use. A storage error, likewise.
    pub fn load_vocabulary(&self, bytes: &[u8], signature: String) -> Result<()> {
        self.call(|engine| engine.load_vocabulary(bytes, &signature))
    }

    /// The report of this epoch, for the shopper to look at. Draws it if there is none yet; from then on it is the same
    /// whenever it is asked for. Nothing leaves.
    ///
    /// # Errors
    /// `ConsentRequired` below level Shared, and while learning is stopped or paused; `InvalidArgument` naming `vocabulary` when
    /// none is loaded; `BudgetExhausted` when there is no report to be had; `RandomUnavailable` and storage errors.
    pub fn preview_report(&self) -> Result<ReportPreview> {
        self.call(core::Recommender::preview_report).map(Into::into)
    }

    /// The report to send now, if there is one, until `confirm_sent`. Ask at every start and once a day.
    ///
    /// # Errors
    /// `RandomUnavailable` and storage errors, and then nothing may be sent.
    pub fn pending_report(&self) -> Result<Option<Report>> {
        self.call(core::Recommender::pending_report).map(|report| report.map(Into::into))
    }

    /// Says that a report was sent; it is not offered again.
    ///
    /// # Errors
    /// `InvalidArgument` for a report that was never given to the app for this profile; a storage error, and then confirm again.
    pub fn confirm_sent(&self, id: u16) -> Result<()> {
        self.call(|engine| engine.confirm_sent(core::ReportId(id)))
    }

    /// Every report that this installation drew, oldest first. For the shopper's own eyes.
    ///
    /// # Errors
    /// `Closed`.
    pub fn report_log(&self) -> Result<Vec<ReportLogEntry>> {
        self.call(core::Recommender::report_log).map(all)
    }

    /// Lets guarded topics, those that tell of a baby, enter the active profile's reports (true), or keeps them out, as they
    /// are by default.
    ///
    /// # Errors
    /// `ConsentRequired` when they are let in below level Shared, or without a consent to a notice that speaks of them. A
    /// storage error, and then nothing changed.
    #[uniffi::method(default(consent = None))]
    pub fn set_guarded_topics(&self, on: bool, consent: Option<Consent>) -> Result<()> {
        let consent = consent.map(core::Consent::from);
        self.call(|engine| engine.set_guarded_topics(on, consent.as_ref()))
    }
}
