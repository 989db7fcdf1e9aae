//! Ids that look as if something went wrong before the log was written.
//!
//! In: a data set. Out: counts. Must never hold an id.

use std::collections::HashSet;

use serde::Serialize;

use crate::dataset::Dataset;

/// Words that stand for nothing.
const PLACEHOLDERS: &[&str] = &[
    "null",
    "nan",
    "none",
    "nil",
    "na",
    "n/a",
    "undefined",
    "unknown",
    "(not set)",
    "not set",
    "-",
    "\\n",
    "<na>",
];

/// How many ids look wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct IdFacts {
    /// Items called `null`, `nan`, `undefined` and the like.
    pub placeholder_items: u64,
    /// Users called that.
    pub placeholder_users: u64,
    /// Events of these users.
    pub placeholder_user_events: u64,
    /// Items whose id is a whole number written with a fraction, such as `123.0`.
    pub float_items: u64,
    /// Users of that kind.
    pub float_users: u64,
    /// Items whose id is another's in upper or lower case.
    pub case_twins: u64,
    /// Items with a space in their id.
    pub items_with_spaces: u64,
}

impl IdFacts {
    pub(super) fn of(dataset: &Dataset) -> Self {
        let mut out = Self::default();
        let mut folded = HashSet::with_capacity(dataset.items.len());
        for id in &dataset.items {
            out.placeholder_items += u64::from(is_placeholder(id));
            out.float_items += u64::from(is_float(id));
            out.items_with_spaces += u64::from(id.contains(char::is_whitespace));
            out.case_twins += u64::from(!folded.insert(id.to_lowercase()));
        }
        for sequence in &dataset.sequences {
            let placeholder = is_placeholder(&sequence.user);
            out.placeholder_users += u64::from(placeholder);
            out.placeholder_user_events += u64::from(placeholder) * sequence.events.len() as u64;
            out.float_users += u64::from(is_float(&sequence.user));
        }
        out
    }
}

fn is_placeholder(id: &str) -> bool {
    PLACEHOLDERS.iter().any(|word| id.trim().eq_ignore_ascii_case(word))
}

fn is_float(id: &str) -> bool {
    id.split_once('.').is_some_and(|(whole, fraction)| {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits(whole) && digits(fraction) && fraction.bytes().all(|byte| byte == b'0')
    })
}
