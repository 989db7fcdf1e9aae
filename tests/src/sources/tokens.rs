//! Tokens of Rust: names, `::`, single signs; comments are dropped and every literal in quotes is one `""`.

/// One token and its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// The text, `""` for any literal in quotes.
    pub(super) text: String,
    /// Its line, from 1.
    pub(super) line: usize,
}

impl Token {
    /// `true` for names and keywords.
    pub(super) fn is_name(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphabetic() || c == '_')
    }
}

/// The tokens of `text`.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut line = 1;
    while let Some(first) = rest.chars().next() {
        let name = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let (length, text) = if rest.starts_with("//") {
            (rest.find('\n').unwrap_or(rest.len()), None)
        } else if rest.starts_with("/*") {
            (block_comment(rest), None)
        } else if let Some(length) = quoted(rest) {
            (length, Some("\"\""))
        } else if let Some(raw) = rest.strip_prefix("r#") {
            let length = raw.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(raw.len());
            (2 + length, Some(&raw[..length]))
        } else if rest.starts_with("::") {
            (2, Some("::"))
        } else if name > 0 {
            (name, Some(&rest[..name]))
        } else if first.is_whitespace() {
            (first.len_utf8(), None)
        } else {
            (first.len_utf8(), Some(&rest[..first.len_utf8()]))
        };
        if let Some(text) = text {
            found.push(Token { text: text.to_owned(), line });
        }
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    found
}

/// The length of the comment that starts here; comments nest.
fn block_comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// The length of the string, character or byte literal that starts here, if one does. A lifetime is none.
fn quoted(text: &str) -> Option<usize> {
    let prefix = ["br", "cr", "b", "c", "r", ""].into_iter().find(|prefix| {
        let rest = text.strip_prefix(prefix);
        rest.is_some_and(|rest| {
            rest.starts_with('"')
                || (prefix.ends_with('r') && rest.trim_start_matches('#').starts_with('"'))
                || (["b", ""].contains(prefix) && rest.starts_with('\''))
        })
    })?;
    let body = &text[prefix.len()..];
    if prefix.ends_with('r') {
        let hashes = body.len() - body.trim_start_matches('#').len();
        let end = format!("\"{}", "#".repeat(hashes));
        let content = prefix.len() + hashes + 1;
        return Some(text[content..].find(&end).map_or(text.len(), |n| content + n + end.len()));
    }
    let quote = body.chars().next()?;
    if quote == '\'' && !body.starts_with("'\\") {
        // One character and a quote is a literal, everything else a lifetime.
        let character = body[1..].chars().next()?;
        let closed = body[1 + character.len_utf8()..].starts_with('\'');
        return closed.then(|| prefix.len() + character.len_utf8() + 2);
    }
    let mut escaped = false;
    for (at, c) in body.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return Some(prefix.len() + at + 1),
            _ => {}
        }
    }
    Some(text.len())
}

/// `tokens` without what stands behind `#[cfg(test)]`, and the names of test modules in files of their own.
pub(super) fn without_tests(tokens: Vec<Token>) -> (Vec<Token>, Vec<String>) {
    let (mut kept, mut modules) = (Vec::with_capacity(tokens.len()), Vec::new());
    let mut at = 0;
    while at < tokens.len() {
        let rest = &tokens[at..];
        if !(starts_with(rest, &["#", "[", "cfg", "(", "test", ")", "]"])
            || starts_with(rest, &["#", "[", "cfg", "(", "all", "(", "test", ","]))
        {
            kept.push(rest[0].clone());
            at += 1;
            continue;
        }
        let length = item(rest);
        let module = rest[..length].windows(3).find(|t| t[0].text == "mod" && t[2].text == ";");
        modules.extend(module.map(|t| t[1].text.clone()));
        at += length;
    }
    (kept, modules)
}

fn starts_with(tokens: &[Token], texts: &[&str]) -> bool {
    tokens.len() >= texts.len() && tokens.iter().zip(texts).all(|(token, text)| token.text == *text)
}

/// The number of tokens of the item, field, arm or statement that starts here, its attributes included.
fn item(tokens: &[Token]) -> usize {
    const ITEMS: &[&str] = &[
        "async",
        "const",
        "enum",
        "extern",
        "fn",
        "impl",
        "macro_rules",
        "mod",
        "static",
        "struct",
        "trait",
        "type",
        "union",
        "unsafe",
        "use",
    ];
    let mut at = 0;
    while starts_with(&tokens[at..], &["#", "["]) {
        at += 1 + group(&tokens[at + 1..]);
    }
    let mut first = at;
    if starts_with(&tokens[first..], &["pub"]) {
        first += 1;
        if starts_with(&tokens[first..], &["("]) {
            first += group(&tokens[first..]);
        }
    }
    let is_item = tokens.get(first).is_some_and(|token| ITEMS.contains(&token.text.as_str()));
    while let Some(token) = tokens.get(at) {
        match token.text.as_str() {
            ";" => return at + 1,
            // A comma ends a field, a variant or an arm; in an item it parts generics and bounds.
            "," if !is_item => return at + 1,
            ")" | "]" | "}" => return at,
            "{" => {
                at += group(&tokens[at..]);
                // A body ends an item; `use a::{b};` and `const A: B = B { .. };` go on to the semicolon.
                let goes_on = [";", ",", "."].iter().any(|text| starts_with(&tokens[at..], &[text]));
                if !goes_on {
                    return at;
                }
            }
            "(" | "[" => at += group(&tokens[at..]),
            _ => at += 1,
        }
    }
    at
}

/// The number of tokens of the brackets that open here.
fn group(tokens: &[Token]) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    tokens.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn literals_in_quotes_are_one_token() {
        for literal in [
            "\"a \\\" b\"",
            "r\"a\\\"",
            "r#\"a \" b\"#",
            "b\"a\"",
            "br##\"a \"# b\"##",
            "c\"a\"",
            "'a'",
            "'\\''",
            "'\"'",
            "b'{'",
            "'\\u{1f}'",
            "'é'",
        ] {
            assert_eq!(texts(&format!("x {literal} y")), ["x", "\"\"", "y"], "{literal}");
        }
    }

    #[test]
    fn lifetimes_and_raw_names_are_none() {
        assert_eq!(texts("&'a str, 'static"), ["&", "'", "a", "str", ",", "'", "static"]);
        assert_eq!(texts("r#type::b"), ["type", "::", "b"]);
    }

    #[test]
    fn lines_are_counted_through_comments_and_strings() {
        let found = tokens("/* a\n\n b */ x // c\n\"d\ne\" y");
        assert_eq!(found.iter().map(|token| token.line).collect::<Vec<_>>(), [3, 4, 5]);
    }
}
