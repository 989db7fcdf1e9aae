//! The main parameters of ranking and their relative weight, in plain language: what Art. 27 of the Digital Services Act and
//! Art. 6a of the Consumer Rights Directive ask a shop to say.

use serde::Serialize;

use super::language::Language;
use super::numbers::{Numbers, fill};
use super::words;
use crate::consent::PersonalizationLevel;
use crate::model::Parameters;

/// What a main parameter is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum ParameterTopic {
    /// What is on the screen.
    Context,
    /// What the shopper did.
    History,
    /// How much each kind of signal counts.
    Signals,
    /// What the shopper set by hand, and what the shopper does not want.
    Choices,
    /// How often all shoppers choose an item.
    Popularity,
    /// How new an item is.
    Novelty,
    /// That an answer is varied, and that something unknown is tried.
    Variety,
    /// What the shop decides.
    Shop,
    /// What never counts.
    NeverCounts,
}

/// How much a parameter counts beside the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum ParameterWeight {
    /// Nothing.
    None,
    /// Moves single places.
    Slight,
    /// Decides between items that are otherwise alike, or where nothing else is known.
    Moderate,
    /// Decides most of the order.
    Strong,
    /// Comes before everything else.
    Decisive,
}

/// One main parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MainParameter {
    /// What it is about.
    pub topic: ParameterTopic,
    /// How much it counts.
    pub weight: ParameterWeight,
    /// Both in words.
    pub text: String,
}

/// The main parameters at `level`, the weightiest first. With the parameters of the model in use, the words say how much its
/// kinds of signal count beside each other.
#[must_use]
pub fn main_parameters(
    level: PersonalizationLevel,
    language: Language,
    numbers: &Numbers,
    model: Option<&Parameters>,
) -> Vec<MainParameter> {
    use PersonalizationLevel::{Off, Session};
    let words = words::of(language);
    let mut values = numbers.words(language);
    if let Some(model) = model {
        values.extend(weights_of_kinds(model, language));
    }
    let personal = level > Off;
    let list = [
        (ParameterTopic::Shop, ParameterWeight::Decisive, words.shop),
        (ParameterTopic::Choices, ParameterWeight::Decisive, if personal { words.choices } else { "" }),
        (ParameterTopic::Context, ParameterWeight::Strong, words.context),
        (
            ParameterTopic::History,
            ParameterWeight::Strong,
            match level {
                Off => "",
                Session => words.history_visit,
                _ => words.history_kept,
            },
        ),
        (ParameterTopic::Signals, ParameterWeight::Moderate, if personal { words.signals } else { "" }),
        (
            ParameterTopic::Popularity,
            ParameterWeight::Moderate,
            if personal { words.popularity } else { words.popularity_off },
        ),
        (ParameterTopic::Novelty, ParameterWeight::Moderate, words.novelty),
        (ParameterTopic::Variety, ParameterWeight::Slight, words.variety),
        (
            ParameterTopic::NeverCounts,
            ParameterWeight::None,
            if personal { words.never_counts } else { words.never_counts_off },
        ),
    ];
    let mut found: Vec<MainParameter> = list
        .into_iter()
        .filter(|(_, _, template)| !template.is_empty())
        .map(|(topic, weight, template)| MainParameter { topic, weight, text: fill(template, &values) })
        .collect();
    if model.is_some() && personal {
        for parameter in found.iter_mut().filter(|parameter| parameter.topic == ParameterTopic::Signals) {
            parameter.text.push(' ');
            parameter.text.push_str(&fill(words.signals_of_model, &values));
        }
    }
    found
}

/// What a cart, a wish list and a purchase count beside a look, in per cent.
fn weights_of_kinds(model: &Parameters, language: Language) -> Vec<(&'static str, String)> {
    let [view, cart, wishlist, purchase] = model.kind_weights.map(f64::from);
    let beside = |weight: f64| {
        let factor = if view > 0.0 { weight / view } else { weight };
        language.decimal(factor)
    };
    vec![
        ("cart_weight", beside(cart)),
        ("wishlist_weight", beside(wishlist)),
        ("purchase_weight", beside(purchase)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEVELS: [PersonalizationLevel; 4] = [
        PersonalizationLevel::Off,
        PersonalizationLevel::Session,
        PersonalizationLevel::OnDevice,
        PersonalizationLevel::Shared,
    ];

    fn model() -> Parameters {
        Parameters {
            decay: 0.7,
            carry: 0.5,
            gain: 10.0,
            graph_weight: 1.0,
            graph_decay: 0.5,
            popularity_weight: 0.1,
            kind_weights: [2.0, 3.0, 2.5, 1.0],
            repeats: false,
        }
    }

    /// The numbers of a text, without what a language puts between their digits.
    fn numbers_in(text: &str, language: Language) -> Vec<String> {
        let (group, point) = match language {
            Language::English => (',', '.'),
            Language::German => ('.', ','),
            Language::French | Language::Spanish => ('\u{202f}', ','),
        };
        let letters: Vec<char> = text.chars().collect();
        let digit_at = |place: usize| letters.get(place).is_some_and(char::is_ascii_digit);
        let mut found: Vec<String> = Vec::new();
        for (place, &letter) in letters.iter().enumerate() {
            let inside = place > 0 && digit_at(place - 1) && digit_at(place + 1);
            if letter.is_ascii_digit() {
                if place == 0 || !(digit_at(place - 1) || found_separator(&letters, place, group, point)) {
                    found.push(String::new());
                }
                found.last_mut().unwrap().push(letter);
            } else if inside && letter == point {
                found.last_mut().unwrap().push('.');
            }
        }
        found.sort();
        found
    }

    fn found_separator(letters: &[char], place: usize, group: char, point: char) -> bool {
        place > 1 && [group, point].contains(&letters[place - 1]) && letters[place - 2].is_ascii_digit()
    }

    #[test]
    fn every_language_says_the_same_numbers() {
        for level in LEVELS {
            for model in [None, Some(&model())] {
                let all = Language::ALL.map(|language| {
                    let found = main_parameters(level, language, &Numbers::default(), model);
                    let text: Vec<&str> = found.iter().map(|parameter| parameter.text.as_str()).collect();
                    assert!(!text.concat().contains('{'), "{text:?}");
                    let topics: Vec<_> = found.iter().map(|parameter| parameter.topic).collect();
                    (topics, numbers_in(&text.join("\n"), language))
                });
                assert!(!all[0].1.is_empty());
                for (language, other) in Language::ALL.iter().zip(&all) {
                    assert_eq!(other, &all[0], "{language:?} at {level:?}");
                }
            }
        }
    }

    #[test]
    fn off_says_nothing_of_a_past() {
        let off = main_parameters(LEVELS[0], Language::English, &Numbers::default(), Some(&model()));
        let topics: Vec<_> = off.iter().map(|parameter| parameter.topic).collect();
        assert!(!topics.contains(&ParameterTopic::History) && !topics.contains(&ParameterTopic::Choices));
        assert!(off.is_sorted_by(|one, next| one.weight >= next.weight));
    }

    #[test]
    fn the_model_s_own_weights_are_said() {
        let said = main_parameters(LEVELS[2], Language::German, &Numbers::default(), Some(&model()));
        let signals = said.iter().find(|parameter| parameter.topic == ParameterTopic::Signals).unwrap();
        for number in ["1,50", "1,25", "0,50"] {
            assert!(signals.text.contains(number), "{}", signals.text);
        }
    }
}
