//! `POST /v1/auth/logout`.

use serde_json::{Value, json};
use test_support::lambda_event::RouterResponse;

use super::Auth;

impl Auth {
    async fn log_out(&self, token: &Value) -> RouterResponse {
        let response = self.post("logout", &json!({ "refreshToken": token })).await;
        assert_eq!(response.bytes.is_empty(), response.status == 204);
        response
    }
}

#[tokio::test]
async fn ended_session_cannot_be_refreshed() {
    let auth = Auth::open().await;
    auth.ada().await;
    let (one, other) = (auth.log_in().await, auth.log_in().await);
    assert_eq!(auth.log_out(&one["refreshToken"]).await.status, 204);
    let refused = auth.refresh(&one["refreshToken"]).await;
    assert_eq!(refused.error(), (401, "TOKEN_REVOKED"));
    auth.refreshed(&other["refreshToken"]).await;
}

#[tokio::test]
async fn any_token_ends_its_session_and_logout_is_repeatable() {
    let auth = Auth::open().await;
    auth.ada().await;
    let first = auth.log_in().await["refreshToken"].clone();
    let second = auth.refreshed(&first).await["refreshToken"].clone();
    assert_eq!(auth.log_out(&first).await.status, 204);
    assert_eq!(auth.log_out(&second).await.status, 204);
    assert_eq!(auth.refresh(&second).await.error(), (401, "TOKEN_REVOKED"));
}

#[tokio::test]
async fn forged_token_does_not_end_the_session() {
    let auth = Auth::open().await;
    auth.ada().await;
    let token = auth.log_in().await["refreshToken"].clone();
    let forged = json!(token.as_str().unwrap().replace(".0.", ".1."));
    assert_eq!(auth.log_out(&forged).await.error(), (401, "INVALID_TOKEN"));
    auth.refreshed(&token).await;
}
