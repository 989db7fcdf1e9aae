//! Categories that nothing is ever learned from.
//!
//! Enters: the id or name of a category. Leaves: the sensitive topic it stands for. The core of the list is built in; a
//! shop can add to it ([`Config::sensitive_categories`](crate::Config::sensitive_categories)) and cannot take away.
//! Must never: shrink, or decide anything by an item's name or price.

use std::collections::BTreeSet;
use std::sync::LazyLock;

/// What a sensitive category would reveal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum SensitiveTopic {
    /// A condition of body or mind, and what is taken or worn for it.
    Health,
    /// A disability.
    Disability,
    /// Sexual life and orientation.
    Sexuality,
    /// A pregnancy, or the wish for one.
    Pregnancy,
    /// A religion or belief.
    Religion,
    /// A political opinion.
    Politics,
    /// An ethnic origin.
    Ethnicity,
    /// A trade union.
    Union,
    /// Debt.
    Debt,
    /// Gambling.
    Gambling,
    /// What the shop added.
    Own,
}

/// Nodes of the Shopify Standard Product Taxonomy (MIT), with everything below them: <https://shopify.github.io/product-taxonomy>.
/// `ma` Mature (also by its name), `rc` Religious & Ceremonial, `hb-1` Health Care, `hb-3-13` Personal Lubricants.
const TAXONOMY_NODES: &[(&str, SensitiveTopic)] = &[
    ("ma", SensitiveTopic::Sexuality),
    ("mature", SensitiveTopic::Sexuality),
    ("rc", SensitiveTopic::Religion),
    ("hb-1", SensitiveTopic::Health),
    ("hb-3-13", SensitiveTopic::Sexuality),
];
/// How the taxonomy's ids begin in Shopify's interfaces.
const TAXONOMY_PREFIX: &str = "gid://shopify/taxonomycategory/";

/// Words in the ids and names of categories, in English, German, French and Spanish, without accents. An entry of several
/// words matches them one after the other.
const WORDS: &[(SensitiveTopic, &[&str])] = &[
    (
        SensitiveTopic::Health,
        &[
            "health care",
            "healthcare",
            "medical",
            "medicine",
            "medicines",
            "medication",
            "medications",
            "pharmacy",
            "drugs",
            "diabetes",
            "diabetic",
            "hiv",
            "cancer",
            "depression",
            "allergy",
            "contraception",
            "contraceptive",
            "contraceptives",
            "condoms",
            "incontinence",
            "weight loss",
            "addiction",
            "smoking cessation",
            "gesundheit",
            "gesundheitspflege",
            "medizin",
            "medikamente",
            "arzneimittel",
            "apotheke",
            "krebs",
            "verhutung",
            "kondome",
            "inkontinenz",
            "abnehmen",
            "sante",
            "medicaments",
            "pharmacie",
            "diabete",
            "preservatifs",
            "salud",
            "medicamentos",
            "farmacia",
            "anticonceptivos",
            "preservativos",
            "adelgazar",
        ],
    ),
    (
        SensitiveTopic::Disability,
        &[
            "disability",
            "disabilities",
            "wheelchair",
            "wheelchairs",
            "hearing aids",
            "mobility aids",
            "behinderung",
            "rollstuhl",
            "rollstuhle",
            "horgerate",
            "handicap",
            "fauteuils roulants",
            "discapacidad",
            "sillas de ruedas",
            "audifonos medicos",
        ],
    ),
    (
        SensitiveTopic::Sexuality,
        &[
            "adult toys",
            "sex",
            "sexual",
            "sexual wellness",
            "erotic",
            "erotica",
            "erotik",
            "erotique",
            "erotico",
            "erotica adultos",
            "sex toys",
            "sexspielzeug",
            "lgbt",
            "lgbtq",
            "gay",
            "lesbian",
            "fetish",
            "personal lubricants",
            "gleitmittel",
        ],
    ),
    (
        SensitiveTopic::Pregnancy,
        &[
            "pregnancy",
            "pregnant",
            "maternity",
            "fertility",
            "ovulation",
            "prenatal",
            "breast pumps",
            "nursing bras",
            "schwangerschaft",
            "umstandsmode",
            "fruchtbarkeit",
            "grossesse",
            "maternite",
            "fertilite",
            "embarazo",
            "maternidad",
            "fertilidad",
            "premama",
        ],
    ),
    (
        SensitiveTopic::Religion,
        &[
            "religion",
            "religious",
            "ceremonial",
            "bible",
            "bibles",
            "quran",
            "koran",
            "torah",
            "prayer",
            "rosary",
            "hijab",
            "kippah",
            "religios",
            "gebet",
            "bibel",
            "religieux",
            "religieuse",
            "priere",
            "religioso",
            "religiosa",
            "oracion",
            "biblia",
        ],
    ),
    (
        SensitiveTopic::Politics,
        &[
            "politics",
            "political",
            "election campaign",
            "politik",
            "politisch",
            "politique",
            "politica",
            "politico",
        ],
    ),
    (
        SensitiveTopic::Ethnicity,
        &["ethnicity", "ethnic", "ethnisch", "ethnique", "etnico", "etnica", "afro hair"],
    ),
    (
        SensitiveTopic::Union,
        &["trade union", "labor union", "labour union", "gewerkschaft", "syndicat", "sindicato"],
    ),
    (
        SensitiveTopic::Debt,
        &["debt", "payday loans", "bankruptcy", "schulden", "insolvenz", "dettes", "deudas"],
    ),
    (
        SensitiveTopic::Gambling,
        &[
            "gambling",
            "casino",
            "betting",
            "lottery",
            "gluckspiel",
            "glucksspiel",
            "wetten",
            "lotterie",
            "jeux de hasard",
            "paris sportifs",
            "apuestas",
            "loteria",
        ],
    ),
];

/// The entries of [`WORDS`] with their first words, ascending by these: nobody waits for the whole list at each category of a shop.
static BY_FIRST_WORD: LazyLock<Vec<(&str, &str, SensitiveTopic)>> = LazyLock::new(|| {
    let mut sorted: Vec<(&str, &str, SensitiveTopic)> = Vec::new();
    for (topic, entries) in WORDS {
        for entry in *entries {
            let first = entry.split(' ').next().unwrap_or_default();
            // Placed one by one: they are few, and the code of a sort would be longer than all of them.
            sorted.insert(sorted.partition_point(|(other, ..)| *other < first), (first, entry, *topic));
        }
    }
    sorted
});

/// The topic of a category, by its id or its name, the first one of several; `None` when the built-in list does not know it.
#[must_use]
pub fn sensitive_topic(category: &str) -> Option<SensitiveTopic> {
    let plain = plain(category);
    let id = plain.strip_prefix(TAXONOMY_PREFIX).unwrap_or(&plain);
    let below =
        |node: &str| id.strip_prefix(node).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    if let Some((_, topic)) = TAXONOMY_NODES.iter().find(|(node, _)| below(node)) {
        return Some(*topic);
    }
    let words: Vec<&str> =
        plain.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let said = |from: usize| {
        let words = &words[from..];
        let at = BY_FIRST_WORD.partition_point(|(first, ..)| *first < words[0]);
        let candidates = BY_FIRST_WORD[at..].iter().take_while(|(first, ..)| *first == words[0]);
        candidates.filter(|(_, entry, _)| begins(words, entry)).map(|(.., topic)| *topic).min()
    };
    (0..words.len()).filter_map(said).min()
}

/// Whether `words` begin with those of `entry`.
fn begins(words: &[&str], entry: &str) -> bool {
    let mut rest = entry;
    for word in words {
        match rest.strip_prefix(word).map(|after| after.strip_prefix(' ').ok_or(after)) {
            Some(Ok(next)) => rest = next,
            Some(Err(after)) => return after.is_empty(),
            None => return false,
        }
    }
    false
}

/// Whether nothing may be learned from a category, by its id or its name.
#[must_use]
pub fn is_sensitive(category: &str) -> bool {
    sensitive_topic(category).is_some()
}

/// Lower case, without the accents of the list's languages.
fn plain(text: &str) -> String {
    let unaccented = text.chars().flat_map(char::to_lowercase).map(|character| match character {
        'à' | 'á' | 'â' | 'ä' => 'a',
        'è' | 'é' | 'ê' | 'ë' => 'e',
        'ì' | 'í' | 'î' | 'ï' => 'i',
        'ò' | 'ó' | 'ô' | 'ö' => 'o',
        'ù' | 'ú' | 'û' | 'ü' => 'u',
        'ç' => 'c',
        'ñ' => 'n',
        other => other,
    });
    unaccented.collect()
}

/// The built-in list with what the shop added.
#[derive(Clone, Debug, Default)]
pub(crate) struct DenyList {
    own: BTreeSet<String>,
}

impl DenyList {
    pub(crate) fn new(own: &[String]) -> Self {
        Self { own: own.iter().cloned().collect() }
    }

    pub(crate) fn topic(&self, category: &str) -> Option<SensitiveTopic> {
        sensitive_topic(category).or_else(|| self.own.contains(category).then_some(SensitiveTopic::Own))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_core_knows_ids_and_words_and_nothing_by_halves() {
        let topics = [
            ("ma", SensitiveTopic::Sexuality),
            ("ma-1-4", SensitiveTopic::Sexuality),
            ("gid://shopify/TaxonomyCategory/hb-1-15-5", SensitiveTopic::Health),
            ("rc-3", SensitiveTopic::Religion),
            ("Health & Beauty > Health Care > First Aid", SensitiveTopic::Health),
            ("shop/maternity-clothing", SensitiveTopic::Pregnancy),
            ("Verhütung", SensitiveTopic::Health),
            ("Glücksspiel", SensitiveTopic::Gambling),
            ("Jeux de hasard", SensitiveTopic::Gambling),
            ("MÉDICAMENTS", SensitiveTopic::Health),
            ("Sillas de ruedas", SensitiveTopic::Disability),
        ];
        for (category, topic) in topics {
            assert_eq!(sensitive_topic(category), Some(topic), "{category}");
        }
        // Not a part of a word, of a number, or of a longer id.
        for harmless in
            ["mats", "map-1", "hb", "hb-2-1", "hb-10", "hb-3-1", "rca", "Essex", "Premature-sale", "42", ""]
        {
            assert_eq!(sensitive_topic(harmless), None, "{harmless}");
        }
    }

    #[test]
    fn a_shop_adds_and_takes_nothing_away() {
        let list = DenyList::new(&["c-77".into()]);
        assert_eq!(list.topic("c-77"), Some(SensitiveTopic::Own));
        assert_eq!(list.topic("c-78"), None);
        assert_eq!(list.topic("ma-2"), DenyList::default().topic("ma-2"));
        assert_eq!(list.topic("rc"), Some(SensitiveTopic::Religion));
    }

    #[test]
    fn entries_of_several_words_match_one_after_the_other() {
        // The same said with one text: an entry stands in it between two spaces.
        let stands_in = |text: &str| {
            let spaced = format!(" {text} ");
            let mut topics = WORDS.iter();
            topics.find(|(_, list)| list.iter().any(|entry| spaced.contains(&format!(" {entry} "))))
        };
        let mut words: Vec<&str> = WORDS.iter().flat_map(|(_, list)| list.iter().copied()).collect();
        words.extend(words.clone().iter().flat_map(|entry| entry.split(' ')));
        words.extend(["care", "loss", "s", "x"]);
        for (at, first) in words.iter().enumerate() {
            for step in [1, 2, 7, 31, 73] {
                let second = words[(at + step) % words.len()];
                for text in
                    [format!("{first} {second}"), format!("{first}{second}"), format!("x {first} x {second}")]
                {
                    assert_eq!(sensitive_topic(&text), stands_in(&text).map(|(topic, _)| *topic), "{text}");
                }
            }
        }
    }

    #[test]
    fn every_word_of_the_list_is_written_as_it_is_compared() {
        for (topic, entries) in WORDS {
            for entry in *entries {
                assert_eq!(plain(entry), *entry);
                assert!(is_sensitive(entry), "{entry} of {topic:?}");
            }
        }
    }
}
