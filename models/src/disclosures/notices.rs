//! The notices a shopper is shown before each step: as pages to read, and as one file for the app, with the hash by which a
//! receipt names the text that was shown.

use std::fmt::Write as _;

use serde_json::{Value, json};
use tastekeeper::policy::Language;
use tastekeeper::{Consent, PersonalizationLevel, Policy};

use super::words::{self, Notice, Words};
use super::{Filler, Paper, Shop};

/// A notice with its numbers.
struct Filled {
    level: PersonalizationLevel,
    title: String,
    short: String,
    full: String,
}

impl Filled {
    fn new(filler: &Filler<'_>, words: &Words, level: PersonalizationLevel) -> Self {
        let Notice { title, short, full } = words.notice(level);
        let common: &[&str] = if level > PersonalizationLevel::Off { words.rights } else { &[] };
        let paragraphs: Vec<String> = full.iter().chain(common).map(|text| filler.fill(text)).collect();
        Self { level, title: filler.fill(title), short: filler.fill(short), full: paragraphs.join("\n\n") }
    }

    /// What is shown, as one text.
    fn text(&self) -> String {
        format!("{}\n\n{}\n\n{}", self.title, self.short, self.full)
    }

    /// The hash that a receipt keeps of the text.
    fn hash(&self) -> String {
        let hash = Consent::new("notice").with_notice_text(&self.text()).notice_hash.unwrap_or_default();
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn all(filler: &Filler<'_>, words: &Words) -> Vec<Filled> {
    filler.policy.levels.iter().map(|step| Filled::new(filler, words, step.level)).collect()
}

/// The notices of a language, to read.
pub(super) fn page(filler: &Filler<'_>, language: Language) -> Paper {
    let words = words::of(language);
    let mut text = format!("# {}\n", words.notices_title);
    for notice in all(filler, words) {
        write!(text, "\n## {}\n\n{}\n\n{}\n", notice.title, notice.short, notice.full)
            .expect("a string takes text");
        write!(text, "\n`{:?}` · `{}`\n", notice.level, notice.hash()).expect("a string takes text");
    }
    Paper { name: format!("notices.{}.md", language.code()), text }
}

/// The notices of every language, for the app.
pub(super) fn machine_readable(policy: &Policy, shop: &Shop) -> Paper {
    let languages = Language::ALL.map(|language| {
        let filler = Filler::new(policy, shop, language);
        let notices: Vec<Value> = all(&filler, words::of(language))
            .iter()
            .map(|notice| {
                json!({
                    "level": notice.level,
                    "title": notice.title,
                    "short": notice.short,
                    "full": notice.full,
                    "text": notice.text(),
                    "hash": notice.hash(),
                })
            })
            .collect();
        json!({ "locale": language.code(), "notices": notices })
    });
    let mut text = serde_json::to_string_pretty(&languages).expect("plain data");
    text.push('\n');
    Paper { name: "notices.json".to_owned(), text }
}
