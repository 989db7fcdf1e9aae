//! The generated shop's category tree.
//!
//! In: the table in `taxonomy.txt`, part of the program. Out: roots, branches and leaves with what their products are
//! like and which leaves go together.
//! The roots carry the ids and names of Shopify's product taxonomy. Everything below is named here and numbered from a
//! hundred and one on: there `hb-1` is health care, which is sensitive, and nothing here may be taken for it.
//! Must never change the order of nodes without a reason: every generated shop changes with it.

use super::CategoryNode;

/// Branches are numbered from the one after this.
const OWN_BRANCHES: u32 = 100;

const TABLE: &str = include_str!("taxonomy.txt");

/// How products of a leaf come in variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Variants {
    None,
    Sizes,
    ShoeSizes,
    Colours,
}

/// A category that products are in.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    /// Root, branch, leaf.
    pub(super) path: [String; 3],
    pub(super) name: &'static str,
    pub(super) root: usize,
    /// Number among all branches.
    pub(super) branch: usize,
    pub(super) nouns: Vec<&'static str>,
    pub(super) median_price: f64,
    pub(super) variants: Variants,
    /// About how long a purchase lasts.
    pub(super) replenish_days: Option<f64>,
    /// Indices of the leaves that go with it.
    pub(super) complements: Vec<usize>,
}

/// A top-level category.
#[derive(Clone, Debug)]
pub(super) struct Root {
    pub(super) materials: Vec<&'static str>,
    pub(super) leaves: Vec<usize>,
}

/// The tree.
#[derive(Clone, Debug)]
pub(super) struct Taxonomy {
    pub(super) roots: Vec<Root>,
    pub(super) leaves: Vec<Leaf>,
    /// All nodes, a parent before its children.
    pub(super) nodes: Vec<CategoryNode>,
}

impl Taxonomy {
    /// The tree of the table.
    pub(super) fn read() -> Self {
        let mut tree = Self { roots: Vec::new(), leaves: Vec::new(), nodes: Vec::new() };
        let mut complement_names = Vec::new();
        let (mut root_id, mut branch_id) = (String::new(), String::new());
        let (mut branch, mut branch_of_root, mut leaf_of_branch) = (0, OWN_BRANCHES, 0);
        for line in TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some(name) = line.strip_prefix("= ") {
                (branch, branch_of_root, leaf_of_branch) = (branch + 1, branch_of_root + 1, 0);
                branch_id = format!("{root_id}-{branch_of_root}");
                tree.node(&branch_id, Some(&root_id), name);
                continue;
            }
            let fields: Vec<&str> = line.split('|').map(str::trim).collect();
            match fields[..] {
                [head, materials] => {
                    let (id, name) = head.split_once(' ').expect("a root has an id and a name");
                    (root_id, branch_of_root) = (id.to_owned(), OWN_BRANCHES);
                    tree.node(id, None, name);
                    tree.roots.push(Root { materials: words(materials), leaves: Vec::new() });
                }
                [name, nouns, price, rest] => {
                    leaf_of_branch += 1;
                    let id = format!("{branch_id}-{leaf_of_branch}");
                    tree.node(&id, Some(&branch_id), name);
                    let (notes, complements) = rest.split_once('>').expect("a leaf has complements");
                    complement_names.push(words(complements));
                    let index = tree.leaves.len();
                    let root = tree.roots.len() - 1;
                    tree.roots[root].leaves.push(index);
                    tree.leaves.push(Leaf {
                        path: [root_id.clone(), branch_id.clone(), id],
                        name,
                        root,
                        branch: branch - 1,
                        nouns: words(nouns),
                        median_price: price.parse().expect("a price is a number"),
                        variants: if notes.contains("shoe sizes") {
                            Variants::ShoeSizes
                        } else if notes.contains("sizes") {
                            Variants::Sizes
                        } else if notes.contains("colours") {
                            Variants::Colours
                        } else {
                            Variants::None
                        },
                        replenish_days: notes
                            .split_once("every ")
                            .map(|(_, days)| days.trim().parse().expect("days are a number")),
                        complements: Vec::new(),
                    });
                }
                _ => unreachable!("a line of the table is a root, a branch or a leaf"),
            }
        }
        for (leaf, names) in complement_names.into_iter().enumerate() {
            tree.leaves[leaf].complements = names.into_iter().map(|name| tree.leaf(name)).collect();
        }
        tree
    }

    /// The index of the leaf called `name`, which must be in the table.
    pub(super) fn leaf(&self, name: &str) -> usize {
        self.leaves.iter().position(|leaf| leaf.name == name).expect("the name of a leaf of the table")
    }

    fn node(&mut self, id: &str, parent: Option<&str>, name: &str) {
        self.nodes.push(CategoryNode {
            id: id.to_owned(),
            parent: parent.map(str::to_owned),
            name: name.to_owned(),
        });
    }
}

fn words(list: &'static str) -> Vec<&'static str> {
    list.split(',').map(str::trim).filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_table_is_whole() {
        let tree = Taxonomy::read();
        assert!(tree.roots.len() >= 12);
        assert!(tree.leaves.len() > 120);
        let names: BTreeSet<&str> = tree.leaves.iter().map(|leaf| leaf.name).collect();
        assert_eq!(names.len(), tree.leaves.len(), "a leaf is found by its name");
        let ids: BTreeSet<&str> = tree.nodes.iter().map(|node| node.id.as_str()).collect();
        assert_eq!(ids.len(), tree.nodes.len());
        for node in &tree.nodes {
            assert!(!tastekeeper::sensitive::is_sensitive(&node.id), "{}", node.id);
            assert!(!tastekeeper::sensitive::is_sensitive(&node.name), "{}", node.name);
        }
        for (index, leaf) in tree.leaves.iter().enumerate() {
            assert!(!leaf.nouns.is_empty() && leaf.median_price > 1.0, "{}", leaf.name);
            assert!(!leaf.complements.is_empty() && !leaf.complements.contains(&index), "{}", leaf.name);
            assert!(leaf.path.windows(2).all(|pair| pair[1].starts_with(&format!("{}-", pair[0]))));
        }
        let all: usize = tree.roots.iter().map(|root| root.leaves.len()).sum();
        assert_eq!(all, tree.leaves.len());
        assert!(tree.roots.iter().all(|root| root.materials.len() >= 3));
    }
}
