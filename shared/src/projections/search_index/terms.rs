//! Terms of documents and queries.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::document::DocumentText;
use crate::projections::search_index::tokenizer::tokenize;

/// Maximum number of terms of a document. An index entry and this number of deleted and written term entries
/// fit one transaction of 100 items.
pub const MAX_TERMS: usize = 48;
/// Maximum number of terms of a query.
pub const MAX_QUERY_TERMS: usize = 8;

/// Term of the index: a word or a phonetic key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Term(String);

/// Share of a term in a document, in percent. The entries of a term are read in descending order of weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Weight(u8);

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Weight {
    /// Formats two digits, so that texts sort like weights.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}", self.0)
    }
}

impl Term {
    /// Phonetic key of a word: its consonants without repetitions, which most spelling mistakes leave
    /// unchanged. Short words have no key, because it would match too many other words.
    fn phonetic_key(word: &str) -> Option<Self> {
        let mut letters = word.chars();
        let first = letters.next()?;
        let mut sound: Vec<char> = vec![first];
        for letter in letters.filter(|letter| !"aeiouyhw".contains(*letter)) {
            if sound.last() != Some(&letter) {
                sound.push(letter);
            }
        }
        let spelt = word.chars().all(char::is_alphabetic);
        (spelt && sound.len() >= 3).then(|| Self(format!("~{}", sound.into_iter().collect::<String>())))
    }

    /// Terms of a document with their weights, limited to the [`MAX_TERMS`] with the highest weights. A word
    /// of the title counts as much as four of the description. Phonetic keys are derived from the title only.
    #[must_use]
    pub fn of(passage: &DocumentText) -> BTreeMap<Self, Weight> {
        let mut scores: BTreeMap<Self, u32> = BTreeMap::new();
        for word in tokenize(&passage.title) {
            if let Some(sound) = Self::phonetic_key(&word) {
                *scores.entry(sound).or_default() += 2;
            }
            *scores.entry(Self(word)).or_default() += 4;
        }
        for word in tokenize(&passage.body) {
            *scores.entry(Self(word)).or_default() += 1;
        }
        let mut scores: Vec<(Self, u32)> = scores.into_iter().collect();
        scores.sort_by(|(term, score), (other_term, other_score)| {
            other_score.cmp(score).then_with(|| term.cmp(other_term))
        });
        scores.truncate(MAX_TERMS);
        let total: u32 = scores.iter().map(|(_, score)| score).sum();
        let weigh = |score: u32| Weight(u8::try_from(score * 99 / total.max(1)).unwrap_or(99));
        scores.into_iter().map(|(term, score)| (term, weigh(score))).collect()
    }

    /// Terms of a query: its words, and their phonetic keys up to [`MAX_QUERY_TERMS`].
    #[must_use]
    pub fn query_terms(query: &str) -> Vec<Self> {
        let words: Vec<String> = tokenize(query).collect();
        let sounds = words.iter().filter_map(|word| Self::phonetic_key(word)).collect::<Vec<_>>();
        let mut query_terms: Vec<Self> = Vec::new();
        for term in words.into_iter().map(Self).chain(sounds) {
            if query_terms.len() < MAX_QUERY_TERMS && !query_terms.contains(&term) {
                query_terms.push(term);
            }
        }
        query_terms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(terms: impl IntoIterator<Item = Term>) -> Vec<String> {
        terms.into_iter().map(|term| term.to_string()).collect()
    }

    #[test]
    fn title_words_weigh_more_than_description_words() {
        let passage = DocumentText { title: "Teapot".to_owned(), body: "For green tea. Green!".to_owned() };
        let terms = Term::of(&passage);
        let weight = |term: &str| terms[&Term(term.to_owned())];
        assert!(weight("teapot") > weight("green") && weight("green") > weight("tea"), "{terms:?}");
        assert!(terms.contains_key(&Term("~tpt".to_owned())));
    }

    #[test]
    fn heaviest_terms_are_kept_up_to_the_maximum() {
        let many = |prefix: &str, count: usize| {
            let words: Vec<String> = (0..count).map(|n| format!("{prefix}{n}x")).collect();
            words.join(" ")
        };
        let terms = Term::of(&DocumentText { title: many("t", 20), body: many("b", 800) });
        assert_eq!(terms.len(), MAX_TERMS);
        assert_eq!(terms.keys().filter(|term| term.0.starts_with('t')).count(), 20);
    }

    #[test]
    fn query_terms_are_words_before_phonetic_keys() {
        assert_eq!(texts(Term::query_terms("Blue teapots, blue")), ["blu", "teapot", "~tpt"]);
        assert_eq!(texts(Term::query_terms("tepot")), ["tepot", "~tpt"]);
        let long = "one two three four five six seven eight nine ten";
        assert_eq!(Term::query_terms(long).len(), MAX_QUERY_TERMS);
        assert!(Term::query_terms("…").is_empty());
    }

    #[test]
    fn title_of_stop_words_is_found_by_its_exact_title() {
        let body = "A record of the year.".to_owned();
        for title in ["The The", "It", "To Be Or Not To Be"] {
            let terms = Term::of(&DocumentText { title: title.to_owned(), body: body.clone() });
            let query = Term::query_terms(title);
            assert!(!query.is_empty() && query.iter().all(|term| terms.contains_key(term)), "{title}");
        }
    }
}
