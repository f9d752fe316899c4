//! Headers with a single value.

use http::header::AsHeaderName;
use http::{HeaderMap, HeaderValue};

/// The header occurs several times or has characters other than visible ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one value of visible ASCII characters")]
pub struct InvalidHeader;

/// Value of a header that may occur once; `None` without the header. API Gateway joins repeated headers with
/// commas, so the caller must also reject values with a comma that its syntax does not allow.
///
/// # Errors
/// [`InvalidHeader`].
pub fn single_header(headers: &HeaderMap, name: impl AsHeaderName) -> Result<Option<&str>, InvalidHeader> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().map(HeaderValue::to_str).transpose().map_err(|_| InvalidHeader)?;
    if values.next().is_some() { Err(InvalidHeader) } else { Ok(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_or_non_ascii_header_is_invalid() {
        let mut headers = HeaderMap::new();
        assert_eq!(single_header(&headers, "x-a"), Ok(None));
        headers.insert("x-a", HeaderValue::from_static("1"));
        assert_eq!(single_header(&headers, "x-a"), Ok(Some("1")));
        headers.append("x-a", HeaderValue::from_static("1"));
        assert_eq!(single_header(&headers, "x-a"), Err(InvalidHeader));
        headers.insert("x-a", HeaderValue::from_bytes(b"\xe9").unwrap());
        assert_eq!(single_header(&headers, "x-a"), Err(InvalidHeader));
    }
}
