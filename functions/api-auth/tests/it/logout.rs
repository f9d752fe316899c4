//! `POST /v1/auth/logout`.

use serde_json::{Value, json};

use super::{Auth, error};

impl Auth {
    async fn log_out(&self, token: &Value) -> (u16, String) {
        let answer = self.post("logout", &json!({ "refreshToken": token })).await;
        assert_eq!(answer.bytes.is_empty(), answer.status == 204);
        error(&answer)
    }
}

#[tokio::test]
async fn a_session_that_was_ended_is_not_refreshed() {
    let auth = Auth::open().await;
    auth.ada().await;
    let (one, other) = (auth.log_in().await, auth.log_in().await);
    assert_eq!(auth.log_out(&one["refreshToken"]).await, (204, String::new()));
    let refused = auth.refresh(&one["refreshToken"]).await;
    assert_eq!(error(&refused), (401, "TOKEN_REVOKED".to_owned()));
    auth.refreshed(&other["refreshToken"]).await;
}

#[tokio::test]
async fn any_token_of_a_session_ends_it_and_ending_it_twice_changes_nothing() {
    let auth = Auth::open().await;
    auth.ada().await;
    let first = auth.log_in().await["refreshToken"].clone();
    let second = auth.refreshed(&first).await["refreshToken"].clone();
    assert_eq!(auth.log_out(&first).await, (204, String::new()));
    assert_eq!(auth.log_out(&second).await, (204, String::new()));
    assert_eq!(error(&auth.refresh(&second).await), (401, "TOKEN_REVOKED".to_owned()));
}

#[tokio::test]
async fn what_was_not_issued_ends_nothing() {
    let auth = Auth::open().await;
    auth.ada().await;
    let token = auth.log_in().await["refreshToken"].clone();
    let forged = json!(token.as_str().unwrap().replace(".0.", ".1."));
    assert_eq!(auth.log_out(&forged).await, (401, "INVALID_TOKEN".to_owned()));
    auth.refreshed(&token).await;
}
