//! The engine's modules know only what lies under them.
//!
//! Each top-level module of `core/src` is a layer. A path from one into a layer above it is an error, whether it is
//! imported, written in place, reached by `super`, or by the name that `lib.rs` gives it.

use std::collections::BTreeMap;
use std::path::Path;

use tastekeeper_tests::sources::{Source, product_sources};

/// The layers from the ground up: a module may use those before it.
const LAYERS: &[&str] = &[
    "layout",
    "platform",
    "error",
    "sensitive",
    "codec",
    "store",
    "event",
    "consent",
    "history",
    "model",
    "catalog",
    "profile",
    "ranking",
    "explain",
    "report",
    "rights",
    "policy",
    "engine",
];

/// Not a layer: the switches that break single rules for the tests, asked everywhere.
const EVERYWHERE: &[&str] = &["mutant", "mutants"];

fn height(layer: &str) -> Option<usize> {
    LAYERS.iter().position(|known| *known == layer)
}

/// The layer behind each name that the root of the crate exports.
fn exports(root: &Source) -> BTreeMap<String, String> {
    let mut exports = BTreeMap::new();
    for mention in root.mentions() {
        let path: Vec<_> =
            mention.segments.iter().filter(|s| !["crate", "self"].contains(&s.as_str())).collect();
        if let [layer, .., name] = path.as_slice() {
            exports.insert(mention.alias.unwrap_or_else(|| (*name).clone()), (*layer).clone());
        }
    }
    exports
}

/// Every edge that points up and everything whose place is not known, one line each.
fn problems(sources: &[Source]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut exported = BTreeMap::new();
    if let Some(root) = sources.iter().find(|source| source.module.is_empty()) {
        exported = exports(root);
        for module in root.declared_modules() {
            if height(&module).is_none() && !EVERYWHERE.contains(&module.as_str()) {
                problems.push(format!("{}: the module `{module}` has no place in the order", root.path));
            }
        }
    }
    for source in sources {
        // The root exports all layers, and the switches are none.
        let Some(own) = source.module.first().filter(|own| !EVERYWHERE.contains(&own.as_str())) else {
            continue;
        };
        for mention in source.mentions() {
            let Some(path) = mention.in_crate() else { continue };
            let place = format!("{}:{}: `{}`", source.path, mention.line, mention.segments.join("::"));
            let Some(first) = path.first().filter(|first| *first != "*") else {
                problems.push(format!("{place} takes in the whole crate: name the module"));
                continue;
            };
            if EVERYWHERE.contains(&first.as_str()) {
                continue;
            }
            let layer = if height(first).is_some() { Some(first) } else { exported.get(first) };
            match (layer.and_then(|layer| height(layer)), height(own)) {
                (Some(used), Some(user)) if used <= user => {}
                (Some(used), Some(_)) => problems.push(format!(
                    "{place} points up: `{own}` lies under `{}`. Move what both need down, or the caller up",
                    LAYERS[used]
                )),
                (None, _) => problems.push(format!("{place}: `{first}` has no place in the order")),
                (_, None) => problems.push(format!("{place}: `{own}` has no place in the order")),
            }
        }
    }
    problems
}

fn engine() -> Vec<Source> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src");
    product_sources(&folder).expect("the engine's sources stand beside the tests")
}

#[test]
fn no_module_of_the_engine_knows_one_above_it() {
    let problems = problems(&engine());
    assert!(problems.is_empty(), "in core/src, from the ground up {LAYERS:?}:\n{}", problems.join("\n"));
}

#[test]
fn the_check_sees_the_engine() {
    let sources = engine();
    let edges = sources.iter().flat_map(Source::mentions).filter_map(|mention| mention.in_crate()).count();
    assert!(sources.iter().any(|source| source.path == "engine.rs") && edges > 100, "{edges} edges");
}

fn found(path: &str, text: &str) -> Vec<String> {
    let root =
        "mod store; mod engine; mod ranking; mod mutants; pub use engine::{Recommender as Keeper, Config};";
    problems(&[Source::parse("lib.rs", root), Source::parse(path, text)])
}

#[test]
fn an_import_from_above_is_found() {
    let problems = found("store/log.rs", "use crate::error::Error;\nuse crate::engine::Config;");
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].starts_with("store/log.rs:2: `crate::engine::Config` points up"), "{problems:?}");
}

#[test]
fn a_path_in_place_is_found() {
    for text in [
        "fn f() { let x = crate::engine::X::new(); }",
        "fn f(x: &crate::engine::X) {}",
        "impl From<crate::engine::X> for Y {}",
        "fn f() { vec![crate::engine::X] }",
        "macro_rules! m { () => { $crate::engine::X } }",
    ] {
        assert_eq!(found("store.rs", text).len(), 1, "{text}");
    }
}

#[test]
fn an_edge_inside_nested_groups_is_found() {
    let text =
        "use crate::{\n    codec,\n    platform::{self, Key},\n    ranking::{request::{Request as R}},\n};";
    let problems = found("store.rs", text);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].starts_with("store.rs:4: `crate::ranking::request::Request`"), "{problems:?}");
}

#[test]
fn a_way_round_is_found() {
    for text in [
        "use super::engine::X;",
        "use super::{platform, engine};",
        "mod inner { use super::super::engine::X; }",
        "use crate::Config;",
        "fn f(x: crate::Keeper) {}",
        "use crate::*;",
        "use super::*;",
        "use crate as root;",
        "use crate::unheard_of::X;",
    ] {
        assert_eq!(found("store.rs", text).len(), 1, "{text}");
    }
}

#[test]
fn edges_that_point_down_or_stay_are_allowed() {
    let text = "
        use crate::{error::{Error, Result}, platform::*, mutant};
        use crate::store::log::X;
        use self::log::X;
        /// As [`Config`](crate::engine::Config) says.
        pub(crate) fn f() { super::platform::now(); if crate::mutants::on() {} }
        #[cfg(test)]
        mod tests { use crate::engine::Config; use super::*; }
    ";
    assert_eq!(found("store.rs", text), [] as [String; 0]);
    assert_eq!(
        found("engine/events.rs", "use super::{Call, Inner}; use super::super::store;"),
        [] as [String; 0]
    );
}

#[test]
fn a_module_without_a_place_is_found() {
    let problems = problems(&[Source::parse("lib.rs", "mod store; mod utils;")]);
    assert_eq!(problems, ["lib.rs: the module `utils` has no place in the order"]);
}
