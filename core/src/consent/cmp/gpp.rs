//! The Global Privacy Platform: which sections apply, where their texts are, and what each says.
//!
//! Enters: the keys `IABGPP_*`. Leaves: decisions. A section is read by itself, so that one that is broken or not known
//! says nothing about the others; it caps all the same. It must never take "cannot tell which apply" for "none applies".

use std::collections::{BTreeMap, BTreeSet};

use super::bits::Bits;
use super::signals::{CmpSignals, section_id};
use super::us::{self, Choices};
use super::{CmpDecision, CmpReason, CmpSource, Judge, note, tcf};
use crate::consent::PersonalizationLevel as Level;
use crate::mutant;

const SID_KEY: &str = "IABGPP_GppSID";
const HEADER_KEY: &str = "IABGPP_HDR_GppString";
const SID: CmpSource = CmpSource::Key(SID_KEY);
const HEADER: CmpSource = CmpSource::Key(HEADER_KEY);

/// Europe before 2020; its strings are no longer valid.
const TCF_EU_V1: u16 = 1;
pub(super) const TCF_EU: u16 = 2;
const TCF_CANADA: u16 = 5;
const US_PRIVACY: u16 = 6;

/// More sections than exist, and few enough to list.
const MAX_SECTIONS: usize = 128;

const NAMES: &[(u16, &str)] = &[
    (1, "tcfeuv1"),
    (2, "tcfeuv2"),
    (5, "tcfcav1"),
    (6, "uspv1"),
    (7, "usnat"),
    (8, "usca"),
    (9, "usva"),
    (10, "usco"),
    (11, "usut"),
    (12, "usct"),
    (13, "usfl"),
    (14, "usmt"),
    (15, "usor"),
    (16, "ustx"),
    (17, "usde"),
    (18, "usia"),
    (19, "usne"),
    (20, "usnh"),
    (21, "usnj"),
    (22, "ustn"),
    (23, "usmn"),
];

/// The standard's name of a section that is known here.
pub(super) fn section_name(id: u16) -> Option<&'static str> {
    NAMES.iter().find(|(known, _)| *known == id).map(|(_, name)| *name)
}

/// Which sections the platform says apply.
enum Applicable {
    None,
    These(BTreeSet<u16>),
    /// Nothing that can be read: all there are.
    CannotTell,
}

/// Decides by the keys `IABGPP_*`.
pub(super) fn decide(signals: &CmpSignals, judge: Judge<'_>, decisions: &mut Vec<CmpDecision>) {
    let applicable = applicable(signals);
    if matches!(applicable, Applicable::None) {
        return note(decisions, SID, None, CmpReason::NoSectionApplies);
    }
    let header = match signals.text(HEADER_KEY) {
        None => Ok(BTreeMap::new()),
        Some(read) => read.map_err(|_| CmpReason::Unreadable).and_then(split),
    };
    let is_told = matches!(applicable, Applicable::These(_));
    let ids = match applicable {
        Applicable::These(ids) => ids,
        Applicable::None | Applicable::CannotTell => {
            let in_header = header.iter().flatten().map(|(id, _)| *id);
            in_header.chain(signals.section_keys()).collect()
        }
    };
    if let Err(reason) = &header {
        // When every section that applies is read from a key, the header is not needed.
        let has_key = |id: &u16| signals.section(*id).is_some() || *id == TCF_EU && signals.has_tcf();
        if !is_told || !ids.iter().all(has_key) {
            note(decisions, HEADER, Level::Session, reason.clone());
        }
    } else if ids.is_empty() {
        note(decisions, HEADER, Level::Session, CmpReason::NoSection);
    }
    let header = header.unwrap_or_default();
    for id in ids {
        decide_section(signals, id, header.get(&id).copied(), judge, decisions);
    }
}

/// What `IABGPP_GppSID` says: ids joined by underscores, or -1.
fn applicable(signals: &CmpSignals) -> Applicable {
    let Some(Ok(list)) = signals.list(SID_KEY) else { return Applicable::CannotTell };
    if list == "-1" {
        return Applicable::None;
    }
    let ids: Option<BTreeSet<u16>> = list.split('_').map(section_id).collect();
    match ids {
        Some(ids) if ids.len() <= MAX_SECTIONS => Applicable::These(ids),
        _ => Applicable::CannotTell,
    }
}

/// The sections of a GPP string by their ids. The ids stand in the header, as ranges in Fibonacci code.
fn split(text: &str) -> Result<BTreeMap<u16, &str>, CmpReason> {
    let mut parts = text.split('~');
    let ids = parts.next().and_then(header_ids).ok_or(CmpReason::Unreadable)?;
    let texts: Vec<&str> = parts.take(MAX_SECTIONS + 1).collect();
    if ids.len() != texts.len() {
        return Err(CmpReason::SectionsMismatch);
    }
    Ok(ids.into_iter().zip(texts).collect())
}

/// Type 3, version 1, then 12 bits for the number of ranges; each is one id or a first and a last one, as distances from
/// the id before.
fn header_ids(text: &str) -> Option<Vec<u16>> {
    let mut bits = Bits::new(text)?;
    if (bits.take(6)?, bits.take(6)?) != (3, 1) {
        return None;
    }
    let mut ids = Vec::new();
    let mut last = 0_u16;
    for _ in 0..bits.take(12)? {
        let is_range = bits.take(1)? == 1;
        let first = last.checked_add(bits.fibonacci()?)?;
        last = if is_range { first.checked_add(bits.fibonacci()?)? } else { first };
        if ids.len() + usize::from(last - first) >= MAX_SECTIONS {
            return None;
        }
        ids.extend(first..=last);
    }
    bits.only_padding_left().then_some(ids)
}

/// Decides by one section that applies, from its key and from the GPP string where that says something else.
fn decide_section(
    signals: &CmpSignals,
    id: u16,
    in_header: Option<&str>,
    judge: Judge<'_>,
    decisions: &mut Vec<CmpDecision>,
) {
    let source = CmpSource::Section(id);
    if id == TCF_EU && signals.has_tcf() {
        return note(decisions, source, None, CmpReason::ReadFromTcfKeys);
    }
    // Who must be asked and was not, has not agreed; who may opt out has a visit at most, until it is known.
    let asks_first = matches!(id, TCF_EU_V1 | TCF_EU | TCF_CANADA);
    let closed = if asks_first { Level::Off } else { Level::Session };
    let by_key = signals.section(id);
    if by_key.is_none() && in_header.is_none() {
        return note(decisions, source, closed, CmpReason::SectionMissing);
    }
    let in_header = in_header.filter(|text| by_key != Some(Ok(*text)));
    for text in by_key.into_iter().chain(in_header.map(Ok)) {
        let choices = match (id, text) {
            (TCF_EU | TCF_CANADA, Ok(text)) => {
                tcf::decide_section(id, text, judge, decisions);
                continue;
            }
            (US_PRIVACY, Ok(text)) => us::privacy_string(text),
            (id, Ok(text)) if us::NATIONAL_AND_STATES.contains(&id) => us::section(id, text),
            (TCF_EU_V1, _) | (_, Err(_)) => {
                note(decisions, source, closed, CmpReason::Unreadable);
                continue;
            }
            (_, Ok(_)) => {
                let cap = if mutant!(CmpUnknownSectionIgnored) { None } else { Some(closed) };
                note(decisions, source, cap, CmpReason::SectionUnknown);
                continue;
            }
        };
        match choices {
            Ok(choices) => decide_choices(source, choices, decisions),
            Err(_) => note(decisions, source, closed, CmpReason::Unreadable),
        }
    }
}

fn decide_choices(source: CmpSource, choices: Choices, decisions: &mut Vec<CmpDecision>) {
    if choices == Choices::default() {
        return note(decisions, source, None, CmpReason::NothingOptedOut);
    }
    if choices.child_without_consent {
        note(decisions, source, Level::Session, CmpReason::ChildWithoutConsent);
    }
    if !choices.opted_out.is_empty() {
        note(decisions, source, Level::OnDevice, CmpReason::OptedOut(choices.opted_out));
    }
    if choices.global_privacy_control {
        note(decisions, source, Level::OnDevice, CmpReason::GlobalPrivacyControl);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_by_hand() {
        // The specification's own examples: sections 2 and 6, section 6 alone.
        assert_eq!(header_ids("DBACNY"), Some(vec![2, 6]));
        assert_eq!(header_ids("DBABTA"), Some(vec![6]));
        assert_eq!(header_ids("DBAA"), Some(vec![]));
    }

    #[test]
    fn broken_headers() {
        for text in ["", "D", "DB", "DBAC", "DBACN", "EBAA", "DCAA", "DBAB____", "DBACNY=", "DBACNYB"] {
            assert_eq!(header_ids(text), None, "{text}");
        }
    }

    #[test]
    fn a_string_is_split_by_its_header() {
        assert_eq!(split("DBACNY~a~b"), Ok(BTreeMap::from([(2, "a"), (6, "b")])));
        for text in ["DBACNY", "DBACNY~a", "DBACNY~a~b~c", "DBAA~a", "DBAA~"] {
            assert_eq!(split(text), Err(CmpReason::SectionsMismatch), "{text}");
        }
        assert_eq!(split("~a"), Err(CmpReason::Unreadable));
    }

    #[test]
    fn what_applies() {
        let of = |value: super::super::SignalValue| {
            applicable(&CmpSignals::new([(SID_KEY, value)]).expect("valid"))
        };
        assert!(matches!(of("-1".into()), Applicable::None));
        assert!(matches!(of((-1).into()), Applicable::None));
        assert!(matches!(of("2_7".into()), Applicable::These(ids) if ids == BTreeSet::from([2, 7])));
        assert!(matches!(of(7.into()), Applicable::These(ids) if ids == BTreeSet::from([7])));
        for text in ["", "_", "2_", "_7", "2,7", "2__7", "0", "-1_7", "7_-1", "2 7", "x", "07", "-2", "99999"]
        {
            assert!(matches!(of(text.into()), Applicable::CannotTell), "{text}");
        }
    }
}
