//! The Transparency and Consent Framework: the keys `IABTCF_*`, and consent strings of Europe (version 2) and Canada.
//!
//! Enters: values of keys, text of strings. Leaves: decisions. Only fields at fixed places are read: no list of vendors is
//! unpacked, so a string costs no more than its length. It must never read a bit string that holds anything but 0 and 1.

use super::bits::Bits;
use super::purposes::{ConsentString, Purposes};
use super::signals::{CmpSignals, Read, Unreadable};
use super::{CmpDecision, CmpReason, CmpSource, Judge, note};
use crate::consent::PersonalizationLevel as Level;
use crate::mutant;

const GDPR_APPLIES: CmpSource = CmpSource::Key("IABTCF_gdprApplies");
const POLICY_VERSION: CmpSource = CmpSource::Key("IABTCF_PolicyVersion");
const CMP_SDK_ID: CmpSource = CmpSource::Key("IABTCF_CmpSdkID");
const TC_STRING: CmpSource = CmpSource::Key("IABTCF_TCString");
const PUBLISHER: CmpSource = CmpSource::Key("IABTCF_PublisherConsent");
const VENDORS: CmpSource = CmpSource::Key("IABTCF_PurposeConsents");
const CUSTOM: CmpSource = CmpSource::Key("IABTCF_PublisherCustomPurposesConsents");

/// The first policy version whose consents are still valid.
const MIN_POLICY_VERSION: i64 = 4;
/// Purposes in a consent string.
const PURPOSES: u32 = 24;
/// The most custom purposes a consent string can count.
const CUSTOM_PURPOSES: usize = 63;

/// Decides by the keys `IABTCF_*`.
pub(super) fn decide_keys(signals: &CmpSignals, judge: Judge<'_>, decisions: &mut Vec<CmpDecision>) {
    match integer(signals, GDPR_APPLIES) {
        Some(Ok(0)) => return note(decisions, GDPR_APPLIES, None, CmpReason::GdprDoesNotApply),
        Some(Ok(1)) => {}
        _ => return note(decisions, GDPR_APPLIES, Level::Off, CmpReason::NotAsked),
    }
    if !integer(signals, POLICY_VERSION).is_some_and(|read| read.is_ok_and(|it| it >= MIN_POLICY_VERSION)) {
        note(decisions, POLICY_VERSION, Level::Off, CmpReason::PolicyVersion);
    }
    let cmp_id = integer(signals, CMP_SDK_ID).and_then(Result::ok).unwrap_or(0);
    if let Some(reason) = judge.platform(cmp_id) {
        note(decisions, CMP_SDK_ID, Level::Off, reason);
    }
    let string = match text(signals, TC_STRING) {
        None => Err(CmpReason::AgeUnknown),
        Some(read) => read.ok().and_then(europe).ok_or(CmpReason::Unreadable),
    };
    let string = match string {
        Ok(string) => {
            decide_string_itself(&string, TC_STRING, judge, decisions);
            Some(string)
        }
        Err(reason) => {
            note(decisions, TC_STRING, Level::Off, reason);
            None
        }
    };
    decide_purposes(signals, string.as_ref(), judge, decisions);
}

/// The purposes: by their key, and by the string where it says less or the key is absent.
fn decide_purposes(
    signals: &CmpSignals,
    string: Option<&ConsentString>,
    judge: Judge<'_>,
    decisions: &mut Vec<CmpDecision>,
) {
    let vendors = judge.policy.use_vendor_purposes;
    let source = if vendors { VENDORS } else { PUBLISHER };
    let in_string = string.and_then(|string| string.chosen(vendors)).map(Purposes::verdict);
    let (source, (cap, reason)) = match (purposes(signals, source, PURPOSES as usize), in_string) {
        (None, None) => (source, (Some(Level::Off), CmpReason::Missing)),
        (None, Some(verdict)) => (TC_STRING, verdict),
        (Some(read), in_string) => {
            let verdict = read.map_or_else(|reason| (Some(Level::Off), reason), Purposes::verdict);
            let less = |other: &(Option<Level>, _)| height(other.0) < height(verdict.0);
            match in_string.filter(less) {
                // One of the two is older than the other; nobody can tell which.
                Some(lower) => (TC_STRING, lower),
                None => (source, verdict),
            }
        }
    };
    let personal = cap.is_none();
    note(decisions, source, cap, reason);
    if personal {
        let by_key = purposes(signals, CUSTOM, CUSTOM_PURPOSES).map(|read| (CUSTOM, read));
        let by_string = string.and_then(ConsentString::custom).map(|custom| (TC_STRING, Ok(custom)));
        let custom: Vec<_> = by_key.into_iter().chain(by_string).collect();
        judge.sharing((CUSTOM, CmpReason::Missing), &custom, decisions);
    }
}

fn height(cap: Option<Level>) -> Level {
    cap.unwrap_or(Level::Shared)
}

/// Policy version and age of a European string.
fn decide_string_itself(
    string: &ConsentString,
    source: CmpSource,
    judge: Judge<'_>,
    decisions: &mut Vec<CmpDecision>,
) {
    if i64::from(string.policy_version) < MIN_POLICY_VERSION {
        note(decisions, source, Level::Off, CmpReason::PolicyVersion);
    }
    if let Some(reason) = judge.age(string.last_updated_ms) {
        note(decisions, source, Level::Off, reason);
    }
}

/// Decides by a consent string alone, as GPP carries it in the sections 2 and 5.
pub(super) fn decide_section(id: u16, text: &str, judge: Judge<'_>, decisions: &mut Vec<CmpDecision>) {
    let source = CmpSource::Section(id);
    let european = id == super::gpp::TCF_EU;
    let Some(string) = (if european { europe(text) } else { canada(text) }) else {
        return note(decisions, source, Level::Off, CmpReason::Unreadable);
    };
    if let Some(reason) = judge.platform(i64::from(string.cmp_id)) {
        note(decisions, source, Level::Off, reason);
    }
    if european {
        decide_string_itself(&string, source, judge, decisions);
    } else if let Some(reason) = judge.age(string.last_updated_ms) {
        note(decisions, source, Level::Off, reason);
    }
    let Some(chosen) = string.chosen(judge.policy.use_vendor_purposes) else {
        return note(decisions, source, Level::Off, CmpReason::NoPublisherConsents);
    };
    let (cap, reason) = chosen.verdict();
    note(decisions, source, cap, reason);
    if cap.is_none() {
        let custom: Vec<_> = string.custom().map(|custom| (source, Ok(custom))).into_iter().collect();
        judge.sharing((source, CmpReason::NoPublisherConsents), &custom, decisions);
    }
}

fn integer(signals: &CmpSignals, source: CmpSource) -> Read<i64> {
    key(source).and_then(|key| signals.integer(key))
}

fn text(signals: &CmpSignals, source: CmpSource) -> Read<&str> {
    key(source).and_then(|key| signals.text(key))
}

fn key(source: CmpSource) -> Option<&'static str> {
    match source {
        CmpSource::Key(key) => Some(key),
        CmpSource::Section(_) => None,
    }
}

/// A text of '0' and '1', the first for purpose 1; a purpose behind its end has no consent.
fn purposes(signals: &CmpSignals, source: CmpSource, most: usize) -> Option<Result<Purposes, CmpReason>> {
    let text = match text(signals, source)? {
        Ok("") if mutant!(CmpEmptyMeansYes) => return Some(Ok(Purposes(u64::MAX))),
        Ok("") => return Some(Err(CmpReason::Empty)),
        Ok(text) if text.len() <= most => text,
        Ok(_) | Err(Unreadable) => return Some(Err(CmpReason::Unreadable)),
    };
    let mut set = 0;
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            b'1' => set |= 1 << place,
            b'0' => {}
            _ => return Some(Err(CmpReason::Unreadable)),
        }
    }
    Some(Ok(Purposes(set)))
}

/// A European consent string, version 2.
fn europe(text: &str) -> Option<ConsentString> {
    // behind the policy version: service specific, non-standard texts, 12 special features
    consent_string(text, 2, 2 + 12, 24 + 1 + 12)
}

/// A Canadian consent string, version 1.
fn canada(text: &str) -> Option<ConsentString> {
    // behind the policy version: non-standard texts, 12 special features
    consent_string(text, 1, 1 + 12, 24)
}

/// Reads the fixed part of the core segment, `before` and `after` being the bits around the purposes, and the segment
/// with the publisher's purposes.
fn consent_string(text: &str, version: u64, before: usize, after: usize) -> Option<ConsentString> {
    let mut segments = text.split('.');
    let mut core = Bits::new(segments.next()?)?;
    if core.take(6)? != version {
        return None;
    }
    core.skip(36)?; // created
    let tenths = core.take(36)?;
    let cmp_id = core.take(12)?;
    core.skip(12 + 6 + 12 + 12)?; // version of the platform, screen, language, vendor list
    let policy_version = core.take(6)?;
    core.skip(before)?;
    let vendor = Purposes(core.take_set(PURPOSES)?);
    // What stands behind is not read, but a string that breaks off before its first list of vendors is cut.
    core.skip(after + 16 + 1)?;
    let mut publisher = None;
    for segment in segments {
        let mut bits = Bits::new(segment)?;
        match bits.take(3)? {
            1 | 2 => {}
            3 if publisher.is_none() => publisher = Some(publisher_purposes(bits)?),
            _ => return None,
        }
    }
    Some(ConsentString {
        last_updated_ms: i64::try_from(tenths).ok()?.checked_mul(100)?,
        cmp_id: u16::try_from(cmp_id).ok()?,
        policy_version: u8::try_from(policy_version).ok()?,
        vendor,
        publisher,
    })
}

/// Purposes and custom purposes of the publisher; what needs no consent is passed over.
fn publisher_purposes(mut bits: Bits<'_>) -> Option<(Purposes, Purposes)> {
    let purposes = bits.take_set(PURPOSES)?;
    bits.skip(PURPOSES as usize)?;
    let count = u32::try_from(bits.take(6)?).ok()?;
    let custom = bits.take_set(count)?;
    bits.skip(count as usize)?;
    bits.only_padding_left().then_some((Purposes(purposes), Purposes(custom)))
}
