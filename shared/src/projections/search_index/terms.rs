//! Terms: what documents are indexed under, and what a query looks for.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::document::DocumentText;
use crate::projections::search_index::tokenizer::tokenize;

/// How many terms a document has at most: an index entry, and that many postings removed and written, fit one transaction
/// of 100 items.
pub const MAX_TERMS: usize = 48;
/// How many terms a query looks for at most.
pub const MAX_QUERY_TERMS: usize = 8;

/// What postings are found under: a word, or how a word sounds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Term(String);

/// How much of a document a term makes up, in hundredths; the best postings of a term are read first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Weight(u8);

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Weight {
    /// Two digits, so that texts sort as weights do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}", self.0)
    }
}

impl Term {
    /// How a word sounds, without its vowels: what most slips of the pen leave as it was. Short words have none, for they
    /// would sound like too many others.
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

    /// The terms of a document with their weights, the weightiest where there are too many. A word of the title weighs as
    /// much as four of the rest; sounds are those of the title alone.
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
        scores.sort_by(|(one, more), (other, less)| less.cmp(more).then_with(|| one.cmp(other)));
        scores.truncate(MAX_TERMS);
        let total: u32 = scores.iter().map(|(_, score)| score).sum();
        let weigh = |score: u32| Weight(u8::try_from(score * 99 / total.max(1)).unwrap_or(99));
        scores.into_iter().map(|(term, score)| (term, weigh(score))).collect()
    }

    /// The terms that a query looks for: its words, and how they sound as far as there is room.
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
    fn a_title_weighs_more_than_what_is_said_besides() {
        let passage = DocumentText { title: "Teapot".to_owned(), body: "For green tea. Green!".to_owned() };
        let terms = Term::of(&passage);
        let weight = |term: &str| terms[&Term(term.to_owned())];
        assert!(weight("teapot") > weight("green") && weight("green") > weight("tea"), "{terms:?}");
        assert!(terms.contains_key(&Term("~tpt".to_owned())));
    }

    #[test]
    fn no_text_has_more_terms_than_fit_and_what_weighs_most_stays() {
        let many = |prefix: &str, count: usize| {
            let words: Vec<String> = (0..count).map(|n| format!("{prefix}{n}x")).collect();
            words.join(" ")
        };
        let terms = Term::of(&DocumentText { title: many("t", 20), body: many("b", 800) });
        assert_eq!(terms.len(), MAX_TERMS);
        assert_eq!(terms.keys().filter(|term| term.0.starts_with('t')).count(), 20);
    }

    #[test]
    fn a_query_looks_for_its_words_first_and_for_no_more_than_it_may() {
        assert_eq!(texts(Term::query_terms("Blue teapots, blue")), ["blu", "teapot", "~tpt"]);
        assert_eq!(texts(Term::query_terms("tepot")), ["tepot", "~tpt"]);
        let long = "one two three four five six seven eight nine ten";
        assert_eq!(Term::query_terms(long).len(), MAX_QUERY_TERMS);
        assert!(Term::query_terms("the").is_empty());
    }
}
