//! A vocabulary for the sample shop, signed with its key, and phones that share.

use std::sync::{Arc, OnceLock};

use tastekeeper::report::{MIN_SHOPPERS_PER_MASK, NodeTree, Parameters, Topic, Vocabulary, VocabularyDraft};
use tastekeeper::{PersonalizationLevel, Recommender};

use crate::phone::{CATEGORIES, Phone, category, signing_key, trusted_key};

/// A vocabulary of the sample shop: topics 1 to 6 are its categories, the others are nodes that no item has.
#[must_use]
pub fn draft(parameters: Parameters) -> VocabularyDraft {
    let topic = |number: u8| Topic {
        label: format!("Topic {number}"),
        guarded: false,
        nodes: vec![match u32::from(number) - 1 {
            known if known < CATEGORIES => category(known),
            other => format!("node-{other}"),
        }],
    };
    VocabularyDraft {
        name: "sample".into(),
        parameters,
        cohort: parameters.masks() * MIN_SHOPPERS_PER_MASK,
        tree: NodeTree::Plain,
        topics: (1..parameters.topics()).map(topic).collect(),
        excluded: Vec::new(),
    }
}

/// Its file and the file's signature by the key of the sample packs.
///
/// # Panics
/// When the draft breaks a rule.
#[must_use]
pub fn sign(draft: &VocabularyDraft) -> (Vec<u8>, String) {
    let bytes = draft.to_bytes().expect("a sound draft");
    let signature = signing_key().detached_signature(&bytes, "a vocabulary").expect("a plain comment");
    (bytes, signature)
}

/// The same, signed and opened.
///
/// # Panics
/// When the draft breaks a rule.
#[must_use]
pub fn open(draft: &VocabularyDraft) -> Arc<Vocabulary> {
    let (bytes, signature) = sign(draft);
    Arc::new(Vocabulary::open(&bytes, &signature, &[trusted_key()]).expect("just signed"))
}

/// The default mechanism: 32 topics, 2 of them in a report, ratio 8.
#[must_use]
pub fn default_parameters() -> Parameters {
    Parameters::new(32, 2, 8).expect("the default")
}

/// The vocabulary of the default mechanism, opened once for all tests of a process.
pub fn vocabulary() -> Arc<Vocabulary> {
    static VOCABULARY: OnceLock<Arc<Vocabulary>> = OnceLock::new();
    VOCABULARY.get_or_init(|| open(&draft(default_parameters()))).clone()
}

/// Another vocabulary with the same mechanism.
pub fn other_vocabulary() -> Arc<Vocabulary> {
    static VOCABULARY: OnceLock<Arc<Vocabulary>> = OnceLock::new();
    let other = || open(&VocabularyDraft { name: "another".into(), ..draft(default_parameters()) });
    VOCABULARY.get_or_init(other).clone()
}

/// The engine on `phone` with model and vocabulary, at level Shared.
///
/// # Panics
/// On a phone that fails.
#[must_use]
pub fn open_shared(phone: &Phone) -> Recommender {
    let shop = phone.open_at(PersonalizationLevel::Shared);
    shop.install_vocabulary(vocabulary()).expect("a sound phone");
    shop
}

/// What `shop` previews, as bytes.
///
/// # Errors
/// Those of the engine, as text.
pub fn previewed(shop: &Recommender) -> Result<[u8; 24], String> {
    shop.preview_report().map(|preview| preview.report.to_bytes()).map_err(|error| error.to_string())
}

/// Makes a phone that did what `history` does, and says what it reports with the randomness of each of `seeds`: equal lists
/// mean equal slots, and different slots give different lists.
///
/// # Errors
/// Those of the engine, as text.
pub fn fingerprints(
    seeds: std::ops::Range<u64>,
    vocabulary: &Arc<Vocabulary>,
    history: impl Fn(&Recommender, &Phone) -> tastekeeper::Result<()>,
) -> Result<Vec<[u8; 24]>, String> {
    let text = |error: tastekeeper::Error| error.to_string();
    let first = Phone::new();
    let shop = first.open_at(PersonalizationLevel::Shared);
    shop.install_vocabulary(vocabulary.clone()).map_err(text)?;
    history(&shop, &first).map_err(text)?;
    drop(shop);
    seeds
        .map(|seed| {
            let phone =
                Phone::on(first.device.restart(true), crate::phone::START_MS + crate::phone::DAY_MS, seed);
            let shop = phone.open().map_err(text)?;
            shop.install_vocabulary(vocabulary.clone()).map_err(text)?;
            previewed(&shop)
        })
        .collect()
}
