//! Tokenizer for documents and queries.

use crate::projections::folding::fold;

/// Maximum number of characters of a word; the rest is cut off.
pub const MAX_WORD: usize = 32;

/// Words that are too frequent to distinguish texts.
const STOP_WORDS: [&str; 36] = [
    "a", "all", "an", "and", "are", "as", "at", "be", "by", "for", "from", "has", "have", "in", "into", "is",
    "it", "its", "no", "not", "of", "on", "or", "our", "so", "that", "the", "their", "this", "to", "up",
    "was", "we", "with", "you", "your",
];

/// Splits `text` into words, in order: [folded](fold), without stop words, and without plural endings, `-ing` and
/// `-ed`. A text that consists of stop words keeps them, so that titles like "The The" can be found.
pub fn tokenize(text: &str) -> impl Iterator<Item = String> {
    let folded = fold(text);
    let all = folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let has_others = all.clone().any(|word| !STOP_WORDS.contains(&word));
    let kept = all.filter(|word| !has_others || !STOP_WORDS.contains(word));
    let words: Vec<String> =
        kept.map(|word| stem(&word.chars().take(MAX_WORD).collect::<String>())).collect();
    words.into_iter()
}

/// Removes the ending of a word. English only and simple: it is sufficient that documents and queries are
/// treated alike.
fn stem(word: &str) -> String {
    let singular = singular(word);
    let root =
        ["ing", "ed"].iter().find_map(|ending| singular.strip_suffix(ending).filter(|root| is_root(root)));
    let root = root.map_or(singular.as_str(), strip_double_consonant);
    root.strip_suffix('e').filter(|root| root.chars().count() >= 3).unwrap_or(root).to_owned()
}

fn singular(word: &str) -> String {
    let long = |stem: &&str| stem.chars().count() >= 2;
    if let Some(stem) = word.strip_suffix("ies").filter(long) {
        return format!("{stem}y");
    }
    let sibilant = |stem: &&str| ["s", "x", "z", "ch", "sh"].iter().any(|end| stem.ends_with(end));
    if let Some(stem) = word.strip_suffix("es").filter(long).filter(sibilant) {
        return stem.to_owned();
    }
    let plural = word.strip_suffix('s').filter(long).filter(|stem| !stem.ends_with(['s', 'u', 'i']));
    plural.unwrap_or(word).to_owned()
}

/// Returns true if the rest of a word without its ending can be a word.
fn is_root(root: &str) -> bool {
    root.chars().count() >= 3 && root.contains(['a', 'e', 'i', 'o', 'u', 'y'])
}

/// Removes a doubled final consonant: `runn` (from `running`) becomes `run`.
fn strip_double_consonant(root: &str) -> &str {
    let mut ends = root.chars().rev();
    match (ends.next(), ends.next()) {
        (Some(last), Some(before)) if last == before && !"aeiouls".contains(last) => {
            &root[..root.len() - last.len_utf8()]
        }
        _ => root,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> Vec<String> {
        tokenize(text).collect()
    }

    #[test]
    fn inflected_forms_of_a_word_are_equal() {
        for (one, other) in [
            ("mugs", "mug"),
            ("berries", "berry"),
            ("boxes", "box"),
            ("running", "run"),
            ("baked", "bake"),
            ("CAFÉ", "cafe\u{301}"),
            ("ﬁne", "fine"),
            ("knitting", "knitted"),
        ] {
            assert_eq!(folded(one), folded(other), "{one}");
        }
        assert_ne!(folded("glass"), folded("glas"));
        assert_ne!(folded("ring"), folded("red"));
    }

    #[test]
    fn stop_words_and_punctuation_are_removed() {
        assert_eq!(folded("The mug, and a -- saucer of tea!"), ["mug", "saucer", "tea"]);
        assert!(folded("… ::").is_empty());
        assert_eq!(folded(&"x".repeat(500))[0].len(), MAX_WORD);
    }

    #[test]
    fn ascii_letters_equal_other_latin_letters() {
        for (query, title) in
            [("strasse", "Straße"), ("smorrebrod", "Smørrebrød"), ("lodz", "Łódź"), ("oeuvre", "Œuvre")]
        {
            assert_eq!(folded(query), folded(title), "{query}");
        }
    }

    #[test]
    fn text_of_stop_words_keeps_them() {
        assert_eq!(folded("The The"), ["the", "the"]);
        assert_eq!(folded("It"), ["it"]);
        assert_eq!(folded("To Be Or Not To Be"), ["to", "be", "or", "not", "to", "be"]);
        assert_eq!(folded("The It Girl"), ["girl"]);
    }
}
