//! The words of the main parameters, one file per language.

use super::language::Language;

mod de;
mod en;
mod es;
mod fr;

/// One sentence or two for each parameter.
pub(super) struct Words {
    pub(super) shop: &'static str,
    pub(super) choices: &'static str,
    pub(super) context: &'static str,
    pub(super) history_visit: &'static str,
    pub(super) history_kept: &'static str,
    pub(super) signals: &'static str,
    pub(super) signals_of_model: &'static str,
    pub(super) popularity: &'static str,
    pub(super) popularity_off: &'static str,
    pub(super) novelty: &'static str,
    pub(super) variety: &'static str,
    pub(super) never_counts: &'static str,
    pub(super) never_counts_off: &'static str,
}

pub(super) fn of(language: Language) -> &'static Words {
    match language {
        Language::English => &en::WORDS,
        Language::German => &de::WORDS,
        Language::French => &fr::WORDS,
        Language::Spanish => &es::WORDS,
    }
}
