//! The `Accept` header (RFC 9110, section 12.5.1).

use http::{HeaderMap, header};

/// Media ranges that the caller accepts or excludes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Accept(Vec<MediaRange>);

/// Media range, such as `text/*`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct MediaRange {
    main: String,
    sub: String,
    /// True if the range has a parameter besides its weight.
    has_parameters: bool,
    /// True if the weight is 0.
    is_excluded: bool,
}

impl Accept {
    /// Parses the header. Malformed ranges are ignored; a malformed weight counts as 1, because clients send
    /// weights like `.2`.
    pub(super) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let values = headers.get_all(header::ACCEPT).iter();
        let values: Vec<&str> = values.map(|value| value.to_str().unwrap_or("invalid")).collect();
        let is_present = values.iter().any(|value| !value.trim().is_empty());
        let ranges = values.iter().flat_map(|value| split(value, ',')).filter_map(parse_range);
        is_present.then(|| Self(ranges.collect()))
    }

    /// Returns true if a body of this media type is acceptable. The most specific range that matches decides.
    pub(super) fn allows(&self, media_type: &str) -> bool {
        let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let (main, sub) = essence.split_once('/').unwrap_or((&essence, ""));
        let matching = self.0.iter().filter_map(|range| Some((range.specificity(main, sub)?, range)));
        // Of equally specific ranges, one that is not excluded decides.
        let best = matching.max_by_key(|(specificity, range)| (*specificity, !range.is_excluded));
        best.is_some_and(|(_, range)| !range.is_excluded)
    }
}

impl MediaRange {
    /// Rank of the range among those that match the media type; `None` if it does not match.
    fn specificity(&self, main: &str, sub: &str) -> Option<u8> {
        match (self.main.as_str(), self.sub.as_str()) {
            ("*", "*") => Some(0),
            (range, "*") if range == main => Some(1),
            (range, name) if (range, name) == (main, sub) => Some(2 + u8::from(self.has_parameters)),
            _ => None,
        }
    }
}

/// Parses a media range. A range with parameters other than `charset=utf-8`, the charset of all our bodies,
/// matches no body and is ignored.
fn parse_range(text: &str) -> Option<MediaRange> {
    let mut parts = split(text, ';').map(|part| part.trim().to_ascii_lowercase());
    let media = parts.next()?;
    let (main, sub) = media.split_once('/')?;
    let is_range = is_token(main) && is_token(sub) && (main != "*" || sub == "*");
    let mut range =
        MediaRange { main: main.to_owned(), sub: sub.to_owned(), has_parameters: false, is_excluded: false };
    for parameter in parts.filter(|part| !part.is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap_or((&parameter, ""));
        match (name.trim(), value.trim().trim_matches('"')) {
            ("q", weight) => range.is_excluded |= is_zero(weight),
            ("charset", "utf-8") => range.has_parameters = true,
            _ => return None,
        }
    }
    is_range.then_some(range)
}

/// Returns true for the weight 0, with any number of decimals.
fn is_zero(weight: &str) -> bool {
    let decimals = weight.strip_prefix('0').map(|rest| rest.strip_prefix('.').unwrap_or(rest));
    decimals.is_some_and(|decimals| decimals.bytes().all(|digit| digit == b'0'))
}

/// Returns true for a token (RFC 9110, section 5.6.2).
fn is_token(text: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_token)
}

/// Splits `text` at each separator outside of quoted strings.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    text.split(move |character| {
        let is_separator = character == separator && !is_quoted;
        is_quoted ^= character == '"' && !is_escaped;
        is_escaped = character == '\\' && is_quoted && !is_escaped;
        is_separator
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn allows(values: &[&str], media_type: &str) -> bool {
        let values = values.iter().map(|value| (header::ACCEPT, HeaderValue::from_str(value).unwrap()));
        Accept::from_headers(&values.collect()).is_none_or(|accept| accept.allows(media_type))
    }

    const JSON: &str = "application/json";

    /// RFC 9110, section 12.5.1.
    #[test]
    fn most_specific_range_of_accept_decides() {
        for accepted in [
            "*/*",
            "application/*",
            JSON,
            "APPLICATION/Json",
            "text/html, application/json;q=0.8",
            "application/json;q=0.001",
            "*/*;q=0, application/json",
            "application/*;q=0, application/json;q=0.1",
            "application/json; charset=utf-8",
            "application/json;charset=\"UTF-8\";q=0.5, application/json;q=0",
            "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
            "text/html;title=\"a,b;c\", */*",
            "application/json;q=0, application/json",
            "",
            " ",
        ] {
            assert!(allows(&[accepted], JSON), "{accepted}");
        }
        for refused in [
            "application/json;q=0, */*",
            "application/json;q=0",
            "application/json ; Q=0.000, application/*, */*",
            "application/*;q=0, */*",
            "*/*;q=0",
            "application/json;version=2",
            "application/json;charset=latin1",
            "application/problem+json",
            "application/xml",
            "image/png",
            "text/*",
            "*",
            "*/json",
            "json",
            "/",
            "application/",
            "text/html;title=\"application/json, */*\"",
        ] {
            assert!(!allows(&[refused], JSON), "{refused}");
        }
    }

    #[test]
    fn accept_headers_are_one_list() {
        assert!(allows(&[], JSON));
        assert!(allows(&["image/png", JSON], JSON));
        assert!(!allows(&["*/*", "application/json;q=0"], JSON));
        assert!(allows(&["text/html"], "text/html; charset=utf-8"));
    }
}
