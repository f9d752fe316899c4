//! Logins from known networks while other networks guess the password.

use serde_json::json;
use test_support::lambda_event::RouterResponse;

use super::{Auth, PASSWORD};

const HOME: &str = "198.51.100.7";
const ELSEWHERE: &str = "198.51.100.8";
const NEW_PASSWORD: &str = "battery staple correct horse";

/// Failed logins of an account, from all networks that it does not know, that are allowed in an hour.
const FAILURES: usize = 4;

const TOO_MANY: (u16, &str) = (429, "TOO_MANY_ATTEMPTS");

impl Auth {
    /// Ada's account, with a limit of [`FAILURES`], after a login from [`HOME`].
    async fn at_home() -> Self {
        let auth = Self::open_with("AGORA_LOGIN_FAILURES_PER_HOUR", &FAILURES.to_string()).await;
        auth.ada().await;
        assert_eq!(auth.log_in_from(HOME, PASSWORD).await.status, 200);
        auth
    }

    /// Logs Ada in from an address, possibly without success.
    async fn log_in_from(&self, address: &str, password: &str) -> RouterResponse {
        self.post_from(address, "login", &json!({ "email": "ada@example.com", "password": password })).await
    }

    async fn post_from(&self, address: &str, operation: &str, body: &serde_json::Value) -> RouterResponse {
        let mut event = self.post(operation, body).event();
        event["requestContext"]["http"]["sourceIp"] = json!(address);
        self.api.send(&event).await
    }

    /// Guesses Ada's password from several networks until the account is locked for them.
    async fn guess(&self) {
        for n in 0..FAILURES {
            let guessed = self.log_in_from(&format!("203.0.113.{n}"), "incorrect horse").await;
            assert_eq!(guessed.error(), (401, "INVALID_CREDENTIALS"));
        }
        assert_eq!(self.log_in_from("203.0.113.250", PASSWORD).await.error(), TOO_MANY);
    }
}

#[tokio::test]
async fn guesses_from_elsewhere_do_not_lock_a_known_network_out() {
    let auth = Auth::at_home().await;
    auth.guess().await;
    assert_eq!(auth.log_in_from(ELSEWHERE, PASSWORD).await.error(), TOO_MANY);
    assert_eq!(auth.log_in_from(HOME, PASSWORD).await.status, 200);
}

#[tokio::test]
async fn failed_login_does_not_make_a_network_known() {
    let auth = Auth::at_home().await;
    let failed = auth.log_in_from(ELSEWHERE, "incorrect horse").await;
    assert_eq!(failed.error(), (401, "INVALID_CREDENTIALS"));
    for n in 1..FAILURES {
        auth.log_in_from(&format!("203.0.113.{n}"), "incorrect horse").await;
    }
    assert_eq!(auth.log_in_from(ELSEWHERE, PASSWORD).await.error(), TOO_MANY);
}

#[tokio::test]
async fn guesses_from_a_known_network_are_limited() {
    let auth = Auth::at_home().await;
    for _ in 0..FAILURES {
        assert_eq!(auth.log_in_from(HOME, "incorrect horse").await.error(), (401, "INVALID_CREDENTIALS"));
    }
    assert_eq!(auth.log_in_from(HOME, PASSWORD).await.error(), TOO_MANY);
    assert_eq!(auth.log_in_from(ELSEWHERE, PASSWORD).await.status, 200, "they are not counted elsewhere");
}

#[tokio::test]
async fn password_reset_makes_the_network_known() {
    let auth = Auth::at_home().await;
    auth.guess().await;
    let reset = json!({ "token": auth.reset_token().await, "password": NEW_PASSWORD });
    assert_eq!(auth.post_from(ELSEWHERE, "password-reset/confirm", &reset).await.status, 204);
    assert_eq!(auth.log_in_from(ELSEWHERE, NEW_PASSWORD).await.status, 200);
}
