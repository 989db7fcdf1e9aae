//! The United States sections of the Global Privacy Platform: the privacy string of 2020 and the sections 7 to 23.
//!
//! Enters: the text of a section. Leaves: the opt-outs that matter here, or that the text cannot be read. A field with the
//! undefined value 3, a segment that is not known, and data behind the known fields make a section unreadable: what is
//! not understood may be an opt-out.

use super::bits::Bits;
use super::reason::OptOut;
use super::signals::Unreadable;
use crate::mutant;

/// What a section says, as far as it matters here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Choices {
    pub(super) opted_out: Vec<OptOut>,
    pub(super) global_privacy_control: bool,
    pub(super) child_without_consent: bool,
}

/// Where the fields stand in one version of a section's core segment. All but the version are two bits wide.
#[derive(Debug)]
struct Layout {
    id: u16,
    version: u64,
    /// The place of the opt-out from sale, in bits; the others follow it.
    opt_outs_at: usize,
    opt_outs: &'static [OptOut],
    /// The place and the number of the consents for children.
    children_at: usize,
    children: usize,
    bits: usize,
    /// Whether a segment with the Global Privacy Control signal may follow.
    has_gpc: bool,
}

const SALE_SHARING: &[OptOut] = &[OptOut::Sale, OptOut::Sharing];
const SALE_ADVERTISING: &[OptOut] = &[OptOut::Sale, OptOut::TargetedAdvertising];
const ALL_THREE: &[OptOut] = &[OptOut::Sale, OptOut::Sharing, OptOut::TargetedAdvertising];

/// One line of the table below: id, version, place and kinds of the opt-outs, place and number of the consents for
/// children, length, Global Privacy Control.
const fn layout(
    id: u16,
    version: u64,
    (opt_outs_at, opt_outs): (usize, &'static [OptOut]),
    (children_at, children): (usize, usize),
    bits: usize,
    has_gpc: bool,
) -> Layout {
    Layout { id, version, opt_outs_at, opt_outs, children_at, children, bits, has_gpc }
}

/// After the sections' specifications (IAB Tech Lab, Global Privacy Platform).
const LAYOUTS: &[Layout] = &[
    layout(7, 1, (18, ALL_THREE), (48, 2), 60, true),
    layout(7, 2, (18, ALL_THREE), (56, 3), 70, true),
    layout(8, 1, (12, SALE_SHARING), (34, 2), 46, true),
    layout(9, 1, (12, SALE_ADVERTISING), (32, 1), 40, false),
    layout(10, 1, (12, SALE_ADVERTISING), (30, 1), 38, true),
    layout(11, 1, (14, SALE_ADVERTISING), (34, 1), 42, false),
    layout(12, 1, (12, SALE_ADVERTISING), (32, 3), 44, true),
    layout(13, 1, (12, SALE_ADVERTISING), (32, 3), 46, false),
    layout(14, 1, (12, SALE_ADVERTISING), (32, 3), 46, true),
    layout(15, 1, (12, SALE_ADVERTISING), (38, 3), 52, true),
    layout(16, 1, (12, SALE_ADVERTISING), (32, 1), 42, true),
    layout(17, 1, (12, SALE_ADVERTISING), (34, 5), 52, true),
    layout(18, 1, (14, SALE_ADVERTISING), (34, 1), 42, true),
    layout(19, 1, (12, SALE_ADVERTISING), (32, 1), 42, true),
    layout(20, 1, (12, SALE_ADVERTISING), (32, 3), 46, true),
    layout(21, 1, (12, SALE_ADVERTISING), (36, 5), 54, true),
    layout(22, 1, (12, SALE_ADVERTISING), (32, 1), 42, true),
    layout(23, 1, (12, SALE_ADVERTISING), (32, 1), 42, true),
];

/// The sections this module reads: the first and the last id of the national and state sections.
pub(super) const NATIONAL_AND_STATES: std::ops::RangeInclusive<u16> = 7..=23;

/// Reads a national or state section.
pub(super) fn section(id: u16, text: &str) -> Result<Choices, Unreadable> {
    choices(id, text).ok_or(Unreadable)
}

fn choices(id: u16, text: &str) -> Option<Choices> {
    let mut segments = text.split('.');
    let core = segments.next()?;
    let version = Bits::new(core)?.take(6)?;
    let layout = LAYOUTS.iter().find(|layout| layout.id == id && layout.version == version)?;
    let mut choices = Choices::default();
    for (place, opt_out) in layout.opt_outs.iter().enumerate() {
        if is_first_value(core, layout.opt_outs_at + 2 * place)? {
            choices.opted_out.push(*opt_out);
        }
    }
    for place in 0..layout.children {
        choices.child_without_consent |= is_first_value(core, layout.children_at + 2 * place)?;
    }
    let mut rest = Bits::new(core)?;
    rest.skip(layout.bits)?;
    if !rest.only_padding_left() {
        return None;
    }
    let mut control = None;
    for segment in segments {
        let mut bits = Bits::new(segment)?;
        if bits.take(2)? != 1 || !layout.has_gpc || control.is_some() {
            return None;
        }
        control = Some(bits.take(1)? == 1);
        if !bits.only_padding_left() {
            return None;
        }
    }
    choices.global_privacy_control = control.unwrap_or(false);
    Some(choices)
}

/// Whether the field at `at` says 1, "opted out" or "no consent"; 0 says that the question does not arise, 2 the opposite
/// of 1, and 3 means nothing.
fn is_first_value(core: &str, at: usize) -> Option<bool> {
    let mut bits = Bits::new(core)?;
    bits.skip(at)?;
    match bits.take(2)? {
        0 | 2 => Some(false),
        1 => Some(true),
        _ if mutant!(CmpUndefinedMeansNo) => Some(false),
        _ => None,
    }
}

/// Reads the privacy string of 2020: `1`, then notice, opt-out of sale, and service provider agreement as `Y`, `N` or `-`.
pub(super) fn privacy_string(text: &str) -> Result<Choices, Unreadable> {
    match text.as_bytes() {
        [b'1', answers @ ..] if answers.len() == 3 && answers.iter().all(|it| b"YN-".contains(it)) => {
            let opted_out = if answers[1] == b'Y' { vec![OptOut::Sale] } else { Vec::new() };
            Ok(Choices { opted_out, ..Choices::default() })
        }
        _ => Err(Unreadable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_hold_together() {
        for (place, layout) in LAYOUTS.iter().enumerate() {
            let id = layout.id;
            assert!(NATIONAL_AND_STATES.contains(&id), "{id}");
            let opt_outs_end = layout.opt_outs_at + 2 * layout.opt_outs.len();
            let children_end = layout.children_at + 2 * layout.children;
            assert!(opt_outs_end <= layout.children_at && children_end <= layout.bits, "{id}");
            assert!(layout.opt_outs.is_sorted() && layout.opt_outs[0] == OptOut::Sale, "{id}");
            let before = &LAYOUTS[..place];
            assert!(before.iter().all(|it| (it.id, it.version) < (id, layout.version)), "{id}");
        }
        for id in NATIONAL_AND_STATES {
            assert!(LAYOUTS.iter().any(|layout| layout.id == id), "{id}");
        }
    }

    #[test]
    fn privacy_strings() {
        let out = |text| privacy_string(text).map(|choices| !choices.opted_out.is_empty());
        for text in ["1YYN", "1-Y-", "1NYY"] {
            assert_eq!(out(text), Ok(true), "{text}");
        }
        for text in ["1YNN", "1---", "1NNY", "1Y-N"] {
            assert_eq!(out(text), Ok(false), "{text}");
        }
        for text in ["", "1", "1YN", "1YNNN", "1YNN ", "2YNN", "1ynn", "1YXN", "1YÑ", "YNN1"] {
            assert_eq!(out(text), Err(Unreadable), "{text}");
        }
    }

    #[test]
    fn a_virginian_string_by_hand() {
        // version 000001, three notices 01 01 01, sale 01, advertising 10, eight 00, child 00, covered 01, modes 00 00
        // 000001 010101 011000 000000 000000 000000 010000 (with two bits of padding)
        let choices = section(9, "BVYAAAQ").expect("valid");
        assert_eq!(choices.opted_out, [OptOut::Sale]);
        assert!(!choices.child_without_consent && !choices.global_privacy_control);
        // A segment that this state does not have.
        assert_eq!(section(9, "BVYAAAQ.YA"), Err(Unreadable));
        // Sale 11.
        assert_eq!(section(9, "BV4AAAQ"), Err(Unreadable));
    }
}
