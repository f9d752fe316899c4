//! Preconditions: a change applies only to the version that the caller has read (RFC 9110, section 13.1.1).

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, header};

use crate::kit::command::{Version, VersionSet};
use crate::kit::error::ApiError;
use crate::kit::error::error_code::ErrorCode;
use crate::kit::http::response::Resource;
use crate::kit::http::response::etag::TagList;

/// Versions of a resource with the body `B` that the caller has read, from `If-Match`. Without the header,
/// the request is rejected with 428.
///
/// Only versions are compared: the counters in a tag change with every sale, which must not fail an update by
/// the seller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfMatch<B> {
    expected: Option<VersionSet>,
    body: PhantomData<fn() -> B>,
}

impl<B> IfMatch<B> {
    /// The required versions; `None` if any version is accepted (`*`).
    #[must_use]
    pub fn expected(self) -> Option<VersionSet> {
        self.expected
    }
}

impl<S: Send + Sync, B: Resource> FromRequestParts<S> for IfMatch<B> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        if !parts.headers.contains_key(header::IF_MATCH) {
            return Err(ApiError::new(
                ErrorCode::PreconditionRequired,
                "an If-Match header with the ETag that was read is required",
            ));
        }
        let expected = parse(&parts.headers, B::TAG_COUNTERS).ok_or_else(ApiError::version_mismatch)?;
        Ok(Self { expected, body: PhantomData })
    }
}

/// Versions in the strong tags of the header; `Some(None)` for `*`. `None` if the header is malformed or none
/// of its tags can belong to the resource.
#[expect(clippy::option_option, reason = "`*` matches any version, a foreign tag matches none")]
fn parse(headers: &HeaderMap, counter_counts: &[usize]) -> Option<Option<VersionSet>> {
    match TagList::parse(headers, &header::IF_MATCH)? {
        TagList::Any => Some(None),
        TagList::Tags(tags) => {
            let versions: Vec<Version> = tags.iter().filter_map(|tag| tag.version(counter_counts)).collect();
            VersionSet::new(versions).map(Some)
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[expect(clippy::option_option, reason = "a list of tags can be invalid, or match any version")]
    fn versions(values: &[&str], counter_counts: &[usize]) -> Option<Option<Vec<u64>>> {
        let values = values.iter().map(|value| (header::IF_MATCH, HeaderValue::from_str(value).unwrap()));
        let versions = parse(&values.collect(), counter_counts)?;
        Some(versions.map(|set| (1..9).filter(|n| set.contains(Version::new(*n).unwrap())).collect()))
    }

    /// RFC 9110, section 8.8.3.2: strong comparison of opaque tags.
    #[test]
    fn if_match_takes_only_canonical_strong_tags() {
        for other in [
            "\"02\"",
            "\"4.x\"",
            "\"5.9999\"",
            "\"+3\"",
            "\" 3\"",
            "\"3 \"",
            "\"-3\"",
            "\"0\"",
            "\"3.\"",
            "\".3\"",
            "\"3e0\"",
            "\"18446744073709551616\"",
            "\"\"",
            "\"x\"",
            "3",
            "\"3",
            "'3'",
            "",
            "W/\"3\"",
            "W/\"3-gzip\"",
            "\"3-GZIP\"",
            "\"3-gzip-gzip\"",
            "\"\u{663}\"",
            "*, \"3\"",
            "\"3\" \"4\"",
        ] {
            assert_eq!(versions(&[other], &[0]), None, "{other}");
        }
        assert_eq!(versions(&["\"3\""], &[0]), Some(Some(vec![3])));
        assert_eq!(versions(&["\"3-gzip\""], &[0]), Some(Some(vec![3])));
    }

    /// RFC 9110, section 13.1.1: `*` or a list of tags.
    #[test]
    fn if_match_takes_any_of_a_list_of_tags() {
        assert_eq!(versions(&["*"], &[0]), Some(None));
        assert_eq!(versions(&["\"3\", \"4-gzip\",,\"x\", W/\"5\""], &[0]), Some(Some(vec![3, 4])));
        assert_eq!(versions(&["\"3\"", "\"4\""], &[0]), Some(Some(vec![3, 4])), "two headers are one list");
    }

    #[test]
    fn counters_in_a_tag_must_be_complete_and_canonical() {
        for tag in ["\"3.10.2\"", "\"3.0.-7\"", "\"3.10.2-gzip\""] {
            assert_eq!(versions(&[tag], &[2]), Some(Some(vec![3])), "{tag}");
        }
        for other in [
            "\"3\"",
            "\"3.10\"",
            "\"3.10.2.1\"",
            "\"3.010.2\"",
            "\"3.10.-0\"",
            "\"3.10.+2\"",
            "\"3.10.\"",
            "\"3.10.9223372036854775808\"",
            "\"3.10.2-\"",
        ] {
            assert_eq!(versions(&[other], &[2]), None, "{other}");
        }
        assert_eq!(versions(&["\"3.1\", \"4.1.1\", \"5\""], &[1, 2]), Some(Some(vec![3, 4])));
    }
}
