//! Rust sources as the structure tests see them: paths with their lines, without comments, strings and test code.
//!
//! Enough of Rust to find every path that is written out. What a macro of another crate would build is not seen.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;
use std::slice::from_ref;

mod tokens;

use tokens::{Token, tokens, without_tests};

/// One source file.
#[derive(Debug)]
pub struct Source {
    /// Where it is, relative to the folder that was read, with `/`.
    pub path: String,
    /// The module it holds: `[]` for `lib.rs`, `["store", "log"]` for `store/log.rs`.
    pub module: Vec<String>,
    tokens: Vec<Token>,
    test_modules: Vec<String>,
}

/// A path in a source: an import, written out one by one, or a path in an expression, a type or a macro.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// The line of its last segment, from 1.
    pub line: usize,
    /// The module it stands in, inline modules included.
    pub module: Vec<String>,
    /// Its segments as written; `*` for all of a module.
    pub segments: Vec<String>,
    /// The name it gets by `as`.
    pub alias: Option<String>,
    /// Whether it is the name of a macro that is called.
    pub is_macro: bool,
}

impl Mention {
    /// The path from the root of the crate, when it starts with `crate`, `self` or `super`.
    #[must_use]
    pub fn in_crate(&self) -> Option<Vec<String>> {
        let mut rest = self.segments.as_slice();
        let mut from = match rest.first()?.as_str() {
            "crate" => Vec::new(),
            "self" | "super" => self.module.clone(),
            _ => return None,
        };
        while let Some((first, others)) = rest.split_first() {
            match first.as_str() {
                "crate" | "self" => {}
                "super" => drop(from.pop()),
                _ => break,
            }
            rest = others;
        }
        // A lone keyword is a receiver or a visibility and leads nowhere.
        if rest.is_empty() && self.segments.len() == 1 && self.alias.is_none() {
            return None;
        }
        from.extend(rest.iter().cloned());
        Some(from)
    }
}

impl Source {
    /// Reads a source from its text.
    #[must_use]
    pub fn parse(path: &str, text: &str) -> Self {
        let mut module: Vec<String> =
            path.trim_end_matches(".rs").split('/').map(ToOwned::to_owned).collect();
        if ["lib", "main", "mod"].map(Some).contains(&module.last().map(String::as_str)) {
            module.pop();
        }
        let (tokens, test_modules) = without_tests(tokens(text));
        Self { path: path.to_owned(), module, tokens, test_modules }
    }

    /// Every path in the source, in the order of the text.
    #[must_use]
    pub fn mentions(&self) -> Vec<Mention> {
        Walk {
            tokens: &self.tokens,
            at: 0,
            module: self.module.clone(),
            opened: Vec::new(),
            found: Vec::new(),
        }
        .run()
    }

    /// The modules this file declares, test modules excluded: `mod name;` and `mod name { .. }`.
    #[must_use]
    pub fn declared_modules(&self) -> Vec<String> {
        let declares = |pair: &[Token]| pair[0].text == "mod" && pair[1].is_name();
        self.tokens.windows(2).filter(|pair| declares(pair)).map(|pair| pair[1].text.clone()).collect()
    }
}

/// The sources under `folder` without the files that only tests are made of, sorted by path.
///
/// # Errors
/// When a file or a folder cannot be read.
pub fn product_sources(folder: &Path) -> io::Result<Vec<Source>> {
    let mut sources = Vec::new();
    read_folder(folder, "", &mut sources)?;
    let of_tests: BTreeSet<Vec<String>> = sources
        .iter()
        .flat_map(|source: &Source| {
            source.test_modules.iter().map(|name| [source.module.as_slice(), from_ref(name)].concat())
        })
        .collect();
    sources.retain(|source| !(1..=source.module.len()).any(|n| of_tests.contains(&source.module[..n])));
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(sources)
}

fn read_folder(folder: &Path, prefix: &str, sources: &mut Vec<Source>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            read_folder(&entry.path(), &format!("{prefix}{name}/"), sources)?;
        } else if name.ends_with(".rs") {
            sources.push(Source::parse(&format!("{prefix}{name}"), &fs::read_to_string(entry.path())?));
        }
    }
    Ok(())
}

/// A walk over the tokens of one file.
struct Walk<'a> {
    tokens: &'a [Token],
    at: usize,
    module: Vec<String>,
    /// For each open brace, whether it opened an inline module.
    opened: Vec<bool>,
    found: Vec<Mention>,
}

impl Walk<'_> {
    fn run(mut self) -> Vec<Mention> {
        while let Some(token) = self.tokens.get(self.at) {
            match token.text.as_str() {
                "{" => self.open(false),
                "}" => self.close(),
                "mod" if self.is_name(1) && self.is(2, "{") => {
                    self.module.push(self.tokens[self.at + 1].text.clone());
                    self.at += 2;
                    self.open(true);
                }
                // `pub(crate)` names no module of another layer.
                "pub"
                    if self.is(1, "(") && ["crate", "super", "self", "in"].iter().any(|w| self.is(2, w)) =>
                {
                    while self.tokens.get(self.at).is_some_and(|token| token.text != ")") {
                        self.at += 1;
                    }
                }
                // `use<'a>` in a type is no import.
                "use" if !self.is(1, "<") => {
                    self.at += 1;
                    self.import(&[]);
                }
                _ if token.is_name() => self.path(),
                _ => self.at += 1,
            }
        }
        self.found
    }

    fn open(&mut self, is_module: bool) {
        self.opened.push(is_module);
        self.at += 1;
    }

    fn close(&mut self) {
        if self.opened.pop() == Some(true) {
            self.module.pop();
        }
        self.at += 1;
    }

    fn is(&self, ahead: usize, text: &str) -> bool {
        self.tokens.get(self.at + ahead).is_some_and(|token| token.text == text)
    }

    fn is_name(&self, ahead: usize) -> bool {
        self.tokens.get(self.at + ahead).is_some_and(Token::is_name)
    }

    fn path(&mut self) {
        let mut segments = vec![self.tokens[self.at].text.clone()];
        while self.is(1, "::") && self.is_name(2) {
            self.at += 2;
            segments.push(self.tokens[self.at].text.clone());
        }
        let is_macro = self.is(1, "!") && !self.is(2, "=");
        self.mention(segments, None, is_macro);
        self.at += 1;
    }

    /// One tree of an import, `a::{b, c as d}`, behind what stands in front of its braces.
    fn import(&mut self, before: &[String]) {
        let mut segments = before.to_vec();
        while let Some(token) = self.tokens.get(self.at) {
            if token.text == "{" {
                self.at += 1;
                while self.at < self.tokens.len() && !self.is(0, "}") {
                    self.import(&segments);
                    if self.is(0, ",") {
                        self.at += 1;
                    }
                }
                self.at += 1;
                return;
            }
            if !token.is_name() && !["::", "*"].contains(&token.text.as_str()) {
                break;
            }
            if token.text != "::" {
                segments.push(token.text.clone());
            }
            self.at += 1;
            if self.is(0, "as") {
                break;
            }
        }
        if segments.len() == before.len() {
            // No import at all: step over what cannot be read.
            self.at += 1;
            return;
        }
        self.at -= 1;
        let alias = (self.is(1, "as")).then(|| self.tokens.get(self.at + 2)).flatten();
        let alias = alias.map(|token| token.text.clone());
        self.at += 1 + 2 * usize::from(alias.is_some());
        let line = self.tokens[self.at - 1].line;
        // `a::{self}` is `a`.
        if segments.len() > 1 && segments.last().is_some_and(|last| last == "self") {
            segments.pop();
        }
        self.found.push(Mention { line, module: self.module.clone(), segments, alias, is_macro: false });
    }

    fn mention(&mut self, segments: Vec<String>, alias: Option<String>, is_macro: bool) {
        let line = self.tokens[self.at].line;
        self.found.push(Mention { line, module: self.module.clone(), segments, alias, is_macro });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        let source = Source::parse("a/b.rs", text);
        source.mentions().iter().map(|mention| mention.segments.join("::")).collect()
    }

    #[test]
    fn the_module_follows_from_the_file() {
        assert!(Source::parse("lib.rs", "").module.is_empty());
        assert_eq!(Source::parse("store/log.rs", "").module, ["store", "log"]);
    }

    #[test]
    fn imports_are_written_out() {
        assert_eq!(
            paths("pub use crate::{a::{self, B as C}, d::*, e}; use f as g;"),
            ["pub", "crate::a", "crate::a::B", "crate::d::*", "crate::e", "f"]
        );
        assert_eq!(paths("use {crate::a, ::b::c,};"), ["crate::a", "b::c"]);
        assert_eq!(paths("use crate::{};"), [] as [String; 0]);
    }

    #[test]
    fn an_alias_and_the_line_are_kept() {
        let source = Source::parse("a.rs", "use crate::{\n    b,\n    c as d,\n};\nuse e;");
        let found: Vec<_> = source.mentions().into_iter().map(|m| (m.line, m.alias)).collect();
        assert_eq!(found, [(2, None), (3, Some("d".to_owned())), (5, None)]);
    }

    #[test]
    fn paths_in_code_types_and_macros_are_found() {
        let text = "impl<'a> x::T<'a> for U { fn f(&self) -> Vec::<crate::v::W> { m!(crate::n::o(self)) } }";
        let found = paths(text);
        for path in ["x::T", "crate::v::W", "crate::n::o"] {
            assert!(found.iter().any(|known| known == path), "{path} in {found:?}");
        }
    }

    #[test]
    fn comments_strings_and_tests_are_not_read() {
        let text = "
            //! crate::one
            /* crate::two /* crate::three */ crate::four */
            const S: &str = \"crate::five \\\" crate::six\";
            const R: &str = r#\"crate::seven \" crate::eight\"#;
            const C: (char, char, u8) = ('\"', '\\'', b'{');
            #[cfg(test)]
            #[derive(Debug)]
            pub(crate) struct T { field: crate::nine::X }
            #[cfg(test)]
            use crate::{ten::A, eleven::B};
            #[cfg(test)]
            mod tests { use crate::twelve; mod inner { use crate::thirteen; } }
            struct V { #[cfg(test)] pub a: crate::fourteen::X, b: crate::kept::Y }
        ";
        let found: Vec<_> = paths(text).into_iter().filter(|path| path.starts_with("crate::")).collect();
        assert_eq!(found, ["crate::kept::Y"]);
    }

    #[test]
    fn inline_modules_count_for_super() {
        let text = "mod inner { use super::super::x; } use super::y; use self::z; fn f(&self) { self.g() }";
        let source = Source::parse("a/b.rs", text);
        let found: Vec<_> = source.mentions().iter().filter_map(Mention::in_crate).collect();
        assert_eq!(found, [vec!["a", "x"], vec!["a", "y"], vec!["a", "b", "z"]]);
    }

    #[test]
    fn visibility_is_no_path() {
        assert_eq!(paths("pub(crate) pub(in crate::a) pub(super)"), [] as [String; 0]);
    }

    #[test]
    fn a_called_macro_is_told_from_a_comparison() {
        let source = Source::parse("a.rs", "println!(x); if print != y {}");
        let macros: Vec<_> = source.mentions().into_iter().filter(|mention| mention.is_macro).collect();
        assert_eq!(macros.len(), 1);
        assert_eq!(macros[0].segments, ["println"]);
    }

    #[test]
    fn files_of_test_modules_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("a")).unwrap();
        for (name, text) in [
            ("lib.rs", "mod a;"),
            ("a.rs", "#[cfg(test)]\nmod tests;\nmod b;"),
            ("a/tests.rs", ""),
            ("a/b.rs", ""),
        ] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let read: Vec<_> =
            product_sources(folder.path()).unwrap().into_iter().map(|source| source.path).collect();
        assert_eq!(read, ["a.rs", "a/b.rs", "lib.rs"]);
    }
}
