//! Preconditions: a change is made to the version that the caller has seen, or not at all (RFC 9110, section 13.1.1).

use axum::extract::FromRequestParts;
use http::header;
use http::request::Parts;

use crate::kit::command::Version;
use crate::kit::error::ApiError;
use crate::kit::error::error_code::ErrorCode;

/// The version that the caller has seen, from `If-Match`. Without the header: 428.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfMatch {
    /// Any version, as long as the thing is there (`*`).
    Any,
    /// This one.
    Version(Version),
}

impl IfMatch {
    /// The version that must be there, if any will not do.
    #[must_use]
    pub const fn expected(self) -> Option<Version> {
        match self {
            Self::Any => None,
            Self::Version(version) => Some(version),
        }
    }
}

/// What is answered when it does not hold.
#[must_use]
pub fn version_mismatch() -> ApiError {
    ApiError::new(ErrorCode::VersionMismatch, "the resource has changed since you read it; read it again")
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut values = parts.headers.get_all(header::IF_MATCH).iter();
        let required =
            || ApiError::new(ErrorCode::PreconditionRequired, "send the ETag that you read in If-Match");
        let value = values.next().ok_or_else(required)?;
        // A tag that is not ours, a weak one, or a list of several matches nothing that we have.
        let tag = value.to_str().ok().filter(|_| values.next().is_none()).and_then(parse);
        tag.ok_or_else(version_mismatch)
    }
}

/// `*`, or a strong tag whose number before the first dot is the version; what follows are counters that move without
/// one.
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
    fn only_a_strong_tag_of_ours_names_a_version() {
        let third = Version::FIRST.next().next();
        assert_eq!(parse("\"3\""), Some(IfMatch::Version(third)));
        assert_eq!(parse("\"3.10.2\""), Some(IfMatch::Version(third)));
        assert_eq!(parse("*"), Some(IfMatch::Any));
        for other in ["W/\"3\"", "3", "\"\"", "\"0\"", "\"x\"", "\"3\", \"4\"", "\"-1\""] {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
