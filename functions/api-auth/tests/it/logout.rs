//! `POST /v1/auth/logout`.

use serde_json::{Value, json};

use super::{Auth, error};

impl Auth {
    async fn log_out(&self, token: &Value) -> (u16, String) {
        let response = self.post("logout", &json!({ "refreshToken": token })).await;
        assert_eq!(response.bytes.is_empty(), response.status == 204);
        error(&response)
    }
}

#[tokio::test]
async fn ended_session_cannot_be_refreshed() {
    let auth = Auth::open().await;
    auth.ada().await;
    let (one, other) = (auth.log_in().await, auth.log_in().await);
    assert_eq!(auth.log_out(&one["refreshToken"]).await, (204, String::new()));
    let refused = auth.refresh(&one["refreshToken"]).await;
    assert_eq!(error(&refused), (401, "TOKEN_REVOKED".to_owned()));
    auth.refreshed(&other["refreshToken"]).await;
}

#[tokio::test]
async fn any_token_ends_its_session_and_logout_is_repeatable() {
    let auth = Auth::open().await;
    auth.ada().await;
    let first = auth.log_in().await["refreshToken"].clone();
    let second = auth.refreshed(&first).await["refreshToken"].clone();
    assert_eq!(auth.log_out(&first).await, (204, String::new()));
    assert_eq!(auth.log_out(&second).await, (204, String::new()));
    assert_eq!(error(&auth.refresh(&second).await), (401, "TOKEN_REVOKED".to_owned()));
}

#[tokio::test]
async fn forged_token_does_not_end_the_session() {
    let auth = Auth::open().await;
    auth.ada().await;
    let token = auth.log_in().await["refreshToken"].clone();
    let forged = json!(token.as_str().unwrap().replace(".0.", ".1."));
    assert_eq!(auth.log_out(&forged).await, (401, "INVALID_TOKEN".to_owned()));
    auth.refreshed(&token).await;
}
