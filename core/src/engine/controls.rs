//! The shopper's controls: level, pause, interests, history, forgetting.

use super::person::{Person, begin_erasure};
use super::{Call, Inner, Platform, Recommender};
use crate::catalog::{SymbolKind, View};
use crate::consent::cmp::{self, CmpOutcome, CmpPolicy, CmpSignals};
use crate::consent::{
    Consent, ConsentState, Origin, PersonalizationLevel, ProfileConsent, Receipt, export_receipts,
    verify_receipts,
};
use crate::error::{Error, Result};
use crate::event::check_id;
use crate::history::{Forget, Interest, Reach};
use crate::mutant;
use crate::rights::{HistoryEntry, ProfileSummary, list_history, summarise};

/// Most history entries of one call.
const MAX_HISTORY_PAGE: usize = 1_000;

impl Recommender {
    /// The level in force now. Off unless the shopper chose otherwise and the consent is live.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub fn level(&self) -> Result<PersonalizationLevel> {
        self.call(|inner, call| Ok(inner.level(&self.config, call.now_ms)))
    }

    /// What is known of the shopper's consent.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub fn consent_state(&self) -> Result<ConsentState> {
        self.call(|inner, call| Ok(inner.control.active().consent.state(call.now_ms)))
    }

    /// Every change of level of the active profile, oldest first.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub fn receipts(&self) -> Result<Vec<Receipt>> {
        self.call(|inner, _| Ok(inner.control.active().consent.receipts.receipts().to_vec()))
    }

    /// The receipts as JSON after ISO/IEC TS 27560, for the shopper to keep; `docs/receipts.md` has the fields.
    /// [`verify_receipts`](crate::consent::verify_receipts) checks it anywhere.
    ///
    /// # Errors
    /// [`Error::Closed`].
    ///
    /// # Privacy
    /// Holds no behaviour, and no name of the profile.
    pub fn export_receipts(&self) -> Result<String> {
        self.call(|inner, _| export_receipts(&inner.control.active().consent.receipts))
    }

    /// Whether every receipt of a document was made by this phone for the active profile.
    ///
    /// # Errors
    /// As for [`verify_receipts`](crate::consent::verify_receipts).
    pub fn owns_receipts(&self, document: &str) -> Result<bool> {
        let found = verify_receipts(document)?;
        self.call(|inner, _| {
            let own = &inner.control.active().consent.receipts;
            Ok(found.receipts.iter().all(|receipt| receipt.seal.is_some() && own.is_own(receipt)))
        })
    }

    /// Changes the level. Raising needs a consent; lowering never does, and what the lower level may not hold is
    /// erased, its key first, before this returns. May block on disk and on the key custodian.
    ///
    /// # Errors
    /// [`Error::ConsentRequired`]: the level stays. [`Error::ErasurePending`]: the level *is* lowered and nothing
    /// personal is used, but something could not be removed or made durable yet; every open tries again. A storage or
    /// key error while raising: the level stays.
    pub fn set_level(&self, level: PersonalizationLevel, consent: Option<&Consent>) -> Result<()> {
        if let Some(consent) = consent
            && !self.config.accepted_notices.is_empty()
            && !self.config.accepted_notices.contains(&consent.notice_version)
        {
            return Err(Error::invalid("consent.notice_version", "is not one of config.accepted_notices"));
        }
        self.call(|inner, call| {
            let mut ledger = inner.control.active().consent.clone();
            // An erasure that is pending is taken up again.
            let erasing = inner.control.active().erasing && !mutant!(DropPendingErasure);
            let kept_on_disk = ledger.level >= PersonalizationLevel::OnDevice || erasing;
            ledger.set_level(level, consent, call.now_ms, self.config.max_level, &mut call.random)?;
            let held = inner.person.level_held();
            let low = level < PersonalizationLevel::OnDevice;
            let was_private = inner.control.is_private() && held > PersonalizationLevel::Off;
            let lowers = low && (kept_on_disk || level < held || was_private);
            if lowers {
                inner.control.set_private(false);
                return inner.lower(&self.platform, level, kept_on_disk, ledger, call);
            }
            self.turn_private(inner, call, false)?;
            let before = inner.control.active().clone();
            let raised = inner.person.raised(&self.platform, &before, level, call)?;
            if raised.is_none() && ends_sharing(before.consent.level, level) {
                inner.person.rise(None, level);
                return inner.control.end_sharing(ledger, &mut call.random).map_err(pending);
            }
            let changed = inner.control.change(&mut call.random, |profile| {
                profile.consent = ledger;
                profile.erasing = false;
                Ok(())
            });
            match changed {
                Ok(()) => inner.person.rise(raised, level),
                // The level stays as it was; what was made for the higher one goes again.
                Err(_) if raised.is_some() && before.consent.level < PersonalizationLevel::OnDevice => {
                    begin_erasure(&self.platform, &mut inner.control, call, &mut inner.findings);
                }
                Err(_) => {}
            }
            changed
        })
    }

    /// Says that the active profile's shopper is a child or of unknown age (`true`), or that this is no longer so. Caps
    /// the level at Session: a higher one is lowered, and what it kept erased, before this returns. Taking the cap away
    /// raises nothing. May block on disk and on the key custodian.
    ///
    /// # Errors
    /// As for [`set_level`](Self::set_level).
    pub fn set_protected(&self, on: bool) -> Result<()> {
        self.call(|inner, call| {
            let ledger = ProfileConsent { protected: on, ..inner.control.active().consent.clone() };
            self.cap_level(inner, call, ledger, Origin::Age)
        })
    }

    /// Takes note of what a consent platform left in the app's preferences, and lowers the active profile's level to what
    /// that still allows; what the lower level may not hold is erased before this returns. It never raises a level. A
    /// platform that allows more later takes its cap away, and the shopper may raise the level again. Without any key of a
    /// platform nothing changes. Call it at every start, after a change of the preferences and after
    /// [`switch_profile`](Self::switch_profile). May block on disk.
    ///
    /// Returns every decision with its reason; `docs/cmp.md` has the rules.
    ///
    /// # Errors
    /// As for [`set_level`](Self::set_level).
    pub fn apply_cmp_signals(&self, signals: &CmpSignals, policy: &CmpPolicy) -> Result<CmpOutcome> {
        self.call(|inner, call| {
            let outcome = cmp::decide(signals, policy, call.now_ms);
            let Some(cap) = outcome.cap else { return Ok(outcome) };
            let current = &inner.control.active().consent;
            let platform_cap = Some(cap).filter(|cap| *cap < PersonalizationLevel::Shared);
            let mut ledger = ProfileConsent { platform_cap, ..current.clone() };
            if mutant!(PlatformRaises) {
                ledger.level = cap;
                ledger.expires_ms = i64::MAX;
            }
            if ledger != *current {
                self.cap_level(inner, call, ledger, Origin::Platform)?;
            }
            Ok(outcome)
        })
    }

    /// The kill switch: stops (`true`) or resumes learning for every profile on this phone. Levels, forgetting,
    /// retention and exports work all the same. Durable when it returns; may block on disk.
    ///
    /// # Errors
    /// A storage error. Then learning is stopped if it was, or was to be, and the next open may not know.
    pub fn set_kill_switch(&self, on: bool) -> Result<()> {
        self.call(|inner, call| inner.control.stop(on, &mut call.random))
    }

    /// Puts a ledger with other caps into force, lowering the level to what they allow.
    fn cap_level(
        &self,
        inner: &mut Inner,
        call: &mut Call,
        mut ledger: ProfileConsent,
        origin: Origin,
    ) -> Result<()> {
        let before = ledger.level;
        ledger.lower_to_cap(origin, call.now_ms, &mut call.random);
        let level = ledger.level;
        if level < before && level < PersonalizationLevel::OnDevice {
            let kept_on_disk = before >= PersonalizationLevel::OnDevice;
            return inner.lower(&self.platform, level, kept_on_disk, ledger, call);
        }
        if ends_sharing(before, level) {
            return inner.control.end_sharing(ledger, &mut call.random).map_err(pending);
        }
        inner.control.change(&mut call.random, |profile| {
            profile.consent = ledger;
            Ok(())
        })
    }

    /// Stops (`true`) or resumes learning for the active profile. What is kept stays and is used. Durable when it returns.
    ///
    /// # Errors
    /// A storage error, and then nothing changed.
    pub fn pause(&self, on: bool) -> Result<()> {
        self.call(|inner, call| {
            inner.control.change(&mut call.random, |profile| {
                profile.consent.paused = on;
                Ok(())
            })
        })
    }

    /// Corrects the shop's idea of a category: shown more, never shown, or no correction.
    ///
    /// # Errors
    /// [`Error::ConsentRequired`] at level Off, where nothing is kept; a storage error, and then nothing changed.
    ///
    /// # Privacy
    /// Kept with the history: sealed at OnDevice and above, in memory at Session.
    pub fn set_interest(&self, category: &str, interest: Interest) -> Result<()> {
        check_id("category", category)?;
        self.call(|inner, call| {
            if inner.level(&self.config, call.now_ms) == PersonalizationLevel::Off {
                return Err(Error::ConsentRequired { reason: "at level Off nothing is kept".into() });
            }
            if interest == Interest::Boost && inner.catalog.view().is_sensitive_text(category) {
                return Err(Error::invalid("interest", "a sensitive category can be muted and not boosted"));
            }
            inner.person.history.set_interest(category, interest, &mut call.random)
        })
    }

    /// What the phone believes of the shopper.
    ///
    /// # Errors
    /// [`Error::Closed`].
    ///
    /// # Privacy
    /// For the shopper's own eyes.
    pub fn profile(&self) -> Result<ProfileSummary> {
        self.call(|inner, _| {
            Ok(summarise(inner.catalog.view(), &inner.person.history, &inner.person.profile))
        })
    }

    /// The newest kept events before `before_ms`, newest first; at most `limit`, 1 to 1 000.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for the limit.
    ///
    /// # Privacy
    /// For the shopper's own eyes.
    pub fn history(&self, limit: usize, before_ms: Option<i64>) -> Result<Vec<HistoryEntry>> {
        if limit == 0 || limit > MAX_HISTORY_PAGE {
            return Err(Error::invalid("limit", format!("must be from 1 to {MAX_HISTORY_PAGE}")));
        }
        self.call(|inner, _| list_history(&inner.person.history, limit, before_ms))
    }

    /// Forgets, exactly: afterwards files, memory and answers are those of a phone that never saw it. Returns how many
    /// events were forgotten or shortened. Answers given before can no longer be explained or continued.
    ///
    /// Cost: writes the history anew under a new key. May block on disk and on the key custodian.
    ///
    /// # Errors
    /// [`Error::ErasurePending`]: forgotten, but an old file or key could not be removed yet; every open tries again.
    /// After any other error nothing was forgotten.
    pub fn forget(&self, scope: Forget) -> Result<usize> {
        if let Forget::Item(id) | Forget::Category(id) = &scope {
            check_id("scope", id)?;
        }
        self.call(|inner, call| {
            let entry = inner.control.active().clone();
            let done = if scope == Forget::Everything {
                inner.person.forget_everything(&self.platform, &entry, call)
            } else {
                let (person, findings) = (&mut inner.person, &mut inner.findings);
                with_reach(inner.catalog.view(), &scope, |reach| {
                    person.change(&self.platform, &entry, call, findings, |history, random| {
                        history.forget(&scope, reach, random)
                    })
                })
            };
            if matches!(done, Ok(_) | Err(Error::ErasurePending { .. })) {
                inner.forget_answers();
            }
            done
        })
    }

    /// Ends (`false`) or resumes learning from the kept events that `scope` names: "this was a gift". They stay in the
    /// history and move cart and wish list, and speak for nothing else; where `scope` names some items of a purchase, it is
    /// split. Afterwards memory and answers are those of a phone that was told so at once. Handles of the changed events
    /// change. Returns how many events changed. For an event to come, see [`Event::as_gift`](crate::Event::as_gift).
    ///
    /// Cost: as for [`forget`](Self::forget).
    ///
    /// # Errors
    /// As for [`forget`](Self::forget).
    pub fn set_learning(&self, scope: Forget, on: bool) -> Result<usize> {
        if let Forget::Item(id) | Forget::Category(id) = &scope {
            check_id("scope", id)?;
        }
        self.call(|inner, call| {
            let entry = inner.control.active().clone();
            let (person, findings) = (&mut inner.person, &mut inner.findings);
            let done = with_reach(inner.catalog.view(), &scope, |reach| {
                person.change(&self.platform, &entry, call, findings, |history, random| {
                    history.set_learning(&scope, on, reach, random)
                })
            });
            if matches!(done, Ok(_) | Err(Error::ErasurePending { .. })) {
                inner.forget_answers();
            }
            done
        })
    }

    /// Begins (`true`) or ends a private session: the level in force is at most Session, what is kept is neither read nor
    /// added to, and what the private session saw is gone when it ends. It ends with the process, and when a level is
    /// chosen; it covers whoever is the active profile. Ending it twice does nothing. May block on disk.
    ///
    /// # Errors
    /// A storage or key error when the kept history cannot be opened again; then the private session goes on.
    ///
    /// # Privacy
    /// Nothing is written, not even that there was one. `forget` and [`export_data`](Self::export_data) still reach what is kept.
    pub fn set_private_session(&self, on: bool) -> Result<()> {
        self.call(|inner, call| self.turn_private(inner, call, on))
    }

    /// Whether a private session is on.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub fn is_private_session(&self) -> Result<bool> {
        self.call(|inner, _| Ok(inner.control.is_private()))
    }

    fn turn_private(&self, inner: &mut Inner, call: &mut Call, on: bool) -> Result<()> {
        if inner.control.is_private() == on {
            return Ok(());
        }
        inner.control.set_private(on);
        let opened =
            Person::open(&self.platform, &self.config, &mut inner.control, call, &mut inner.findings);
        match opened {
            Ok(person) => {
                inner.forget_answers();
                inner.replace_person(person);
                Ok(())
            }
            Err(error) => {
                inner.control.set_private(!on);
                Err(error)
            }
        }
    }
}

/// Hands `body` what `scope` reaches in the catalogue of the moment.
fn with_reach<T>(view: &View, scope: &Forget, body: impl FnOnce(&Reach<'_>) -> T) -> T {
    let category = match scope {
        Forget::Category(category) => view.symbol(SymbolKind::Category, category),
        _ => None,
    };
    let item = |id: &str| {
        let index = view.index_of(id);
        category.zip(index).is_some_and(|(own, index)| view.has_symbol(index, |symbol| symbol == own))
    };
    let below = |id: &str| category.is_some_and(|category| view.is_category_within(id, category));
    body(&Reach { item: &item, category: &below })
}

impl Inner {
    /// Lowers the level: first the mark on disk, then memory and files, then the mark off again.
    fn lower(
        &mut self,
        platform: &Platform,
        level: PersonalizationLevel,
        kept_on_disk: bool,
        consent: ProfileConsent,
        call: &mut Call,
    ) -> Result<()> {
        let before = self.control.active().clone();
        let kept_on_disk = kept_on_disk || before.erasing;
        let entry = self.control.active_mut();
        entry.consent = consent;
        entry.erasing = kept_on_disk;
        let marked = if mutant!(LowerOnlyInMemory) { Ok(()) } else { self.control.save(&mut call.random) };
        self.forget_answers();
        let erased = self.person.lower(platform, &before, level);
        if mutant!(EraseLater) {
            return Ok(());
        }
        if kept_on_disk && erased.is_ok() && !mutant!(LowerOnlyInMemory) {
            self.control.active_mut().erasing = false;
            // If this fails, the mark that is on disk makes the next open erase again: harmless.
            let cleared = self.control.save(&mut call.random);
            if marked.is_err() {
                return cleared.map_err(pending);
            }
            return Ok(());
        }
        erased.and(marked).map_err(pending)
    }
}

/// Whether a change of level ends sharing and keeps the history.
fn ends_sharing(before: PersonalizationLevel, after: PersonalizationLevel) -> bool {
    before == PersonalizationLevel::Shared && after == PersonalizationLevel::OnDevice
}

fn pending(error: Error) -> Error {
    match error {
        Error::ErasurePending { .. } => error,
        other => {
            Error::ErasurePending { reason: format!("the level is lowered, but not durably yet: {other}") }
        }
    }
}
