//! The embedder that needs nobody: hashed words and trigrams.
//!
//! Each word of a text, and each three letters in a row of it, moves one component up or down, which and in which direction
//! its hash says ("feature hashing": Weinberger et al., 2009). Texts that share words point the same way; words that share
//! most of their letters nearly so. It knows nothing of meaning: a mug is no cup to it.

use std::collections::BTreeSet;

use super::embedder::{EmbedError, Embedder};
use crate::projections::search_index::{DIMENSIONS, DocumentText, EmbedderName, Embedding, tokenize};

/// Embeds by hashing.
#[derive(Debug, Clone, Copy, Default)]
pub struct HashingEmbedder;

/// How much more a word says than three of its letters.
const WORD: i64 = 4;
/// How much more the title says than the rest.
const TITLE: i64 = 4;

impl Embedder for HashingEmbedder {
    fn name(&self) -> EmbedderName {
        EmbedderName::Hashed
    }

    async fn embed(&self, passage: &DocumentText) -> Result<Embedding, EmbedError> {
        let mut components = [0; DIMENSIONS];
        // Each word once: who repeats a word does not say more.
        let title: BTreeSet<String> = tokenize(&passage.title).collect();
        let body: BTreeSet<String> = tokenize(&passage.body).collect();
        for word in &title {
            add(&mut components, word, TITLE);
        }
        for word in body.difference(&title) {
            add(&mut components, word, 1);
        }
        Ok(Embedding::quantised(&components))
    }
}

fn add(components: &mut [i64; DIMENSIONS], word: &str, times: i64) {
    let letters: Vec<char> = [' '].into_iter().chain(word.chars()).chain([' ']).collect();
    let trigrams = letters.windows(3).map(|three| (three.iter().collect::<String>(), 1));
    for (feature, weight) in trigrams.chain([(format!("={word}"), WORD)]) {
        let hash = hash(&feature);
        let direction = if hash & 0x100 == 0 { 1 } else { -1 };
        let [place, ..] = hash.to_le_bytes();
        components[usize::from(place)] += direction * weight * times;
    }
}

/// FNV-1a, and a last stir so that its lowest bits depend on all of the text.
fn hash(text: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325, step);
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
    fn texts_are_as_similar_as_they_share_words_and_letters() {
        let same = similarity("blue teapot", "Teapots, blue");
        let part = similarity("blue teapot", "blue saucer");
        let slip = similarity("teapot", "tepot");
        let none = similarity("blue teapot", "running shoes");
        assert_eq!(same, 10_000);
        assert!(part > 3_000 && part < 8_000, "{part}");
        assert!(slip > 1_000, "{slip}");
        assert!(none < slip, "{none} and {slip}");
    }

    #[test]
    fn the_title_says_more_than_the_rest() {
        let embed = |title: &str, body: &str| {
            let passage = DocumentText { title: title.to_owned(), body: body.to_owned() };
            block_on(HashingEmbedder.embed(&passage)).unwrap()
        };
        let asked = embed("teapot", "");
        let titled = embed("Teapot", "Holds a litre of water.");
        let mentioned = embed("Water", "Goes well with a teapot.");
        assert!(titled.similarity(&asked) > mentioned.similarity(&asked));
    }
}
