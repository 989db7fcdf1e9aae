//! The public topics that reports are about, the same for every shopper.
//!
//! Enters: a file and its signature, or a draft from the tool that builds one. Leaves: the topic of an item's categories, and
//! the labels that a shopper reads. Must never hold a sensitive topic, or be read from bytes that are not its canonical form.
//!
//! # The file
//!
//! UTF-8, lines that end with a line feed, fields between tabs, in this order:
//!
//! ```text
//! tastekeeper-vocabulary 1
//! name        a name for people
//! topics      d, topic 0 (an empty slot) included, 2 to 64
//! per_report  m, 1 to d / 2
//! ratio       R, 2 to 8
//! cohort      opted-in shoppers that the shop expects at least
//! tree        `plain`, or `dashed` where a node's ancestors are its id without the last `-` and what follows
//! topic       `open` or `guarded`, label, nodes ..    one line for each topic from 1 to d - 1
//! excluded    nodes ..                                at most once
//! ```
//!
//! Every node stands once; the nodes of a line ascend. A `guarded` topic has a switch of its own that is off by default.
//! Items at or below an excluded node never enter a slot.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{MAX_TOPICS, Parameters};
use crate::error::VocabularyProblem;
use crate::event::check_id;
use crate::model::{PublicKey, SignatureProblem, verify_detached};
use crate::sensitive::is_sensitive;

mod general;
mod text;

/// Largest file in bytes.
pub const MAX_VOCABULARY_BYTES: usize = 1 << 20;
/// Longest name or label in bytes.
pub const MAX_LABEL_BYTES: usize = 64;

/// How an item's categories relate to the nodes of a vocabulary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NodeTree {
    /// Only the ids that item and model give, the ancestors that the model knows included.
    #[default]
    Plain,
    /// Ids carry their ancestors, as in the Shopify Standard Product Taxonomy: `aa-1-4` lies below `aa-1` and `aa`.
    Dashed,
}

/// One topic: what it is called and which nodes of the category tree it stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topic {
    /// What the shopper reads, at most 64 bytes.
    pub label: String,
    /// Whether it needs the switch of [`Recommender::set_guarded_topics`](crate::Recommender::set_guarded_topics).
    pub guarded: bool,
    /// Nodes: items at or below one of them, and not below a node of another topic that is deeper.
    pub nodes: Vec<String>,
}

/// A vocabulary that nobody signed: what a tool builds and checks. The engine takes a [`Vocabulary`] only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VocabularyDraft {
    /// A name for people, at most 64 bytes.
    pub name: String,
    /// The mechanism; one topic fewer than it has is listed, because topic 0 is an empty slot.
    pub parameters: Parameters,
    /// Opted-in shoppers that the shop expects at least.
    pub cohort: u64,
    /// How categories relate to nodes.
    pub tree: NodeTree,
    /// Topics 1, 2, and so on.
    pub topics: Vec<Topic>,
    /// Nodes whose items never enter a slot.
    pub excluded: Vec<String>,
}

impl VocabularyDraft {
    /// Reads a file without asking who signed it.
    ///
    /// # Errors
    /// The first rule it breaks: its form, then its contents as in [`problems`](Self::problems).
    pub fn parse(bytes: &[u8]) -> Result<Self, VocabularyProblem> {
        let draft = text::parse(bytes)?;
        if let Some(problem) = draft.problems().first() {
            return Err(*problem);
        }
        if text::write(&draft).as_bytes() == bytes { Ok(draft) } else { Err(VocabularyProblem::NotCanonical) }
    }

    /// Reads a file whose contents may break rules, for tools that list them all with [`problems`](Self::problems).
    ///
    /// # Errors
    /// The first rule that its form breaks.
    pub fn read(bytes: &[u8]) -> Result<Self, VocabularyProblem> {
        text::parse(bytes)
    }

    /// The canonical file. Sorts the nodes of each topic.
    ///
    /// # Errors
    /// The first of [`problems`](Self::problems).
    pub fn to_bytes(&self) -> Result<Vec<u8>, VocabularyProblem> {
        match self.problems().first() {
            Some(problem) => Err(*problem),
            None => Ok(text::write(self).into_bytes()),
        }
    }

    /// Every rule that the contents break: the lint. Beside form and size:
    ///
    /// * no topic is sensitive, by label or node, and none tells of a baby without being guarded;
    /// * there are at most as many masks as a fiftieth of the cohort, so that no mask is a fingerprint.
    #[must_use]
    pub fn problems(&self) -> Vec<VocabularyProblem> {
        let mut problems = Vec::new();
        if self.topics.len() + 1 != usize::from(self.parameters.topics()) {
            problems.push(VocabularyProblem::BadParameters);
        }
        if !self.parameters.fits_cohort(self.cohort) {
            let (masks, cohort) = (self.parameters.masks(), self.cohort);
            problems.push(VocabularyProblem::TooManyMasks { masks, cohort });
        }
        if !is_label(&self.name) {
            problems.push(VocabularyProblem::BadLabel { topic: 0 });
        }
        let mut owners = BTreeMap::new();
        let mut own = |node: &String, topic| {
            check_id("node", node).is_ok() && owners.insert(node.clone(), topic).is_none()
        };
        if !self.excluded.iter().all(|node| own(node, 0)) {
            problems.push(VocabularyProblem::BadNode { topic: 0 });
        }
        for (place, topic) in self.topics.iter().enumerate() {
            let number = place + 1;
            if !is_label(&topic.label) || self.topics[..place].iter().any(|other| other.label == topic.label)
            {
                problems.push(VocabularyProblem::BadLabel { topic: number });
            }
            let texts = || topic.nodes.iter().chain([&topic.label]);
            if texts().any(|text| is_sensitive(text)) {
                problems.push(VocabularyProblem::SensitiveTopic { topic: number });
            }
            if !topic.guarded && texts().any(|text| tells_of_a_baby(text)) {
                problems.push(VocabularyProblem::UnguardedTopic { topic: number });
            }
            if topic.nodes.is_empty() || !topic.nodes.iter().all(|node| own(node, number)) {
                problems.push(VocabularyProblem::BadNode { topic: number });
            }
        }
        if problems.is_empty() && text::write(self).len() > MAX_VOCABULARY_BYTES {
            problems.push(VocabularyProblem::TooLarge { what: "the file" });
        }
        problems
    }
}

fn is_label(text: &str) -> bool {
    text.len() <= MAX_LABEL_BYTES && check_id("label", text).is_ok()
}

/// Whether a label or node speaks of babies, which tells of a pregnancy before it is told. `bt` is Shopify's Baby & Toddler.
#[must_use]
pub fn tells_of_a_baby(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "baby",
        "babies",
        "toddler",
        "toddlers",
        "infant",
        "infants",
        "newborn",
        "newborns",
        "diapers",
        "nappies",
        "strollers",
        "kleinkind",
        "säugling",
        "windeln",
        "bébé",
        "bebe",
        "bébés",
        "bebés",
        "nourrisson",
        "pañales",
    ];
    let text = text.to_lowercase();
    let id = text.strip_prefix("gid://shopify/taxonomycategory/").unwrap_or(&text);
    id == "bt"
        || id.starts_with("bt-")
        || text.split(|character: char| !character.is_alphanumeric()).any(|word| WORDS.contains(&word))
}

/// A vocabulary that a trusted key signed.
#[derive(Clone, PartialEq, Eq)]
pub struct Vocabulary {
    draft: VocabularyDraft,
    /// Topic of each node; `None` where it is excluded.
    nodes: BTreeMap<String, Option<u8>>,
    id: [u8; 4],
}

impl std::fmt::Debug for Vocabulary {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Vocabulary").field("name", &self.draft.name).finish_non_exhaustive()
    }
}

impl Vocabulary {
    /// Reads `bytes` and verifies that one of the `trusted` keys signed them; `signature` is the text of a `.minisig` file.
    ///
    /// # Errors
    /// The first broken rule. Nothing but the length is looked at before the signature fits.
    pub fn open(bytes: &[u8], signature: &str, trusted: &[PublicKey]) -> Result<Self, VocabularyProblem> {
        if bytes.len() > MAX_VOCABULARY_BYTES {
            return Err(VocabularyProblem::TooLarge { what: "the file" });
        }
        verify_detached(bytes, signature, trusted).map_err(|problem| match problem {
            SignatureProblem::Bad => VocabularyProblem::BadSignature,
            SignatureProblem::UnknownKey => VocabularyProblem::UnknownKey,
        })?;
        let draft = VocabularyDraft::parse(bytes)?;
        let mut nodes = BTreeMap::new();
        nodes.extend(draft.excluded.iter().map(|node| (node.clone(), None)));
        for (topic, place) in draft.topics.iter().zip(1_u8..MAX_TOPICS) {
            nodes.extend(topic.nodes.iter().map(|node| (node.clone(), Some(place))));
        }
        let mut id = [0; 4];
        id.copy_from_slice(&Sha256::digest(bytes)[..4]);
        Ok(Self { draft, nodes, id })
    }

    /// Its contents.
    #[must_use]
    pub fn contents(&self) -> &VocabularyDraft {
        &self.draft
    }

    /// The mechanism.
    #[must_use]
    pub fn parameters(&self) -> Parameters {
        self.draft.parameters
    }

    /// The first 4 bytes of SHA-256 of the file.
    #[must_use]
    pub fn taxonomy_id(&self) -> [u8; 4] {
        self.id
    }

    /// What the shopper reads for a topic; `None` for topic 0 and for those it does not have.
    #[must_use]
    pub fn label(&self, topic: u8) -> Option<&str> {
        let place = usize::from(topic).checked_sub(1)?;
        self.draft.topics.get(place).map(|topic| topic.label.as_str())
    }

    /// The topic of an item in `categories`, the deepest first; `None` where it has none, where one of its categories is
    /// excluded or `is_denied`, and where its topic is guarded and the shopper did not switch that on.
    pub(super) fn topic_of<'a>(
        &self,
        categories: impl Iterator<Item = &'a str>,
        is_denied: &dyn Fn(&str) -> bool,
        guarded_too: bool,
    ) -> Option<u8> {
        let mut topic = None;
        for category in categories {
            for node in self.lineage(category) {
                match self.nodes.get(node) {
                    _ if is_denied(node) => return None,
                    Some(None) => return None,
                    Some(Some(found)) if self.is_guarded(*found) && !guarded_too => return None,
                    Some(Some(found)) => topic = topic.or(Some(*found)),
                    None => {}
                }
            }
        }
        topic
    }

    fn is_guarded(&self, topic: u8) -> bool {
        usize::from(topic)
            .checked_sub(1)
            .and_then(|place| self.draft.topics.get(place))
            .is_some_and(|topic| topic.guarded)
    }

    /// A category and, in a dashed tree, its ancestors, upwards.
    fn lineage<'a>(&self, category: &'a str) -> impl Iterator<Item = &'a str> + use<'a> {
        let is_dashed = self.draft.tree == NodeTree::Dashed;
        let up = move |id: &&'a str| id.rsplit_once('-').map(|(above, _)| above).filter(|_| is_dashed);
        std::iter::successors(Some(category), up)
    }
}

#[cfg(test)]
mod tests;
