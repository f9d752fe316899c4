//! Entity tags: the version of the resource in a response (RFC 9110, section 8.8.3).

use std::convert::Infallible;
use std::fmt;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::kit::command::Version;

/// Suffix that distinguishes the tag of the compressed representation (RFC 9110, section 8.8.3.3).
const GZIP_SUFFIX: &str = "-gzip";

/// Strong entity tag of the uncompressed representation of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityTag(String);

impl EntityTag {
    /// Tag of a resource at `version`.
    #[must_use]
    pub fn of(version: Version) -> Self {
        Self::with_counters(version, &[])
    }

    /// Tag of a resource at `version` whose body also contains counters, which change without a new version.
    #[must_use]
    pub fn with_counters(version: Version, counters: &[i64]) -> Self {
        let counters = counters.iter().map(ToString::to_string);
        let numbers: Vec<String> = std::iter::once(version.to_string()).chain(counters).collect();
        Self(numbers.join("."))
    }

    /// Tag as a header value.
    #[must_use]
    pub fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.to_string()).ok()
    }
}

impl fmt::Display for EntityTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

/// Tag of the compressed representation, from that of the uncompressed one.
pub(crate) fn gzip_tag(identity: &HeaderValue) -> Option<HeaderValue> {
    let opaque = identity.to_str().ok()?.strip_prefix('"')?.strip_suffix('"')?;
    HeaderValue::from_str(&format!("\"{opaque}{GZIP_SUFFIX}\"")).ok()
}

/// Tags in `If-Match` or `If-None-Match`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TagList {
    /// `*`: any tag of an existing resource.
    Any,
    /// The listed tags.
    Tags(Vec<ListedTag>),
}

/// Tag in a [`TagList`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListedTag {
    is_weak: bool,
    /// Characters between the quotes, without the suffix of the compressed representation.
    identity: String,
}

impl TagList {
    /// Parses all headers with this name as one list; `None` if it is malformed (RFC 9110, section 8.8.3).
    pub(crate) fn parse(headers: &HeaderMap, name: &HeaderName) -> Option<Self> {
        let values: Vec<&[u8]> = headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
        let list = values.join(&b',');
        if list.trim_ascii() == b"*" { Some(Self::Any) } else { parse_tags(&list).map(Self::Tags) }
    }
}

fn parse_tags(list: &[u8]) -> Option<Vec<ListedTag>> {
    let mut tags = Vec::new();
    let mut rest = list;
    while let Some(start) = rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b',')) {
        let tag = rest.get(start..)?;
        let (is_weak, tag) = tag.strip_prefix(b"W/").map_or((false, tag), |tag| (true, tag));
        let tag = tag.strip_prefix(b"\"")?;
        let (opaque, after) = tag.split_at(tag.iter().position(|byte| *byte == b'"')?);
        if !opaque.iter().all(|byte| matches!(byte, b'!'..=b'~' | 0x80..)) {
            return None;
        }
        rest = after.strip_prefix(b"\"")?.trim_ascii_start();
        if !(rest.is_empty() || rest.starts_with(b",")) {
            return None;
        }
        let opaque = String::from_utf8_lossy(opaque);
        let identity = opaque.strip_suffix(GZIP_SUFFIX).unwrap_or(&opaque).to_owned();
        tags.push(ListedTag { is_weak, identity });
    }
    Some(tags)
}

impl ListedTag {
    /// Version in a strong tag with one of these numbers of counters. `None` unless the tag is written
    /// exactly as this API writes it: tags are opaque, so other spellings of the same numbers are other tags.
    pub(crate) fn version(&self, counter_counts: &[usize]) -> Option<Version> {
        let mut numbers = self.identity.split('.');
        let version = Version::new(numbers.next()?.parse().ok()?)?;
        let counters: Vec<i64> = numbers.map(|counter| counter.parse().ok()).collect::<Option<_>>()?;
        let is_canonical = EntityTag::with_counters(version, &counters).0 == self.identity;
        (!self.is_weak && is_canonical && counter_counts.contains(&counters.len())).then_some(version)
    }
}

/// Entity tags that the caller already has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfNoneMatch(TagList);

impl IfNoneMatch {
    /// Returns true if the caller has a representation with this tag, compressed or not. The comparison is
    /// weak, as RFC 9110 requires for this header.
    #[must_use]
    pub fn has(&self, tag: &EntityTag) -> bool {
        match &self.0 {
            TagList::Any => true,
            TagList::Tags(tags) => tags.iter().any(|known| known.identity == tag.0),
        }
    }
}

/// A malformed header is ignored.
impl<S: Send + Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let tags = TagList::parse(&parts.headers, &header::IF_NONE_MATCH);
        Ok(Self(tags.unwrap_or(TagList::Tags(Vec::new()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&'static str]) -> HeaderMap {
        let values = values.iter().map(|value| (header::IF_NONE_MATCH, HeaderValue::from_static(value)));
        values.collect()
    }

    /// RFC 9110, sections 8.8.3.2 (weak comparison) and 13.1.2.
    #[test]
    fn if_none_match_compares_whole_tags_of_both_codings() {
        let third = EntityTag::with_counters(Version::FIRST.next().next(), &[10, -2]);
        let has = |values: &[&'static str]| {
            TagList::parse(&headers(values), &header::IF_NONE_MATCH)
                .is_some_and(|list| IfNoneMatch(list).has(&third))
        };
        for known in ["\"3.10.-2\"", "\"3.10.-2-gzip\"", "W/\"3.10.-2\"", "*", " * ", "\"a,b\",\"3.10.-2\""] {
            assert!(has(&[known]), "{known}");
        }
        assert!(has(&["\"1\"", "\"3.10.-2\""]), "in the second of two headers");
        for other in
            ["\"3\"", "\"3.10\"", "\"03.10.-2\"", "3.10.-2", "\"3.10.-2", "\"3.10.-2-gzip-gzip\"", "", "*,*"]
        {
            assert!(!has(&[other]), "{other}");
        }
    }

    #[test]
    fn malformed_list_of_tags_is_not_parsed() {
        let parse = |value: &'static str| TagList::parse(&headers(&[value]), &header::IF_NONE_MATCH);
        assert_eq!(parse(" , "), Some(TagList::Tags(Vec::new())));
        for malformed in ["1", "\"1\" \"2\"", "\"1\"2", "\"1", "w/\"1\"", "W/1", "\"a b\"", "*, \"1\""] {
            assert_eq!(parse(malformed), None, "{malformed}");
        }
    }

    /// RFC 9110, section 8.8.3.3.
    #[test]
    fn compressed_representation_has_a_tag_of_its_own() {
        let tag = EntityTag::of(Version::FIRST).header().unwrap();
        assert_eq!(
            (tag.to_str().unwrap(), gzip_tag(&tag).unwrap().to_str().unwrap()),
            ("\"1\"", "\"1-gzip\"")
        );
        assert_eq!(gzip_tag(&HeaderValue::from_static("W/\"1\"")), None);
    }
}
