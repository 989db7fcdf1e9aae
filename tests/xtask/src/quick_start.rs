//! The quick start of a package's README, to be run as a test.

/// The first listing in `language` of a Markdown page.
pub(crate) fn listing<'a>(page: &'a str, language: &str) -> Option<&'a str> {
    let (_, after) = page.split_once(&format!("\n```{language}\n"))?;
    after.split_once("\n```").map(|(listing, _)| listing)
}

/// The imports of a listing, and its other lines as the body of a function.
pub(crate) fn imports_and_body(listing: &str) -> (String, String) {
    let (imports, body): (Vec<&str>, Vec<&str>) =
        listing.lines().partition(|line| line.starts_with("import "));
    (imports.join("\n"), body.iter().map(|line| format!("    {line}\n")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_listing_counts() {
        let page = "# X\n\n```sh\nls\n```\n\n```swift\nimport A\n\nlet x = 1\n```\n\n```swift\nno\n```\n";
        let listing = listing(page, "swift").unwrap();
        assert_eq!(listing, "import A\n\nlet x = 1");
        assert_eq!(imports_and_body(listing), ("import A".to_owned(), "    \n    let x = 1\n".to_owned()));
        assert_eq!(super::listing(page, "kotlin"), None);
    }
}
