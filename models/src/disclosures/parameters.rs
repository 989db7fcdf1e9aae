//! The main parameters of ranking as a page for the shop's terms, one per language.

use std::fmt::Write as _;

use tastekeeper::policy::{Language, ParameterWeight, main_parameters};

use super::{Filler, Paper, words};

/// The page of a language.
pub(super) fn page(filler: &Filler<'_>, language: Language) -> Paper {
    let words = words::of(language);
    let policy = filler.policy;
    let mut text = format!("# {}\n\n{}\n", words.parameters_title, words.parameters_introduction);
    let mut before = None;
    for step in &policy.levels {
        let found = main_parameters(step.level, language, &policy.numbers, None);
        if before.as_ref() == Some(&found) {
            continue; // Shared ranks as OnDevice does
        }
        let alike = policy
            .levels
            .iter()
            .filter(|other| main_parameters(other.level, language, &policy.numbers, None) == found);
        let names: Vec<&str> = alike.map(|step| words.notice(step.level).title).collect();
        write!(text, "\n## {}\n\n", names.join(" · ")).expect("a string takes text");
        for parameter in &found {
            let weight = weight(words, parameter.weight);
            writeln!(text, "* **{weight}.** {}", parameter.text).expect("a string takes text");
        }
        before = Some(found);
    }
    Paper { name: format!("main-parameters.{}.md", language.code()), text }
}

fn weight(words: &words::Words, weight: ParameterWeight) -> &'static str {
    match weight {
        ParameterWeight::None => words.weights[0],
        ParameterWeight::Slight => words.weights[1],
        ParameterWeight::Moderate => words.weights[2],
        ParameterWeight::Strong => words.weights[3],
        ParameterWeight::Decisive => words.weights[4],
    }
}
