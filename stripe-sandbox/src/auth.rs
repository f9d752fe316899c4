//! Authentication by secret key, as Bearer token or as Basic user name
//! (<https://docs.stripe.com/api/authentication>).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, header};

use super::error::StripeError;

/// Checks that the request contains `secret_key`.
pub(super) fn check(headers: &HeaderMap, secret_key: &str) -> Result<(), StripeError> {
    let Some(given) = headers.get(header::AUTHORIZATION).and_then(|value| key_in(value.to_str().ok()?))
    else {
        return Err(unauthorised(
            "You did not provide an API key. You need to provide your API key in the Authorization header, \
             using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
                .to_owned(),
        ));
    };
    if aws_lc_rs::constant_time::verify_slices_are_equal(given.as_bytes(), secret_key.as_bytes()).is_ok() {
        return Ok(());
    }
    Err(unauthorised(format!("Invalid API Key provided: {}", masked(&given))))
}

fn key_in(authorization: &str) -> Option<String> {
    let (scheme, credentials) = authorization.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(credentials.trim().to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    Some(decoded.split(':').next()?.to_owned())
}

/// Masks a key, leaving its first eight characters to recognise it by in a log.
fn masked(key: &str) -> String {
    let start: String = key.chars().take(8).collect();
    format!("{start}********")
}

fn unauthorised(message: String) -> StripeError {
    StripeError::new(401, "invalid_request_error", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(authorization: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::AUTHORIZATION, authorization.parse().unwrap())])
    }

    #[test]
    fn key_is_accepted_as_bearer_token_and_as_basic_user() {
        check(&headers("Bearer sk_test_1"), "sk_test_1").unwrap();
        check(&headers(&format!("Basic {}", STANDARD.encode("sk_test_1:"))), "sk_test_1").unwrap();
    }

    #[test]
    fn wrong_key_is_refused_and_masked() {
        let error = check(&headers("Bearer sk_test_wrong_and_long"), "sk_test_1").unwrap_err();
        assert_eq!(error.status(), 401);
        assert!(!error.body().to_string().contains("wrong_and_long"));
        assert_eq!(check(&HeaderMap::new(), "sk_test_1").unwrap_err().status(), 401);
    }
}
