//! `GET /.well-known/jwks.json`: the keys that access tokens are verified with (RFC 7517).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use shared::auth::token::KEY_SET_MAX_AGE;
use shared::command::Store;
use shared::http::reply::json_response;
use shared::repository::user::UserReader;

use crate::accounts::Accounts;

/// The key set, as the standard has it: without an envelope. Verifiers may keep it for a while.
pub(crate) async fn get_jwks<S: Store, Q: UserReader>(State(accounts): State<Accounts<S, Q>>) -> Response {
    let mut response = json_response(StatusCode::OK, &accounts.key_set).into_response();
    let kept = format!("public, max-age={}", KEY_SET_MAX_AGE.as_secs());
    if let Ok(kept) = HeaderValue::from_str(&kept) {
        response.headers_mut().insert(header::CACHE_CONTROL, kept);
    }
    response
}
