//! What things are called in three languages, and what they are drawn as.
//!
//! In: the tables `words.txt` and `attributes.txt`, part of the program. Out: names by their English ones. Must never be asked for what is
//! not in a table: a shop with an unnamed category is refused when it is made.

use std::collections::BTreeMap;

use serde::Serialize;

const WORDS: &str = include_str!("words.txt");
const ATTRIBUTES: &str = include_str!("attributes.txt");

/// A text in the shop's languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Texts {
    pub(crate) en: String,
    pub(crate) de: String,
    pub(crate) fr: String,
}

impl Texts {
    pub(crate) fn new(en: &str, de: &str, fr: &str) -> Self {
        Self { en: en.to_owned(), de: de.to_owned(), fr: fr.to_owned() }
    }
}

/// A category's words.
#[derive(Clone, Debug)]
pub(crate) struct CategoryWords {
    pub(crate) name: Texts,
    /// One product of it; only for leaves.
    pub(crate) one: Option<(&'static str, &'static str)>,
    pub(crate) shape: &'static str,
}

fn lines(table: &'static str) -> impl Iterator<Item = [&'static str; 4]> {
    table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(|line| {
        let fields: Vec<&str> = line.split('|').map(str::trim).collect();
        fields.try_into().unwrap_or_else(|_| unreachable!("a line of the table has four fields: {line}"))
    })
}

/// Categories by their English names.
pub(crate) fn categories() -> BTreeMap<&'static str, CategoryWords> {
    let both = |field: &'static str| field.split_once(", ");
    let of = |[en, de, fr, shape]: [&'static str; 4]| {
        // A leaf has two words in German and French; the name of a root may have commas in English only.
        let words = match both(de).zip(both(fr)) {
            Some(((de, one_de), (fr, one_fr))) => {
                CategoryWords { name: Texts::new(en, de, fr), one: Some((one_de, one_fr)), shape }
            }
            None => CategoryWords { name: Texts::new(en, de, fr), one: None, shape },
        };
        (en, words)
    };
    lines(WORDS).map(of).collect()
}

/// Values by their attribute; the attribute itself is under the empty value.
pub(crate) fn attributes() -> BTreeMap<&'static str, BTreeMap<&'static str, Texts>> {
    let mut all: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    for [key, value, de, fr] in lines(ATTRIBUTES) {
        let english = if value.is_empty() { key } else { value };
        all.entry(key).or_default().insert(value, Texts::new(english, de, fr));
    }
    all
}
