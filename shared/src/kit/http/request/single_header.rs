//! Headers with a single value.

use http::header::AsHeaderName;
use http::{HeaderMap, HeaderValue};

/// The header occurs several times or has characters other than visible ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one value of visible ASCII characters")]
pub struct InvalidHeader;

/// Value of a header that may occur at most once; `None` without the header.
///
/// API Gateway joins the values of a repeated header with commas. So the caller must also reject a value with
/// a comma, unless the syntax of the header allows one.
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
