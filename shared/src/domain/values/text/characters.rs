//! Characters that a text may contain.
//!
//! Control characters, line separators, interlinear annotations, noncharacters and the characters that are
//! invisible by default (`Default_Ignorable_Code_Point` of the Unicode Character Database: zero-width and
//! bidirectional controls, fillers, tags) are refused, because they can hide text or make it look like
//! another text ("Trojan Source", CVE-2021-42574). Some invisible characters are part of words and emoji, and
//! are allowed only there:
//!
//! - a zero-width joiner or non-joiner beside a virama or a character that joins with its neighbours, where
//!   it changes how they are displayed (in Arabic, Indic and similar scripts; based on RFC 5892, appendix A);
//! - a zero-width joiner between emoji (UTS #51);
//! - one variation selector directly after a visible character;
//! - the tags of the flags of England, Scotland and Wales (UTS #51).

use icu_properties::props::{
    CanonicalCombiningClass, DefaultIgnorableCodePoint, EmojiModifier, ExtendedPictographic, GeneralCategory,
    JoiningType, VariationSelector,
};
use icu_properties::{CodePointMapData, CodePointSetData};

const ZERO_WIDTH_NON_JOINER: char = '\u{200C}';
const ZERO_WIDTH_JOINER: char = '\u{200D}';
/// Selects the presentation of the preceding character as an emoji.
const EMOJI_PRESENTATION: char = '\u{FE0F}';
/// Blank character that is formally a symbol.
const BRAILLE_BLANK: char = '\u{2800}';
/// Emoji before the tags of a flag.
const BLACK_FLAG: char = '\u{1F3F4}';
/// Flags of England, Scotland and Wales: the only emoji with tags that are recommended for general interchange.
const TAGGED_FLAGS: [&str; 3] = [
    "\u{1F3F4}\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}",
    "\u{1F3F4}\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
    "\u{1F3F4}\u{E0067}\u{E0062}\u{E0077}\u{E006C}\u{E0073}\u{E007F}",
];

/// Returns the first character that must not be in the text.
pub(super) fn find_forbidden(text: &str, allow_line_feeds: bool) -> Option<char> {
    let is_line_feed = |c: char| allow_line_feeds && c == '\n';
    if text.is_ascii() {
        return text.chars().find(|c| c.is_ascii_control() && !is_line_feed(*c));
    }
    let is_forbidden = |&(at, c): &(usize, char)| {
        let (before, after) = (&text[..at], &text[at + c.len_utf8()..]);
        (is_control(c) && !is_line_feed(c)) || (is_ignorable(c) && !is_in_context(before, c, after))
    };
    text.char_indices().find(is_forbidden).map(|(_, c)| c)
}

/// Returns true if the text has a visible character.
pub(super) fn is_visible(text: &str) -> bool {
    text.chars().any(is_visible_char)
}

fn is_visible_char(c: char) -> bool {
    let is_mark = matches!(category(c), GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark);
    !c.is_whitespace() && !is_control(c) && !is_ignorable(c) && !is_mark && c != BRAILLE_BLANK
}

fn is_control(c: char) -> bool {
    let is_nonchar = u32::from(c) & 0xFFFE == 0xFFFE || matches!(c, '\u{FDD0}'..='\u{FDEF}');
    let is_annotation = matches!(c, '\u{FFF9}'..='\u{FFFB}');
    let separates = matches!(
        category(c),
        GeneralCategory::Control | GeneralCategory::LineSeparator | GeneralCategory::ParagraphSeparator
    );
    separates || is_annotation || is_nonchar
}

fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

/// Returns true for characters that are invisible by default.
fn is_ignorable(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// Returns true if the invisible character `c` is part of a word or an emoji.
fn is_in_context(before: &str, c: char, after: &str) -> bool {
    match c {
        ZERO_WIDTH_NON_JOINER => {
            is_next_to_virama(before, after) || (ends_joining(before) && starts_joining(after))
        }
        ZERO_WIDTH_JOINER => {
            is_next_to_virama(before, after)
                || ends_joining(before)
                || starts_joining(after)
                || (ends_with_emoji(before) && starts_with_emoji(after))
        }
        _ if CodePointSetData::new::<VariationSelector>().contains(c) => {
            before.chars().next_back().is_some_and(is_visible_char)
        }
        _ => is_in_flag(before, c, after),
    }
}

fn is_next_to_virama(before: &str, after: &str) -> bool {
    let is_virama = |c: char| {
        CodePointMapData::<CanonicalCombiningClass>::new().get(c) == CanonicalCombiningClass::Virama
    };
    before.chars().next_back().is_some_and(is_virama) || after.chars().next().is_some_and(is_virama)
}

fn ends_joining(before: &str) -> bool {
    joins(before.chars().rev())
}

fn starts_joining(after: &str) -> bool {
    joins(after.chars())
}

/// Returns true if the shape of the first character other than a mark depends on its neighbours.
fn joins(mut chars: impl Iterator<Item = char>) -> bool {
    let joining_type = |c: char| CodePointMapData::<JoiningType>::new().get(c);
    let first = chars.find(|c| joining_type(*c) != JoiningType::Transparent);
    first.is_some_and(|c| c != ZERO_WIDTH_JOINER && joining_type(c) != JoiningType::NonJoining)
}

fn ends_with_emoji(before: &str) -> bool {
    let mut chars = before.chars().rev();
    let is_modifier =
        |c: char| c == EMOJI_PRESENTATION || CodePointSetData::new::<EmojiModifier>().contains(c);
    chars.next().is_some_and(|c| is_modifier(c) || is_pictograph(c))
}

fn starts_with_emoji(after: &str) -> bool {
    after.chars().next().is_some_and(is_pictograph)
}

fn is_pictograph(c: char) -> bool {
    CodePointSetData::new::<ExtendedPictographic>().contains(c)
}

/// Returns true if `c` is a tag of a flag.
fn is_in_flag(before: &str, c: char, after: &str) -> bool {
    let Some(start) = before.rfind(BLACK_FLAG) else { return false };
    let tags = &before[start..];
    TAGGED_FLAGS.iter().any(|flag| {
        let rest = flag.strip_prefix(tags).and_then(|rest| rest.strip_prefix(c));
        rest.is_some_and(|rest| after.starts_with(rest))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_invisible_characters_are_refused() {
        let refused = "\0\u{1B}\u{7F}\u{80}\u{9F}\u{AD}\u{34F}\u{61C}\u{115F}\u{1160}\u{17B4}\
                       \u{180E}\u{200B}\u{200C}\u{200D}\u{200E}\u{200F}\u{2028}\u{2029}\u{202A}\u{202E}\u{2060}\
                       \u{2064}\u{2066}\u{2069}\u{206F}\u{3164}\u{FDD0}\u{FEFF}\u{FFA0}\u{FFF9}\u{FFFE}\u{1D173}\
                       \u{1BCA0}\u{E0001}\u{E0041}\u{E007F}\u{10FFFF}";
        for c in refused.chars() {
            for text in [format!("a{c}b"), format!("é{c}"), format!("{c}é"), c.to_string()] {
                assert_eq!(find_forbidden(&text, true), Some(c), "{text:?}");
            }
        }
    }

    #[test]
    fn joiners_are_allowed_in_words_and_emoji() {
        for text in [
            "می\u{200C}خواهم",
            "خانه\u{200C}ها",
            "کار\u{200C}ها",
            "ه\u{200D}",
            "क्\u{200D}ष",
            "क्\u{200C}ष",
            "ശ്രീ ന്\u{200D}",
            "র\u{200D}্য",
            "👩\u{200D}🔬",
            "👩🏽\u{200D}🔬",
            "❤\u{FE0F}\u{200D}🔥",
            "🏳\u{FE0F}\u{200D}🌈",
            "👨\u{200D}👩\u{200D}👧",
        ] {
            assert_eq!(find_forbidden(text, false), None, "{text:?}");
        }
    }

    #[test]
    fn joiners_without_effect_are_refused() {
        for (text, joiner) in [
            ("ad\u{200D}min", '\u{200D}'),
            ("ad\u{200C}min", '\u{200C}'),
            ("é\u{200D}🔬", '\u{200D}'),
            ("👩\u{200D}", '\u{200D}'),
            ("👩\u{200D}\u{200D}🔬", '\u{200D}'),
            ("👩\u{200C}🔬", '\u{200C}'),
            ("خانه\u{200C}", '\u{200C}'),
            ("\u{200C}خانه", '\u{200C}'),
            ("خانه\u{200C}\u{200C}ها", '\u{200C}'),
            ("क्\u{200D}\u{200D}\u{200D}", '\u{200D}'),
            ("é \u{200D} \u{200D}", '\u{200D}'),
        ] {
            assert_eq!(find_forbidden(text, false), Some(joiner), "{text:?}");
        }
    }

    #[test]
    fn one_variation_selector_follows_a_visible_character() {
        for text in ["❤\u{FE0F}", "1\u{FE0F}\u{20E3}", "葛\u{E0100}城", "ᠠ\u{180B}"] {
            assert_eq!(find_forbidden(text, false), None, "{text:?}");
        }
        for text in ["\u{FE0F}", "é \u{FE0F}", "❤\u{FE0F}\u{FE0F}"] {
            assert_eq!(find_forbidden(text, false), Some('\u{FE0F}'), "{text:?}");
        }
    }

    #[test]
    fn tags_are_allowed_only_in_flags() {
        for flag in TAGGED_FLAGS {
            assert_eq!(find_forbidden(&format!("Pub {flag}{flag} London"), false), None, "{flag:?}");
        }
        let hidden = "\u{1F3F4}\u{E0067}\u{E0062}\u{E0068}";
        assert_eq!(find_forbidden(hidden, false), Some('\u{E0067}'));
        let longer = format!("{}\u{E0067}", TAGGED_FLAGS[0]);
        assert_eq!(find_forbidden(&longer, false), Some('\u{E0067}'));
    }

    #[test]
    fn marks_and_blanks_alone_are_invisible() {
        for text in ["\u{301}", "\u{2800}", " \u{3000}", "\u{301} \u{20DD}", ""] {
            assert!(!is_visible(text), "{text:?}");
        }
        for text in ["a", ".", "é", "字", "🏳", "١"] {
            assert!(is_visible(text), "{text:?}");
        }
    }
}
