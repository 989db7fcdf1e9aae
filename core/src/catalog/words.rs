//! The attributes that the words of a search name.

/// Most attributes that the words of one search can name.
const MOST: usize = 8;

/// The first symbols that words name, in the order of their numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Named {
    symbols: [u32; MOST],
    count: usize,
}

impl Named {
    /// Those of `names` whose value, what follows the last `=`, is a word of `query`.
    pub(super) fn new<'a>(query: &str, names: impl Iterator<Item = &'a str>) -> Self {
        let mut named = Self::default();
        for (symbol, name) in (0..).zip(names) {
            let value = name.rsplit('=').next().unwrap_or(name);
            if query.split_whitespace().any(|word| folded(word).eq(folded(value))) {
                named.symbols[named.count] = symbol;
                named.count += 1;
                if named.count == MOST {
                    break;
                }
            }
        }
        named
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> {
        self.symbols[..self.count].iter().copied()
    }
}

/// What is left of a text when case is not told apart. Greek writes a small sigma in two ways.
fn folded(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase).map(|letter| if letter == 'ς' { 'σ' } else { letter })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(query: &str, names: &[&str]) -> Vec<u32> {
        Named::new(query, names.iter().copied()).iter().collect()
    }

    #[test]
    fn words_name_values_whatever_their_case() {
        let names = ["Shoes", "colour=Red", "ACME", "size=red=XL", "colour=redder", "ΟΔΟΣ"];
        assert_eq!(named("  red  SHOES ", &names), [0, 1]);
        assert_eq!(named("xl acme", &names), [2, 3]);
        assert_eq!(named("οδος", &names), [5]);
        assert_eq!(named("", &names), [0; 0]);
        assert_eq!(named("re", &names), [0; 0]);
    }

    #[test]
    fn at_most_so_many_are_named() {
        assert_eq!(named("a", &["a"; 20]), [0, 1, 2, 3, 4, 5, 6, 7]);
    }
}
