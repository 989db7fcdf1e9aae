//! The key/value pairs of a consent platform, as the host found them.
//!
//! Enters: untrusted pairs. Leaves: the values of the keys that are asked for, as a number or text, whichever way the
//! host stored them. It must never hold more than the caps say, or two values for one key.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::error::{Error, Result};

/// The most pairs with keys `IABTCF_*` and `IABGPP_*` in one call.
pub const MAX_SIGNALS: usize = 512;
/// The longest key in bytes.
pub const MAX_SIGNAL_KEY_BYTES: usize = 64;
/// The longest text in bytes; a longer one counts as one that cannot be read.
pub const MAX_SIGNAL_BYTES: usize = 65_536;

const TCF: &str = "IABTCF_";
const GPP: &str = "IABGPP_";

/// One stored value. Platforms store numbers as text and the other way round; either is understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignalValue {
    /// A string.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A boolean, read as 1 or 0.
    Flag(bool),
}

impl From<&str> for SignalValue {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<i64> for SignalValue {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<bool> for SignalValue {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

/// What a consent platform left in the app's preferences. The order of the pairs means nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CmpSignals {
    /// `None` for a text over [`MAX_SIGNAL_BYTES`].
    values: BTreeMap<String, Option<SignalValue>>,
}

/// A value that is there and makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

/// A value: absent, unreadable or read.
pub(super) type Read<T> = Option<std::result::Result<T, Unreadable>>;

impl CmpSignals {
    /// Takes the pairs whose keys start with `IABTCF_` or `IABGPP_`, and ignores all others: an app may hand in its whole
    /// preferences.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a key that comes twice or is too long, and for too many pairs. The place in the
    /// message counts from 0. A value that is too long is no error, because the shopper's "no" may stand beside it: it
    /// counts as one that cannot be read, which allows nothing.
    pub fn new<K: AsRef<str>>(pairs: impl IntoIterator<Item = (K, SignalValue)>) -> Result<Self> {
        let mut values = BTreeMap::new();
        for (place, (key, value)) in pairs.into_iter().enumerate() {
            let key = key.as_ref();
            if !key.starts_with(TCF) && !key.starts_with(GPP) {
                continue;
            }
            let invalid = |reason: &str| Err(Error::invalid(format!("signals[{place}].key"), reason));
            if key.len() > MAX_SIGNAL_KEY_BYTES {
                return invalid("at most 64 bytes");
            }
            if values.len() == MAX_SIGNALS {
                return Err(Error::invalid("signals", "at most 512 keys of consent platforms"));
            }
            match values.entry(key.to_owned()) {
                Entry::Occupied(_) => return invalid("this key came before: give each key once"),
                Entry::Vacant(entry) => {
                    let too_long = matches!(&value, SignalValue::Text(text) if text.len() > MAX_SIGNAL_BYTES);
                    entry.insert((!too_long).then_some(value));
                }
            }
        }
        Ok(Self { values })
    }

    /// Whether any key starts with `IABTCF_`.
    pub(super) fn has_tcf(&self) -> bool {
        self.values.keys().any(|key| key.starts_with(TCF))
    }

    /// Whether any key starts with `IABGPP_`.
    pub(super) fn has_gpp(&self) -> bool {
        self.values.keys().any(|key| key.starts_with(GPP))
    }

    /// A whole number, stored as one or as its decimal digits.
    pub(super) fn integer(&self, key: &str) -> Read<i64> {
        let value = match self.values.get(key)? {
            Some(SignalValue::Integer(number)) => Some(*number),
            Some(SignalValue::Flag(flag)) => Some(i64::from(*flag)),
            Some(SignalValue::Text(text)) => {
                let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
                digits.then(|| text.parse().ok()).flatten()
            }
            None => None,
        };
        Some(value.ok_or(Unreadable))
    }

    /// A text; a number is none.
    pub(super) fn text(&self, key: &str) -> Read<&str> {
        match self.values.get(key)? {
            Some(SignalValue::Text(text)) => Some(Ok(text)),
            _ => Some(Err(Unreadable)),
        }
    }

    /// A list of numbers as text; one number alone may have been stored as such.
    pub(super) fn list(&self, key: &str) -> Read<String> {
        match self.values.get(key)? {
            Some(SignalValue::Text(text)) => Some(Ok(text.clone())),
            Some(SignalValue::Integer(number)) => Some(Ok(number.to_string())),
            _ => Some(Err(Unreadable)),
        }
    }

    /// The section ids for which a key `IABGPP_{id}_String` is there, ascending.
    pub(super) fn section_keys(&self) -> impl Iterator<Item = u16> {
        let id = |key: &String| {
            let id = key.strip_prefix(GPP)?.strip_suffix("_String")?;
            section_id(id)
        };
        let ids: std::collections::BTreeSet<u16> = self.values.keys().filter_map(id).collect();
        ids.into_iter()
    }

    /// The section's own key.
    pub(super) fn section(&self, id: u16) -> Read<&str> {
        self.text(&format!("{GPP}{id}_String"))
    }
}

/// A section id in decimal digits without leading zeros, 1 to 4 095.
pub(super) fn section_id(digits: &str) -> Option<u16> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    let id = plain.then(|| digits.parse().ok()).flatten()?;
    (1..=4_095).contains(&id).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_as_text_and_the_other_way_round() {
        let one = |value: SignalValue| CmpSignals::new([("IABTCF_gdprApplies", value)]).expect("valid");
        for value in [SignalValue::from("1"), 1.into(), true.into(), "01".into()] {
            assert_eq!(one(value.clone()).integer("IABTCF_gdprApplies"), Some(Ok(1)), "{value:?}");
        }
        for value in ["", " 1", "1.0", "+1", "-1", "yes", "99999999999999999999"] {
            assert_eq!(one(value.into()).integer("IABTCF_gdprApplies"), Some(Err(Unreadable)), "{value:?}");
        }
        assert_eq!(one(1.into()).text("IABTCF_gdprApplies"), Some(Err(Unreadable)));
        assert_eq!(one(7.into()).list("IABTCF_gdprApplies"), Some(Ok("7".into())));
        assert_eq!(one(1.into()).integer("IABTCF_PolicyVersion"), None);
    }

    #[test]
    fn other_keys_are_ignored_however_many() {
        let pairs = (0..2_000).map(|n| (format!("cart_{n}"), SignalValue::from(n)));
        let signals = CmpSignals::new(pairs).expect("none is of a platform");
        assert!(!signals.has_tcf() && !signals.has_gpp());
        // Not a prefix of ours: TCF Canada's own keys.
        assert!(!CmpSignals::new([("IABTCFCA_x", 1.into())]).expect("ignored").has_tcf());
    }

    #[test]
    fn caps_and_duplicates_name_the_place() {
        let message =
            |pairs: Vec<(String, SignalValue)>| CmpSignals::new(pairs).expect_err("refused").to_string();
        let twice =
            vec![("other".into(), 1.into()), ("IABTCF_a".into(), 1.into()), ("IABTCF_a".into(), 1.into())];
        assert!(message(twice).starts_with("invalid argument `signals[2].key`"));
        let long = vec![(format!("IABGPP_{}", "x".repeat(60)), 1.into())];
        assert!(message(long).starts_with("invalid argument `signals[0].key`"));
        let many = (0..=512).map(|n| (format!("IABGPP_{n}"), SignalValue::from(n))).collect();
        assert!(message(many).starts_with("invalid argument `signals`"));
    }

    #[test]
    fn a_text_that_is_too_long_is_unreadable() {
        let text = |bytes: usize| {
            CmpSignals::new([("IABTCF_x", SignalValue::Text("1".repeat(bytes)))]).expect("no error")
        };
        assert!(matches!(text(MAX_SIGNAL_BYTES).text("IABTCF_x"), Some(Ok(_))));
        assert_eq!(text(MAX_SIGNAL_BYTES + 1).text("IABTCF_x"), Some(Err(Unreadable)));
    }

    #[test]
    fn section_keys_have_plain_numbers() {
        let keys = [
            "IABGPP_7_String",
            "IABGPP_26_String",
            "IABGPP_07_String",
            "IABGPP_HDR_GppString",
            "IABGPP_0_String",
        ];
        let signals = CmpSignals::new(keys.map(|key| (key, "x".into()))).expect("valid");
        assert_eq!(signals.section_keys().collect::<Vec<_>>(), [7, 26]);
        assert_eq!(section_id("4095"), Some(4_095));
        assert_eq!(section_id("4096"), None);
        assert_eq!(section_id(""), None);
    }
}
