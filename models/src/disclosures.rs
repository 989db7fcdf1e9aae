//! The papers that a shop needs beside the engine, made from its policy table: Apple's privacy manifest, the answers for
//! Play's data safety form, a record of processing activities, notices and the main parameters of ranking in four languages.
//!
//! In: a [`Policy`], and the shop's name and contact where they are known. Out: [`Paper`]s, the same for the same input.
//! Must never state a number that does not come from the policy, or a claim that the engine does not keep.

mod apple;
mod notices;
mod parameters;
mod play;
mod record;
mod words;

use tastekeeper::Policy;
use tastekeeper::policy::{Language, fill};
use thiserror::Error;

/// Longest name or contact of a shop in bytes.
const MAX_TEXT_BYTES: usize = 200;

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paper {
    /// Its name.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// Who answers for the app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shop {
    /// The name of the shop, as in its imprint; a blank to fill in where it is not given.
    pub name: Option<String>,
    /// How to reach whoever answers for data protection; a blank where it is not given.
    pub contact: Option<String>,
}

/// A name or contact that cannot be printed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{field} must be one line of 1 to {MAX_TEXT_BYTES} bytes without braces")]
pub struct ShopError {
    field: &'static str,
}

impl Shop {
    /// Checks what was given.
    ///
    /// # Errors
    /// When a text is blank, too long, has several lines or braces.
    pub fn check(&self) -> Result<(), ShopError> {
        for (field, text) in [("shop", &self.name), ("contact", &self.contact)] {
            let is_bad = |text: &String| {
                text.trim().is_empty()
                    || text.len() > MAX_TEXT_BYTES
                    || text.chars().any(|letter| letter.is_control() || "{}".contains(letter))
            };
            if text.as_ref().is_some_and(is_bad) {
                return Err(ShopError { field });
            }
        }
        Ok(())
    }
}

/// A policy, a shop and a language: what texts are filled with.
struct Filler<'a> {
    policy: &'a Policy,
    words: Vec<(&'static str, String)>,
}

impl<'a> Filler<'a> {
    fn new(policy: &'a Policy, shop: &Shop, language: Language) -> Self {
        let words = words::of(language);
        let mut values = policy.numbers.words(language);
        values.push(("shop", shop.name.clone().unwrap_or_else(|| words.blank_shop.to_owned())));
        values.push(("contact", shop.contact.clone().unwrap_or_else(|| words.blank_contact.to_owned())));
        Self { policy, words: values }
    }

    fn fill(&self, text: &str) -> String {
        fill(text, &self.words)
    }
}

/// All papers, by name.
///
/// # Errors
/// When the shop's name or contact cannot be printed.
pub fn papers(policy: &Policy, shop: &Shop) -> Result<Vec<Paper>, ShopError> {
    shop.check()?;
    let mut papers = vec![
        apple::manifest(policy),
        play::answers(policy),
        play::reasons(policy),
        record::record(&Filler::new(policy, shop, Language::English)),
        notices::machine_readable(policy, shop),
        table(policy),
    ];
    for language in Language::ALL {
        let filler = Filler::new(policy, shop, language);
        papers.push(notices::page(&filler, language));
        papers.push(parameters::page(&filler, language));
    }
    papers.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(papers)
}

/// The policy itself.
fn table(policy: &Policy) -> Paper {
    let mut text = serde_json::to_string_pretty(policy).expect("a policy is plain data");
    text.push('\n');
    Paper { name: "policy.json".to_owned(), text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shop_that_cannot_be_printed_is_named() {
        let shop = |name: &str| Shop { name: Some(name.to_owned()), contact: None };
        let long = "x".repeat(201);
        for bad in ["", "  ", "two\nlines", "{retention_days}", long.as_str()] {
            let error = papers(&tastekeeper::policy(), &shop(bad)).unwrap_err();
            assert!(error.to_string().starts_with("shop must be"), "{error}");
        }
        let made = papers(&tastekeeper::policy(), &shop("Müller & Söhne")).unwrap();
        assert!(made.iter().filter(|paper| paper.text.contains("Müller & Söhne")).count() >= 6);
    }

    #[test]
    fn no_blank_of_a_template_is_left() {
        for level in [tastekeeper::PersonalizationLevel::Session, tastekeeper::PersonalizationLevel::Shared] {
            let policy = Policy::new(tastekeeper::policy::Numbers::default(), level);
            for paper in papers(&policy, &Shop::default()).unwrap() {
                if !paper.name.ends_with(".json") {
                    assert!(!paper.text.contains(['{', '}']), "{}", paper.name);
                }
            }
        }
    }
}
