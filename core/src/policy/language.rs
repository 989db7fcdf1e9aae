//! The languages that texts are there in, and how each writes numbers.

use serde::{Deserialize, Serialize};

/// A language of the texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// German.
    German,
    /// French.
    French,
    /// Spanish.
    Spanish,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::English, Self::German, Self::French, Self::Spanish];

    /// The language of a BCP 47 locale such as `de-AT`; English where there is no text in that language.
    #[must_use]
    pub fn of(locale: &str) -> Self {
        let primary = locale.split(['-', '_']).next().unwrap_or_default();
        let same = |language: &Self| language.code().eq_ignore_ascii_case(primary);
        Self::ALL.into_iter().find(same).unwrap_or_default()
    }

    /// Its code in BCP 47.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::French => "fr",
            Self::Spanish => "es",
        }
    }

    /// What stands between groups of three digits, and before the decimals.
    fn separators(self) -> (&'static str, &'static str) {
        match self {
            Self::English => (",", "."),
            Self::German => (".", ","),
            // a narrow space that does not break
            Self::French | Self::Spanish => ("\u{202f}", ","),
        }
    }

    /// A whole number. Spanish groups from five digits on (RAE).
    #[must_use]
    pub fn whole(self, number: u64) -> String {
        let digits = number.to_string();
        if digits.len() <= 3 || (self == Self::Spanish && digits.len() <= 4) {
            return digits;
        }
        let mut text = String::new();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                text.push_str(self.separators().0);
            }
            text.push(digit);
        }
        text
    }

    /// A number with two decimals.
    #[must_use]
    pub fn decimal(self, number: f64) -> String {
        format!("{number:.2}").replace('.', self.separators().1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_write_them() {
        let whole = |number| Language::ALL.map(|language| language.whole(number));
        assert_eq!(whole(90), ["90"; 4]);
        assert_eq!(whole(5_000), ["5,000", "5.000", "5\u{202f}000", "5000"]);
        assert_eq!(whole(1_250_000)[3], "1\u{202f}250\u{202f}000");
        assert_eq!(Language::ALL.map(|language| language.decimal(2.079)), ["2.08", "2,08", "2,08", "2,08"]);
    }

    #[test]
    fn a_locale_finds_its_language() {
        let found = ["de-AT", "FR", "es_MX", "en-GB", "nl", ""].map(Language::of);
        use Language::{English, French, German, Spanish};
        assert_eq!(found, [German, French, Spanish, English, English, English]);
    }
}
