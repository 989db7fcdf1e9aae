//! The engine for a page in a browser: the calls of [`tastekeeper`] as JSON, on files and keys of the browser.
//!
//! In: a call as JSON. Out: its answer as JSON, or the engine's error with its name. Must never hold a JavaScript object: everything of
//! the browser is reached through the functions of one global object, `tastekeeperHost`, which the worker makes.
//!
//! ```text
//! shop      one phone: the engine, the shop's files, the store ──► calls
//! pool      files in opened slots of the browser's private file system
//! keys      the engine's keys, sealed, in the pool
//! split     the shopper's part to the store, the shop's part in memory
//! host      a clock that can be put forward, a draw that can be repeated
//! browser   what JavaScript sees; WebAssembly only
//! ```

#[cfg(target_arch = "wasm32")]
mod browser;
mod host;
pub mod keys;
pub mod pool;
pub mod shop;
mod split;

#[cfg(test)]
#[test]
fn no_line_of_ours_is_unsafe() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let word = concat!("un", "safe ");
    for entry in std::fs::read_dir(folder).expect("the sources are there") {
        let path = entry.expect("a file").path();
        assert!(!std::fs::read_to_string(&path).expect("a text").contains(word), "{}", path.display());
    }
}
