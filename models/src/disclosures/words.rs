//! The words of the notices and of the pages of main parameters, one file per language. Numbers stand in braces.

use tastekeeper::PersonalizationLevel;
use tastekeeper::policy::Language;

mod de;
mod en;
mod es;
mod fr;

/// What is said before one step.
pub(super) struct Notice {
    /// The name of the step.
    pub(super) title: &'static str,
    /// What fits on a dialog.
    pub(super) short: &'static str,
    /// The rest, paragraph by paragraph.
    pub(super) full: &'static [&'static str],
}

/// The words of a language.
pub(super) struct Words {
    pub(super) blank_shop: &'static str,
    pub(super) blank_contact: &'static str,
    pub(super) notices_title: &'static str,
    pub(super) parameters_title: &'static str,
    pub(super) parameters_introduction: &'static str,
    /// From nothing to decisive.
    pub(super) weights: [&'static str; 5],
    /// Off, Session, OnDevice, Shared.
    pub(super) notices: [Notice; 4],
    /// What holds for every step above Off.
    pub(super) rights: &'static [&'static str],
}

impl Words {
    pub(super) fn notice(&self, level: PersonalizationLevel) -> &Notice {
        let [off, session, on_device, shared] = &self.notices;
        match level {
            PersonalizationLevel::Off => off,
            PersonalizationLevel::Session => session,
            PersonalizationLevel::OnDevice => on_device,
            PersonalizationLevel::Shared => shared,
        }
    }
}

pub(super) fn of(language: Language) -> &'static Words {
    match language {
        Language::English => &en::WORDS,
        Language::German => &de::WORDS,
        Language::French => &fr::WORDS,
        Language::Spanish => &es::WORDS,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// How each language cites the article on consent: the only digits that are no number of the policy.
    const CITATIONS: [&str; 4] =
        ["Art. 6(1)(a)", "Art. 6 Abs. 1 Buchst. a", "article 6, paragraphe 1, point a)", "artículo 6.1.a)"];

    fn all_texts(words: &Words) -> Vec<&'static str> {
        let notices = words.notices.iter();
        let own = notices
            .flat_map(|notice| [notice.title, notice.short].into_iter().chain(notice.full.iter().copied()));
        own.chain(words.rights.iter().copied()).chain([words.parameters_introduction]).collect()
    }

    /// How often each name in braces stands in one notice.
    fn names(texts: impl IntoIterator<Item = &'static str>) -> BTreeMap<&'static str, usize> {
        let mut names = BTreeMap::new();
        for text in texts {
            for part in text.split('{').skip(1) {
                *names.entry(part.split_once('}').expect("a closed brace").0).or_default() += 1;
            }
        }
        names
    }

    #[test]
    fn no_text_has_a_number_of_its_own() {
        for (language, citation) in Language::ALL.into_iter().zip(CITATIONS) {
            for text in all_texts(of(language)) {
                let rest = text.replace(citation, "");
                assert!(!rest.contains(|letter: char| letter.is_ascii_digit()), "{language:?}: {text}");
            }
            assert!(of(language).rights.concat().contains(citation), "{language:?}");
        }
    }

    #[test]
    fn every_language_says_the_same_things_in_the_same_places() {
        let english = of(Language::English);
        for language in Language::ALL {
            let words = of(language);
            assert_eq!(
                names(words.rights.iter().copied()),
                names(english.rights.iter().copied()),
                "{language:?}"
            );
            for (own, other) in words.notices.iter().zip(&english.notices) {
                assert_eq!(own.full.len(), other.full.len(), "{language:?}: {}", own.title);
                assert_eq!(names([own.short]), names([other.short]), "{language:?}: {}", own.title);
                for (place, (own, other)) in own.full.iter().zip(other.full).enumerate() {
                    assert_eq!(names([*own]), names([*other]), "{language:?}: {place}: {own}");
                }
            }
        }
    }
}
