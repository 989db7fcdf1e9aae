//! Why a decision fell as it did: typed, and as a sentence.
//!
//! Enters: findings of the readers. Leaves: text for a shopper's settings, a log or a privacy officer. It must never hold
//! a value that was found, only names, ids and numbers that the standards or the app's policy define.

use std::fmt::{self, Display, Formatter};

use crate::consent::PersonalizationLevel;

/// One finding about the signals, and the level it caps at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CmpDecision {
    /// The highest level this finding allows; `None` when it does not stand in the way of any.
    pub cap: Option<PersonalizationLevel>,
    /// What was read.
    pub source: CmpSource,
    /// What was found.
    pub reason: CmpReason,
}

/// What a decision was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CmpSource {
    /// The value of a key.
    Key(&'static str),
    /// A section of the Global Privacy Platform, by its id.
    Section(u16),
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CmpReason {
    /// Whether the GDPR applies is not said, so nobody was asked.
    NotAsked,
    /// The GDPR does not apply; the consents beside it mean nothing then.
    GdprDoesNotApply,
    /// The policy version is missing, cannot be read, or is below 4.
    PolicyVersion,
    /// No platform is named: the keys are left over from one that is gone.
    NoPlatform,
    /// The platform is not one of those the app uses: its keys are left over.
    PlatformNotListed,
    /// The consent is older than this many days.
    TooOld(u32),
    /// The consent is dated more than a day ahead of the phone's clock.
    FromTheFuture,
    /// The age of the consent cannot be told.
    AgeUnknown,
    /// The value is there and makes no sense.
    Unreadable,
    /// The value is an empty text.
    Empty,
    /// There is no such value.
    Missing,
    /// The string holds no consents for the publisher.
    NoPublisherConsents,
    /// Consent is missing for these of the purposes 1, 5 and 6, ascending.
    PurposesNotAllowed(Vec<u8>),
    /// Purposes 1, 5 and 6 have consent.
    PurposesAllowed,
    /// The app has not named the custom purpose that stands for sharing.
    NoSharePurpose,
    /// The custom purpose for sharing has no consent.
    SharePurposeNotAllowed(u8),
    /// The custom purpose for sharing has consent.
    SharePurposeAllowed(u8),
    /// The platform says that no section applies here.
    NoSectionApplies,
    /// The keys `IABTCF_*` say the same and are read instead.
    ReadFromTcfKeys,
    /// The string names no section.
    NoSection,
    /// The header's list of sections and the sections do not match.
    SectionsMismatch,
    /// The section applies, and there is no text for it.
    SectionMissing,
    /// The section is of a kind that is not known here.
    SectionUnknown,
    /// The shopper opted out of these.
    OptedOut(Vec<OptOut>),
    /// The browser-wide signal Global Privacy Control is set.
    GlobalPrivacyControl,
    /// The shopper is known to be a child or teenager, without consent.
    ChildWithoutConsent,
    /// The section is sound and nobody opted out of anything it knows.
    NothingOptedOut,
}

/// What a shopper in the United States can opt out of, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OptOut {
    /// Sale of personal data.
    Sale,
    /// Sharing of personal data for advertising across contexts.
    Sharing,
    /// Targeted advertising.
    TargetedAdvertising,
}

impl Display for CmpDecision {
    /// A sentence, for example `capped at Session because IABTCF_PublisherConsent does not allow purpose 5 (profiles for
    /// content)`.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.cap {
            Some(level) => write!(f, "capped at {level:?} because {} {}", self.source, self.reason),
            None => write!(f, "not capped: {} {}", self.source, self.reason),
        }
    }
}

impl Display for CmpSource {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => f.write_str(key),
            Self::Section(id) => match super::gpp::section_name(*id) {
                Some(name) => write!(f, "GPP section {id} ({name})"),
                None => write!(f, "GPP section {id}"),
            },
        }
    }
}

impl Display for CmpReason {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::NotAsked => "does not say whether the GDPR applies, so nobody was asked",
            Self::GdprDoesNotApply => "says that the GDPR does not apply",
            Self::PolicyVersion => "names no policy version from 4 on",
            Self::NoPlatform => "names no consent platform, so what is there is left over from one",
            Self::PlatformNotListed => "names a consent platform the app does not use",
            Self::TooOld(days) => return write!(f, "is older than {days} days"),
            Self::FromTheFuture => "is dated more than a day ahead",
            Self::AgeUnknown => "is missing, so the age of the consent is unknown",
            Self::Unreadable => "cannot be read",
            Self::Empty => "is empty, which means no",
            Self::Missing => "is missing, which means no",
            Self::NoPublisherConsents => "holds no consents for the publisher, which means no",
            Self::PurposesNotAllowed(purposes) => {
                let named = |purpose: &u8| match purpose {
                    1 => "purpose 1 (storing on the device)",
                    5 => "purpose 5 (profiles for content)",
                    _ => "purpose 6 (personalised content)",
                };
                return write!(f, "does not allow {}", list(purposes.iter().map(named), "or"));
            }
            Self::PurposesAllowed => "allows purposes 1, 5 and 6",
            Self::NoSharePurpose => "cannot allow sharing, because the app names no custom purpose for it",
            Self::SharePurposeNotAllowed(purpose) => {
                return write!(f, "does not allow custom purpose {purpose} (sharing)");
            }
            Self::SharePurposeAllowed(purpose) => {
                return write!(f, "allows custom purpose {purpose} (sharing)");
            }
            Self::NoSectionApplies => "says that no section applies",
            Self::ReadFromTcfKeys => "is read from the IABTCF keys",
            Self::NoSection => "names no section",
            Self::SectionsMismatch => "lists other sections than it holds",
            Self::SectionMissing => "applies and has no text",
            Self::SectionUnknown => "is not known here",
            Self::OptedOut(from) => {
                let named = |opt_out: &OptOut| match opt_out {
                    OptOut::Sale => "sale",
                    OptOut::Sharing => "sharing",
                    OptOut::TargetedAdvertising => "targeted advertising",
                };
                return write!(f, "opts out of {}", list(from.iter().map(named), "and"));
            }
            Self::GlobalPrivacyControl => "carries the Global Privacy Control signal",
            Self::ChildWithoutConsent => "tells of a child without consent",
            Self::NothingOptedOut => "opts out of nothing that matters here",
        };
        f.write_str(text)
    }
}

/// `a`, `a or b`, `a, b or c`.
fn list<'a>(names: impl Iterator<Item = &'a str>, joint: &str) -> String {
    let names: Vec<&str> = names.collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [start @ .., last] => format!("{} {joint} {last}", start.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences() {
        let decision = |cap, source, reason| CmpDecision { cap, source, reason }.to_string();
        assert_eq!(
            decision(
                Some(PersonalizationLevel::Session),
                CmpSource::Key("IABTCF_PublisherConsent"),
                CmpReason::PurposesNotAllowed(vec![5]),
            ),
            "capped at Session because IABTCF_PublisherConsent does not allow purpose 5 (profiles for content)"
        );
        assert_eq!(
            decision(
                Some(PersonalizationLevel::Off),
                CmpSource::Section(2),
                CmpReason::PurposesNotAllowed(vec![1, 5, 6]),
            ),
            "capped at Off because GPP section 2 (tcfeuv2) does not allow purpose 1 (storing on the device), purpose 5 \
             (profiles for content) or purpose 6 (personalised content)"
        );
        let from = vec![OptOut::Sale, OptOut::TargetedAdvertising];
        assert_eq!(
            decision(Some(PersonalizationLevel::OnDevice), CmpSource::Section(9), CmpReason::OptedOut(from)),
            "capped at OnDevice because GPP section 9 (usva) opts out of sale and targeted advertising"
        );
        assert_eq!(
            decision(None, CmpSource::Section(61), CmpReason::NothingOptedOut),
            "not capped: GPP section 61 opts out of nothing that matters here"
        );
    }
}
