//! Embedder without a model: hashes words and trigrams.
//!
//! Each word and each trigram of a text increases or decreases one component of the embedding; its hash
//! determines the component and the sign ("feature hashing": Weinberger et al., 2009). Texts that share words
//! or trigrams are similar. The embedder ignores meaning: to it, a mug is no cup.

use std::collections::BTreeSet;
use std::hash::Hasher as _;

use fnv::FnvHasher;

use super::embedder::{EmbedError, Embedder};
use crate::projections::search_index::{DIMENSIONS, DocumentText, EmbedderName, Embedding, tokenize};

/// Embedder based on feature hashing.
#[derive(Debug, Clone, Copy, Default)]
pub struct HashingEmbedder;

/// Weight of a word; a trigram has weight 1.
const WORD_WEIGHT: i64 = 4;
/// Weight of the title; the body has weight 1.
const TITLE_WEIGHT: i64 = 4;

impl Embedder for HashingEmbedder {
    fn name(&self) -> EmbedderName {
        EmbedderName::Hashed
    }

    async fn embed(&self, passage: &DocumentText) -> Result<Embedding, EmbedError> {
        let mut components = [0; DIMENSIONS];
        // Each word counts once, even if it is repeated.
        let title: BTreeSet<String> = tokenize(&passage.title).collect();
        let body: BTreeSet<String> = tokenize(&passage.body).collect();
        for word in &title {
            add(&mut components, word, TITLE_WEIGHT);
        }
        for word in body.difference(&title) {
            add(&mut components, word, 1);
        }
        Ok(Embedding::quantised(&components))
    }
}

fn add(components: &mut [i64; DIMENSIONS], word: &str, field_weight: i64) {
    let chars: Vec<char> = [' '].into_iter().chain(word.chars()).chain([' ']).collect();
    let trigrams = chars.windows(3).map(|three| (three.iter().collect::<String>(), 1));
    for (feature, weight) in trigrams.chain([(format!("={word}"), WORD_WEIGHT)]) {
        let hash = hash(&feature);
        let sign = if hash & 0x100 == 0 { 1 } else { -1 };
        let [component, ..] = hash.to_le_bytes();
        components[usize::from(component)] += sign * weight * field_weight;
    }
}

/// FNV-1a with a final mix, so that the lowest bits depend on the whole text.
fn hash(text: &str) -> u64 {
    let mut hasher = FnvHasher::default();
    hasher.write(text.as_bytes());
    let hash = hasher.finish();
    (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;

    fn similarity(one: &str, other: &str) -> u32 {
        let embed = |text| block_on(HashingEmbedder.embed(&DocumentText::of_query(text))).unwrap();
        embed(one).similarity(&embed(other)).get()
    }

    #[test]
    fn similarity_grows_with_shared_words_and_trigrams() {
        let same = similarity("blue teapot", "Teapots, blue");
        let partial = similarity("blue teapot", "blue saucer");
        let typo = similarity("teapot", "tepot");
        let none = similarity("blue teapot", "running shoes");
        assert_eq!(same, 10_000);
        assert!(partial > 3_000 && partial < 8_000, "{partial}");
        assert!(typo > 1_000, "{typo}");
        assert!(none < typo, "{none} and {typo}");
    }

    #[test]
    fn title_outweighs_the_body() {
        let embed = |title: &str, body: &str| {
            let passage = DocumentText { title: title.to_owned(), body: body.to_owned() };
            block_on(HashingEmbedder.embed(&passage)).unwrap()
        };
        let query = embed("teapot", "");
        let titled = embed("Teapot", "Holds a litre of water.");
        let mentioned = embed("Water", "Goes well with a teapot.");
        assert!(titled.similarity(&query) > mentioned.similarity(&query));
    }
}
