//! Preconditions: a change applies only to the version that the caller has read (RFC 9110, section 13.1.1).

use axum::extract::FromRequestParts;
use http::header;
use http::request::Parts;

use crate::kit::command::Version;
use crate::kit::error::ApiError;
use crate::kit::error::error_code::ErrorCode;

/// Version that the caller has read, from `If-Match`. Without the header, the request is rejected with 428.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfMatch {
    /// Any version, provided that the resource exists (`*`).
    Any,
    /// This one.
    Version(Version),
}

impl IfMatch {
    /// The required version; `None` if any version is accepted.
    #[must_use]
    pub const fn expected(self) -> Option<Version> {
        match self {
            Self::Any => None,
            Self::Version(version) => Some(version),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut values = parts.headers.get_all(header::IF_MATCH).iter();
        let required = || {
            ApiError::new(
                ErrorCode::PreconditionRequired,
                "an If-Match header with the ETag that was read is required",
            )
        };
        let value = values.next().ok_or_else(required)?;
        // A foreign tag, a weak tag or a list of tags matches no version.
        let tag = value.to_str().ok().filter(|_| values.next().is_none()).and_then(parse);
        tag.ok_or_else(ApiError::version_mismatch)
    }
}

/// Parses `*`, or a strong tag whose number before the first dot is the version. The numbers after it are
/// counters that change without a new version.
fn parse(text: &str) -> Option<IfMatch> {
    let text = text.trim();
    if text == "*" {
        return Some(IfMatch::Any);
    }
    let tag = text.strip_prefix('"')?.strip_suffix('"')?;
    let number = tag.split('.').next()?.parse().ok()?;
    Some(IfMatch::Version(Version::new(number)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_strong_tag_contains_a_version() {
        let third = Version::FIRST.next().next();
        assert_eq!(parse("\"3\""), Some(IfMatch::Version(third)));
        assert_eq!(parse("\"3.10.2\""), Some(IfMatch::Version(third)));
        assert_eq!(parse("*"), Some(IfMatch::Any));
        for other in ["W/\"3\"", "3", "\"\"", "\"0\"", "\"x\"", "\"3\", \"4\"", "\"-1\""] {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
