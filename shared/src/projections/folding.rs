//! Folding of texts for searches, so that a text is found in other spellings: `lodz` finds `Łódź`.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Zero-width non-joiner and joiner, which some keyboards insert inside words.
const JOINERS: [char; 2] = ['\u{200C}', '\u{200D}'];

/// Folds a text: removes compatibility forms, accents and joiners, converts it to lower case, and replaces
/// Latin characters without a decomposition with ASCII, like the transform Latin-ASCII of the Unicode CLDR.
/// The result can be many times longer than the text.
///
/// ```
/// use shared::projections::folding::fold;
/// assert_eq!(fold("Łódź, SMØRREBRØD"), "lodz, smorrebrod");
/// ```
#[must_use]
pub fn fold(text: &str) -> String {
    let plain: String = text
        .nfkd()
        .filter(|c| !is_combining_mark(*c) && !JOINERS.contains(c))
        .collect::<String>()
        .to_lowercase();
    if plain.is_ascii() {
        return plain;
    }
    plain.chars().fold(String::with_capacity(plain.len()), |mut folded, c| {
        match replacement(c) {
            Some(other) => folded.push_str(other),
            None => folded.push(c),
        }
        folded
    })
}

/// Replacement of a lower-case Latin letter without a decomposition, and of the final sigma.
const fn replacement(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ⱥ' => "a",
        'ƀ' | 'ɓ' => "b",
        'đ' | 'ð' | 'ɖ' | 'ɗ' => "d",
        'ƒ' => "f",
        'ǥ' => "g",
        'ħ' => "h",
        'ı' | 'ɨ' => "i",
        'ƙ' => "k",
        'ł' => "l",
        'ŋ' | 'ɲ' => "n",
        'ø' => "o",
        'ĸ' => "q",
        'ŧ' => "t",
        'ȝ' => "y",
        'ƶ' => "z",
        // `to_lowercase` ends a word with the final form, but a search may end within a word.
        'ς' => "σ",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latin_letters_are_folded_as_in_cldr() {
        for (text, folded) in [
            ("Straße STRAẞE", "strasse strasse"),
            ("Smørrebrød", "smorrebrod"),
            ("Łódź", "lodz"),
            ("Œuvre", "oeuvre"),
            ("Ærø", "aero"),
            ("Đorđe", "dorde"),
            ("Þórr", "thorr"),
            ("Iğdır İzmir", "igdir izmir"),
            ("Ħal", "hal"),
            ("ﬁne ĳs", "fine ijs"),
            ("ΟΔΟΣ", "οδοσ"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
            assert_eq!(fold(&text.nfd().collect::<String>()), folded, "{text}");
        }
    }

    #[test]
    fn joiners_do_not_separate_words() {
        assert_eq!(fold("می\u{200C}خواهم"), fold("میخواهم"));
    }
}
