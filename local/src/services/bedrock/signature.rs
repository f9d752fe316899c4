//! Signature Version 4 ("AWS Signature Version 4 for API requests", IAM User Guide).

use std::fmt::Write as _;
use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use http::header::AUTHORIZATION;
use http::request::Parts;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Characters of a path that the canonical form encodes.
const ENCODED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// Maximum difference between the time of a request and its arrival.
const MAX_SKEW: Duration = Duration::from_mins(5);

/// Credentials of the callers, with the region and service that signatures are valid for.
pub(super) struct Keys {
    pub(super) id: &'static str,
    pub(super) secret: &'static str,
    pub(super) region: &'static str,
    pub(super) service: &'static str,
}

/// Reason why a request is not authenticated; the texts are those of AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum SignatureError {
    #[error("Missing Authentication Token")]
    Missing,
    #[error("Authorization header requires Credential, SignedHeaders and Signature, and a date.")]
    Incomplete,
    #[error("The security token included in the request is invalid.")]
    UnknownKey,
    #[error("Signature expired.")]
    Expired,
    #[error("The request signature we calculated does not match the signature you provided.")]
    Mismatch,
}

impl SignatureError {
    /// Error type of the response.
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::Missing => "MissingAuthenticationTokenException",
            Self::Incomplete => "IncompleteSignatureException",
            Self::UnknownKey => "UnrecognizedClientException",
            Self::Expired | Self::Mismatch => "InvalidSignatureException",
        }
    }
}

/// Fields of the header `Authorization`.
struct Authorization<'a> {
    key: &'a str,
    scope: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    fn parse(header: &'a str) -> Option<Self> {
        let fields = header.strip_prefix("AWS4-HMAC-SHA256 ")?;
        let field = |name: &str| {
            let mut pairs = fields.split(',').filter_map(|field| field.trim().split_once('='));
            pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
        };
        let (key, scope) = field("Credential")?.split_once('/')?;
        Some(Self { key, scope, signed_headers: field("SignedHeaders")?, signature: field("Signature")? })
    }
}

impl Keys {
    /// Verifies the signature of a request that arrives at `now`.
    pub(super) fn verify(&self, parts: &Parts, body: &[u8], now: Timestamp) -> Result<(), SignatureError> {
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let authorization = header(AUTHORIZATION.as_str()).ok_or(SignatureError::Missing)?;
        let authorization = Authorization::parse(authorization).ok_or(SignatureError::Incomplete)?;
        let date = header("x-amz-date").ok_or(SignatureError::Incomplete)?;
        let at = DateTime::strptime("%Y%m%dT%H%M%SZ", date).ok();
        let at = at.and_then(|at| TimeZone::UTC.to_timestamp(at).ok()).ok_or(SignatureError::Incomplete)?;
        let signed: Vec<&str> = authorization.signed_headers.split(';').collect();
        if !["host", "x-amz-date"].iter().all(|name| signed.contains(name)) {
            return Err(SignatureError::Incomplete);
        }
        let day = date.get(..8).unwrap_or_default();
        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service);
        if authorization.key != self.id {
            return Err(SignatureError::UnknownKey);
        }
        if now.duration_since(at).unsigned_abs() > MAX_SKEW {
            return Err(SignatureError::Expired);
        }
        let request = canonical_request(parts, &signed, body);
        let text = format!(
            "AWS4-HMAC-SHA256\n{date}\n{scope}\n{}",
            hex(digest(&SHA256, request.as_bytes()).as_ref())
        );
        let expected = hex(&self.sign(day, text.as_bytes()));
        let matches =
            verify_slices_are_equal(expected.as_bytes(), authorization.signature.as_bytes()).is_ok();
        if authorization.scope == scope && matches { Ok(()) } else { Err(SignatureError::Mismatch) }
    }

    fn sign(&self, day: &str, text: &[u8]) -> Vec<u8> {
        let steps = [day.as_bytes(), self.region.as_bytes(), self.service.as_bytes(), b"aws4_request", text];
        steps.iter().fold(format!("AWS4{}", self.secret).into_bytes(), |key, step| {
            hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), step).as_ref().to_vec()
        })
    }
}

/// Canonical form of a request. The path, which is already percent-encoded, is encoded again, as for all
/// services but S3.
fn canonical_request(parts: &Parts, signed: &[&str], body: &[u8]) -> String {
    let mut query: Vec<&str> = parts.uri.query().unwrap_or_default().split('&').collect();
    query.sort_unstable();
    let path = utf8_percent_encode(parts.uri.path(), &ENCODED);
    let mut text = format!("{}\n{path}\n{}\n", parts.method, query.join("&"));
    for name in signed {
        let values = parts.headers.get_all(*name).iter().filter_map(|value| value.to_str().ok());
        let values = values.map(|value| value.split_whitespace().collect::<Vec<_>>().join(" "));
        let _ = writeln!(text, "{name}:{}", values.collect::<Vec<_>>().join(","));
    }
    let _ = write!(text, "\n{}\n{}", signed.join(";"), hex(digest(&SHA256, body).as_ref()));
    text
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    /// `get-vanilla` of the "AWS Signature Version 4 test suite".
    const KEYS: Keys = Keys {
        id: "AKIDEXAMPLE",
        secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        region: "us-east-1",
        service: "service",
    };
    const SIGNATURE: &str = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";

    fn verify(path: &str, key: &str, minutes: i64) -> Result<(), SignatureError> {
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={key}/20150830/us-east-1/service/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature={SIGNATURE}"
        );
        let request = Request::get(path)
            .header("host", "example.amazonaws.com")
            .header("x-amz-date", "20150830T123600Z")
            .header("authorization", authorization);
        let signed_at: Timestamp = "2015-08-30T12:36:00Z".parse().unwrap();
        let now = signed_at + jiff::SignedDuration::from_mins(minutes);
        KEYS.verify(&request.body(()).unwrap().into_parts().0, b"", now)
    }

    #[test]
    fn only_the_signed_request_is_accepted() {
        assert_eq!(verify("/", "AKIDEXAMPLE", 4), Ok(()));
        assert_eq!(verify("/other", "AKIDEXAMPLE", 0), Err(SignatureError::Mismatch));
        assert_eq!(verify("/", "AKIDOTHER", 0), Err(SignatureError::UnknownKey));
        assert_eq!(verify("/", "AKIDEXAMPLE", 6), Err(SignatureError::Expired));
    }
}
