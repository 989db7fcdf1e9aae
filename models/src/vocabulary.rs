//! A shop's topics: a vocabulary out of its category tree and its log.
//!
//! In: a log with categories and brands, names of categories, floors. Out: a draft that keeps every rule of
//! [`tastekeeper::report`], and how large its topics are.
//! Starts with the roots of the tree and splits the topic with most shoppers again and again, as long as every topic keeps
//! its floors. Must never make a topic of a sensitive category or of one below, or mix what tells of a baby into another topic.

mod tree;

use std::collections::{BTreeMap, BTreeSet};

use tastekeeper::report::{
    MAX_LABEL_BYTES, NodeTree, Parameters, Topic, VocabularyDraft, VocabularyProblem, tells_of_a_baby,
};

use crate::dataset::{AttributeKind, Dataset};
use tree::Tree;

/// What every topic must have at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Floors {
    /// Shoppers who touched one of its items.
    pub shoppers: u64,
    /// Items of the log.
    pub items: u64,
    /// Brands or sellers; 0 where the log knows none.
    pub brands: u64,
}

impl Floors {
    /// The floors for a shop of so many shoppers: 1 000 shoppers or one in 200, 25 items and 3 brands.
    #[must_use]
    pub fn standard(shoppers: u64) -> Self {
        Self { shoppers: (shoppers.div_ceil(200)).max(1_000), items: 25, brands: 3 }
    }

    fn hold(self, size: &TopicSize) -> bool {
        size.shoppers >= self.shoppers && size.items >= self.items && size.brands >= self.brands
    }
}

/// What a topic has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TopicSize {
    /// Shoppers who touched one of its items.
    pub shoppers: u64,
    /// Items of the log.
    pub items: u64,
    /// Brands.
    pub brands: u64,
}

/// What to build.
#[derive(Clone, Debug, PartialEq)]
pub struct BuildConfig {
    /// A name for people.
    pub name: String,
    /// Most topics, topic 0 included.
    pub topics: u8,
    /// Topics that a report names.
    pub per_report: u8,
    /// The ratio.
    pub ratio: u8,
    /// Opted-in shoppers that the shop expects at least.
    pub cohort: u64,
    /// What every topic must keep.
    pub floors: Floors,
    /// Names of categories by id; a category without one is called by its id.
    pub names: BTreeMap<String, String>,
}

/// No vocabulary came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The items have no categories.
    #[error("the items have no categories; give a list with a category column")]
    NoCategories,
    /// Not even one root keeps the floors.
    #[error("no category has the {shoppers} shoppers, {items} items and {brands} brands that a topic needs", shoppers = .0.shoppers, items = .0.items, brands = .0.brands)]
    NoTopic(Floors),
    /// The draft breaks a rule.
    #[error(transparent)]
    Rule(#[from] VocabularyProblem),
}

/// A vocabulary and what it is like.
#[derive(Clone, Debug)]
pub struct Built {
    /// The vocabulary.
    pub draft: VocabularyDraft,
    /// Of topic 1, 2, and so on.
    pub sizes: Vec<TopicSize>,
    /// The topic of each item of the log; 0 where it has none.
    pub topic_of_item: Vec<u8>,
}

/// Builds a vocabulary. Linear in the log for each split.
///
/// # Errors
/// [`BuildError`].
pub fn build(log: &Dataset, config: &BuildConfig) -> Result<Built, BuildError> {
    let tree = Tree::new(log, &config.names);
    if tree.is_empty() {
        return Err(BuildError::NoCategories);
    }
    let measure = Measure::new(log, &tree);
    let most = usize::from(config.topics.max(2)) - 1;
    let topics = split(&tree, &measure, config.floors, most);
    if topics.is_empty() {
        return Err(BuildError::NoTopic(config.floors));
    }
    let owners = measure.owners(&tree, &topics);
    let sizes = measure.sizes(&owners);
    let listed: Vec<u32> = topics.iter().copied().collect();
    let draft = draft(&tree, &listed, config)?;
    let place: BTreeMap<u32, u8> = listed.iter().copied().zip(1..).collect();
    let topic_of_item = owners.iter().map(|owner| owner.map_or(0, |node| place[&node])).collect();
    let sizes = listed.iter().map(|node| sizes.get(node).copied().unwrap_or_default()).collect();
    Ok(Built { draft, sizes, topic_of_item })
}

/// How large the topics of a vocabulary are in a log, in their order.
#[must_use]
pub fn sizes(log: &Dataset, draft: &VocabularyDraft) -> Vec<TopicSize> {
    let tree = Tree::new(log, &BTreeMap::new());
    let measure = Measure::new(log, &tree);
    let mut topic_of = BTreeMap::new();
    for (place, topic) in draft.topics.iter().enumerate() {
        topic_of.extend(topic.nodes.iter().filter_map(|node| Some((tree.find(node)?, place))));
    }
    let nodes = topic_of.keys().copied().collect();
    let by_node = measure.owners(&tree, &nodes);
    let number = |place: usize| u32::try_from(place).unwrap_or_default();
    let owners: Vec<Option<u32>> =
        by_node.iter().map(|owner| owner.map(|node| number(topic_of[&node]))).collect();
    let found = measure.sizes(&owners);
    (0..draft.topics.len()).map(|place| found.get(&number(place)).copied().unwrap_or_default()).collect()
}

/// Splits until no split keeps the floors or there are `most` topics. The nodes of the topics.
fn split(tree: &Tree, measure: &Measure<'_>, floors: Floors, most: usize) -> BTreeSet<u32> {
    let whole = |nodes: &[u32]| -> Vec<(u64, u32)> {
        let mut fit: Vec<(u64, u32)> = nodes
            .iter()
            .map(|&node| (measure.subtree(tree, node), node))
            .filter(|(size, _)| floors.hold(size))
            .map(|(size, node)| (size.shoppers, node))
            .collect();
        // most shoppers first, then the order of the tree
        fit.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        fit
    };
    let mut topics: BTreeSet<u32> =
        whole(tree.roots()).into_iter().take(most).map(|(_, node)| node).collect();
    let mut settled = BTreeSet::new();
    loop {
        let sizes = measure.sizes(&measure.owners(tree, &topics));
        let shoppers = |node: &u32| sizes.get(node).map_or(0, |size| size.shoppers);
        let open = topics.iter().filter(|node| !settled.contains(*node));
        let Some(&node) = open.max_by(|a, b| shoppers(a).cmp(&shoppers(b)).then_with(|| b.cmp(a))) else {
            return topics;
        };
        let children: Vec<u32> = whole(tree.children(node)).into_iter().map(|(_, child)| child).collect();
        let split = (1..=children.len()).rev().find_map(|count| {
            let mut next = topics.clone();
            next.extend(&children[..count]);
            let sizes = measure.sizes(&measure.owners(tree, &next));
            // a topic of which the children took everything is gone
            if !sizes.contains_key(&node) {
                next.remove(&node);
            }
            let keeps = next.len() <= most
                && next.iter().all(|topic| sizes.get(topic).is_some_and(|size| floors.hold(size)));
            keeps.then_some(next)
        });
        if let Some(next) = split {
            topics = next;
        }
        // children that could be topics are topics now, and the others never will be
        settled.insert(node);
    }
}

/// The vocabulary of these topics.
fn draft(tree: &Tree, topics: &[u32], config: &BuildConfig) -> Result<VocabularyDraft, VocabularyProblem> {
    let count = u8::try_from(topics.len() + 1).map_err(|_| VocabularyProblem::BadParameters)?;
    let parameters = Parameters::new(count, config.per_report.min(count / 2), config.ratio)
        .ok_or(VocabularyProblem::BadParameters)?;
    let mut labels: BTreeSet<String> = BTreeSet::new();
    let mut listed = Vec::new();
    for &node in topics {
        let has_deeper = topics.iter().any(|&other| other != node && tree.is_below(other, node));
        let name = tree.name(node);
        let label = if has_deeper { format!("{name}, other") } else { name.to_owned() };
        let mut label = cut(&label, MAX_LABEL_BYTES);
        if !labels.insert(label.clone()) {
            let id = format!(" ({})", tree.id(node));
            label = cut(&label, MAX_LABEL_BYTES.saturating_sub(id.len())) + &id;
            labels.insert(label.clone());
        }
        let guarded = tells_of_a_baby(name) || tells_of_a_baby(tree.id(node)) || tree.is_guarded(node);
        listed.push(Topic { label, guarded, nodes: vec![tree.id(node).to_owned()] });
    }
    let covered = |node: u32| topics.iter().any(|&topic| topic == node || tree.is_below(topic, node));
    let draft = VocabularyDraft {
        name: config.name.clone(),
        parameters,
        cohort: config.cohort,
        tree: if tree.is_dashed() { NodeTree::Dashed } else { NodeTree::Plain },
        topics: listed,
        excluded: tree.excluded(&covered),
    };
    match draft.problems().first() {
        Some(problem) => Err(*problem),
        None => Ok(draft),
    }
}

/// The text, or as much of its beginning as fits into so many bytes.
fn cut(text: &str, bytes: usize) -> String {
    let end = (0..=bytes.min(text.len())).rev().find(|&end| text.is_char_boundary(end)).unwrap_or_default();
    text[..end].trim_end().to_owned()
}

/// Counts shoppers, items and brands.
struct Measure<'a> {
    log: &'a Dataset,
    /// Categories of each item, the deepest first; none where one of them is sensitive.
    categories: Vec<Vec<u32>>,
    brands: Vec<Option<u32>>,
}

impl<'a> Measure<'a> {
    fn new(log: &'a Dataset, tree: &Tree) -> Self {
        let entries = &log.attributes.entries;
        let is = |entry: u32, kind: AttributeKind| entries[entry as usize].kind == kind;
        let categories = log.attributes.of_item.iter().map(|of_item| {
            let mut nodes: Vec<u32> =
                of_item.iter().copied().filter(|&entry| is(entry, AttributeKind::Category)).collect();
            if nodes.iter().any(|&node| tree.is_sensitive(node)) {
                return Vec::new();
            }
            nodes.sort_by_key(|&node| std::cmp::Reverse((tree.depth(node), node)));
            nodes
        });
        let brands = log
            .attributes
            .of_item
            .iter()
            .map(|of_item| of_item.iter().copied().find(|&entry| is(entry, AttributeKind::Brand)));
        Self { log, categories: categories.collect(), brands: brands.collect() }
    }

    /// The topic each item belongs to: the deepest of its categories that is one.
    fn owners(&self, tree: &Tree, topics: &BTreeSet<u32>) -> Vec<Option<u32>> {
        let owner = |nodes: &Vec<u32>| {
            // what is guarded and no topic itself belongs to nothing
            let barred = |node: u32| tree.starts_guard(node) && !topics.contains(&node);
            let below = nodes.iter().position(|node| topics.contains(node));
            let barrier = nodes.iter().position(|&node| barred(node));
            match (below, barrier) {
                (Some(below), Some(barrier)) if barrier < below => None,
                (Some(below), _) => Some(nodes[below]),
                (None, _) => None,
            }
        };
        self.categories.iter().map(owner).collect()
    }

    fn sizes(&self, owners: &[Option<u32>]) -> BTreeMap<u32, TopicSize> {
        let mut sizes: BTreeMap<u32, TopicSize> = BTreeMap::new();
        let mut brands = BTreeSet::new();
        for (owner, brand) in owners.iter().zip(&self.brands) {
            let Some(owner) = *owner else { continue };
            let size = sizes.entry(owner).or_default();
            size.items += 1;
            size.brands += u64::from(brand.is_some_and(|brand| brands.insert((owner, brand))));
        }
        let mut touched = BTreeSet::new();
        for sequence in &self.log.sequences {
            touched.clear();
            touched.extend(sequence.events.iter().filter_map(|event| owners[event.item as usize]));
            for owner in &touched {
                if let Some(size) = sizes.get_mut(owner) {
                    size.shoppers += 1;
                }
            }
        }
        sizes
    }

    /// The size of a node with everything below it.
    fn subtree(&self, tree: &Tree, node: u32) -> TopicSize {
        self.sizes(&self.owners(tree, &BTreeSet::from([node]))).get(&node).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
