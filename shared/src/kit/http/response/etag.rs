//! Entity tags: which version of a resource an answer shows (RFC 9110, section 8.8.3).

use std::convert::Infallible;
use std::fmt;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderValue, header};

use crate::kit::command::Version;

/// A strong entity tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityTag(String);

impl EntityTag {
    /// The tag of a resource that is at `version`.
    #[must_use]
    pub fn of(version: Version) -> Self {
        Self(format!("\"{version}\""))
    }

    /// The tag of a resource at `version` that also shows counters which move without a new version.
    #[must_use]
    pub fn with_counters(version: Version, counters: &[i64]) -> Self {
        let counters = counters.iter().map(ToString::to_string);
        let numbers: Vec<String> = std::iter::once(version.to_string()).chain(counters).collect();
        Self(format!("\"{}\"", numbers.join(".")))
    }

    /// The tag as a header.
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

/// The versions that the caller has already.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IfNoneMatch(Vec<String>);

impl IfNoneMatch {
    /// Whether the caller has this one. Compared weakly, as RFC 9110 has it for this header.
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
