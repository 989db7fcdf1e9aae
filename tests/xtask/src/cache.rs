//! Where programs are kept that the tests need and a checkout does not hold: outside it, so that a fresh clone finds them.

use std::ffi::OsString;
use std::path::PathBuf;

/// The folder `tastekeeper/<name>` in the user's cache; `None` when neither `XDG_CACHE_HOME` nor `HOME` is set.
pub(crate) fn folder(name: &str, variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let set = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")))?;
    Some(cache.join("tastekeeper").join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_is_the_users() {
        let all = [("XDG_CACHE_HOME", "/c"), ("HOME", "/h")];
        let find = |known: &[(&str, &str)], name: &str| {
            known.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
        };
        assert_eq!(folder("x", |name| find(&all, name)), Some("/c/tastekeeper/x".into()));
        assert_eq!(folder("x", |name| find(&all[1..], name)), Some("/h/.cache/tastekeeper/x".into()));
        assert_eq!(folder("x", |name| find(&[], name)), None);
    }
}
