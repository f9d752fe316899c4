//! Entity tags: the version of the resource in a response (RFC 9110, section 8.8.3).

use std::convert::Infallible;
use std::fmt;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderValue, header};

use crate::kit::command::Version;

/// Strong entity tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityTag(String);

impl EntityTag {
    /// Tag of a resource at `version`.
    #[must_use]
    pub fn of(version: Version) -> Self {
        Self(format!("\"{version}\""))
    }

    /// Tag of a resource at `version` whose body also contains counters, which change without a new version.
    #[must_use]
    pub fn with_counters(version: Version, counters: &[i64]) -> Self {
        let counters = counters.iter().map(ToString::to_string);
        let numbers: Vec<String> = std::iter::once(version.to_string()).chain(counters).collect();
        Self(format!("\"{}\"", numbers.join(".")))
    }

    /// Tag as a header value.
    #[must_use]
    pub fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.0).ok()
    }
}

impl fmt::Display for EntityTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Entity tags that the caller already has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IfNoneMatch(Vec<String>);

impl IfNoneMatch {
    /// Returns true if the caller has this tag. The comparison is weak, as RFC 9110 requires for this header.
    #[must_use]
    pub fn has(&self, tag: &EntityTag) -> bool {
        self.0.iter().any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag.0)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let values =
            parts.headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        Ok(Self(values.flat_map(|value| value.split(',')).map(|tag| tag.trim().to_owned()).collect()))
    }
}
