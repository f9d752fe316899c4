//! Words of names.

use std::collections::BTreeSet;

use crate::domain::values::text::Text;
use crate::projections::folding::fold;

/// Maximum number of words of a name that are indexed.
pub const MAX_WORDS: usize = 12;

/// Maximum number of characters of a word; longer words are truncated.
const MAX_LENGTH: usize = 64;

/// Distinct [folded](fold) words of a name or a search. Everything other than letters and digits separates words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words(BTreeSet<String>);

impl Words {
    /// The first [`MAX_WORDS`] words of a name.
    #[must_use]
    pub fn of<const MAX: usize>(name: &Text<MAX>) -> Self {
        let folded = fold(name.as_str());
        let words = folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        Self(words.take(MAX_WORDS).map(|word| word.chars().take(MAX_LENGTH).collect()).collect())
    }

    /// The words.
    #[must_use]
    pub fn into_set(self) -> BTreeSet<String> {
        self.0
    }

    /// The longest word, which usually has the fewest matches; `None` if there are no words.
    #[must_use]
    pub fn longest(&self) -> Option<&str> {
        self.0.iter().max_by_key(|word| word.len()).map(String::as_str)
    }

    /// Returns true if each of these words is a prefix of a word of `name`.
    #[must_use]
    pub fn match_name<const MAX: usize>(&self, name: &Text<MAX>) -> bool {
        let words = Self::of(name).0;
        !self.0.is_empty() && self.0.iter().all(|prefix| words.iter().any(|word| word.starts_with(prefix)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::values::text::Name;

    fn words(name: &str) -> Words {
        Words::of::<100>(&name.parse().unwrap())
    }

    #[test]
    fn words_are_folded_and_distinct() {
        let expected = ["7", "ada", "cafe", "mugs", "s"].map(str::to_owned);
        assert_eq!(words("Ada's Café: ＭUGS, mugs & Ada (7)").0, BTreeSet::from(expected));
        assert_eq!(words("!?"), Words(BTreeSet::new()));
        assert_eq!(words("!?").longest(), None);
        assert_eq!(words(&"a1 b2 c3 ".repeat(10)).0.len(), 3);
        assert_eq!(words("a b c d e f g h i j k l m n").0.len(), MAX_WORDS);
        assert_eq!(words(&"é".repeat(100)).longest().unwrap().chars().count(), MAX_LENGTH);
    }

    #[test]
    fn ascii_letters_match_other_latin_letters() {
        for (search, name) in [
            ("strasse", "Straße 7"),
            ("smorrebrod", "Smørrebrød & Co"),
            ("lodz", "Łódź"),
            ("oeuvre", "Œuvre"),
            ("STRASS", "straße"),
            ("straße", "Strasse"),
        ] {
            assert!(words(search).match_name::<100>(&name.parse().unwrap()), "{search}");
        }
    }

    #[test]
    fn words_that_grow_when_folded_are_truncated() {
        // One character of NFC becomes 18 characters of NFKD.
        let words = words(&"\u{FDFA}".repeat(100)).0;
        assert!(words.len() <= MAX_WORDS && words.iter().all(|word| word.chars().count() <= MAX_LENGTH));
    }

    #[test]
    fn each_word_of_a_search_is_a_prefix_of_a_word() {
        let name: Name = "Ada's Stoneware Mugs".parse().unwrap();
        for search in ["ada", "STONE", "mug ada", "mugs, ada's st"] {
            assert!(words(search).match_name(&name), "{search}");
        }
        for search in ["tone", "mug plate", "adas", "!"] {
            assert!(!words(search).match_name(&name), "{search}");
        }
        assert_eq!(words("mug stone ada").longest(), Some("stone"));
    }
}
