//! The category tree of a log, without what must not become a topic.
//!
//! In: the categories of items with their parents, and names. Out: children, depths, what is sensitive or guarded.

use std::collections::BTreeMap;

use tastekeeper::report::tells_of_a_baby;
use tastekeeper::sensitive::is_sensitive;

use crate::dataset::{Attribute, AttributeKind, Dataset};

/// One category.
struct Node {
    id: String,
    name: String,
    parent: Option<u32>,
    depth: usize,
    /// It or a category above it is sensitive.
    sensitive: bool,
    /// It or a category above it tells of a baby.
    guarded: bool,
    children: Vec<u32>,
}

/// See the module. Nodes are numbered as the attributes of the log.
pub(super) struct Tree {
    nodes: BTreeMap<u32, Node>,
    roots: Vec<u32>,
}

impl Tree {
    pub(super) fn new(log: &Dataset, names: &BTreeMap<String, String>) -> Self {
        let mut tree = Self { nodes: BTreeMap::new(), roots: Vec::new() };
        let categories = (0_u32..).zip(&log.attributes.entries);
        for (number, attribute) in categories.filter(|(_, entry)| entry.kind == AttributeKind::Category) {
            tree.add(number, attribute, names);
        }
        tree
    }

    /// Adds a category; its parent is there already.
    fn add(&mut self, number: u32, attribute: &Attribute, names: &BTreeMap<String, String>) {
        let id = attribute.name.clone();
        let name = names.get(&id).unwrap_or(&id).clone();
        let is = |test: fn(&str) -> bool| test(&id) || test(&name);
        let (mut sensitive, mut guarded, mut depth) = (is(is_sensitive), is(tells_of_a_baby), 0);
        let mut stands_alone = true;
        if let Some(above) = attribute.parent.and_then(|parent| self.nodes.get(&parent)) {
            stands_alone = guarded && !above.guarded;
            sensitive |= above.sensitive;
            guarded |= above.guarded;
            depth = above.depth + 1;
        }
        if !sensitive {
            // a guarded category is never a part of an open topic, so it begins a tree of its own
            match attribute.parent.filter(|_| !stands_alone).and_then(|parent| self.nodes.get_mut(&parent)) {
                Some(above) => above.children.push(number),
                None => self.roots.push(number),
            }
        }
        let node =
            Node { id, name, parent: attribute.parent, depth, sensitive, guarded, children: Vec::new() };
        self.nodes.insert(number, node);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    pub(super) fn roots(&self) -> &[u32] {
        &self.roots
    }

    pub(super) fn children(&self, node: u32) -> &[u32] {
        self.nodes.get(&node).map_or(&[], |node| &node.children)
    }

    pub(super) fn id(&self, node: u32) -> &str {
        self.nodes.get(&node).map_or("", |node| &node.id)
    }

    pub(super) fn name(&self, node: u32) -> &str {
        self.nodes.get(&node).map_or("", |node| &node.name)
    }

    pub(super) fn depth(&self, node: u32) -> usize {
        self.nodes.get(&node).map_or(0, |node| node.depth)
    }

    pub(super) fn is_sensitive(&self, node: u32) -> bool {
        self.nodes.get(&node).is_some_and(|node| node.sensitive)
    }

    pub(super) fn is_guarded(&self, node: u32) -> bool {
        self.nodes.get(&node).is_some_and(|node| node.guarded)
    }

    /// Whether the node tells of a baby and what is above it does not.
    pub(super) fn starts_guard(&self, node: u32) -> bool {
        let above = self.nodes.get(&node).and_then(|node| node.parent);
        self.is_guarded(node) && !above.is_some_and(|above| self.is_guarded(above))
    }

    pub(super) fn find(&self, id: &str) -> Option<u32> {
        self.nodes.iter().find(|(_, node)| node.id == id).map(|(number, _)| *number)
    }

    /// Whether `node` lies below `above`.
    pub(super) fn is_below(&self, node: u32, above: u32) -> bool {
        let parent = |node: &u32| self.nodes.get(node).and_then(|node| node.parent);
        std::iter::successors(parent(&node), parent).any(|node| node == above)
    }

    /// Whether every id is that of its parent with a dash and more.
    pub(super) fn is_dashed(&self) -> bool {
        let mut deeper = self.nodes.values().filter(|node| node.parent.is_some()).peekable();
        deeper.peek().is_some()
            && deeper.all(|node| {
                let above = node.parent.map_or("", |parent| self.id(parent));
                node.id.rsplit_once('-').is_some_and(|(start, _)| start == above)
            })
    }

    /// The uppermost categories that must not be counted: sensitive ones, and guarded ones that are no topic.
    pub(super) fn excluded(&self, covered: &dyn Fn(u32) -> bool) -> Vec<String> {
        let uppermost = |(number, node): (&u32, &Node)| {
            let above = node.parent.and_then(|parent| self.nodes.get(&parent));
            let sensitive = node.sensitive && !above.is_some_and(|above| above.sensitive);
            (sensitive || (self.starts_guard(*number) && !node.sensitive && !covered(*number)))
                .then(|| node.id.clone())
        };
        self.nodes.iter().filter_map(uppermost).collect()
    }
}
