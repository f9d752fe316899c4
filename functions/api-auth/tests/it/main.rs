//! Accounts and sessions over HTTP: events of API Gateway, through the router, on an embedded table.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod events;
mod jwks;
mod login;
mod logout;
mod password_reset;
mod refresh;
mod register;
mod verify_email;

use api_auth::AuthState;
use axum::Router;
use serde_json::{Value, json};
use shared::api::EmailTokens;
use shared::domain::user::{Credentials, User};
use shared::kit::system::clock::{Clock, SystemClock};
use shared::repository::user::UserReader;
use test_support::fixture::{ManualClock, Marketplace};
use test_support::lambda_event;
use test_support::lambda_event::Answer;

/// The password of everybody here.
const PASSWORD: &str = "correct horse battery staple";

/// The function on an empty table, with a clock that is moved by hand.
struct Auth {
    scene: Marketplace,
    router: Router,
    clock: ManualClock,
}

impl Auth {
    async fn open() -> Self {
        Self::open_with("AGORA_REQUIRE_VERIFIED_EMAIL", "false").await
    }

    /// As [`open`](Self::open), but for one variable.
    async fn open_with(name: &str, value: &str) -> Self {
        let scene = Marketplace::empty().await;
        let env = scene.env("api-auth").with(name, value);
        let accounts = AuthState::new(&env, scene.store.clone(), scene.reader.clone());
        let router = api_auth::router(accounts.unwrap());
        Self { scene, router, clock: ManualClock::at(SystemClock.now()) }
    }

    /// The answer to an event, whatever it is.
    async fn send(&self, event: &Value) -> Answer {
        lambda_event::send_at(&self.router, event, self.clock.clone()).await
    }

    /// The answer to a `POST` to `/v1/auth/<operation>`.
    async fn post(&self, operation: &str, body: &Value) -> Answer {
        self.post_with(operation, &[], body).await
    }

    /// As [`post`](Self::post), with headers.
    async fn post_with(&self, operation: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let path = format!("/v1/auth/{operation}");
        self.send(&lambda_event::of_request("POST", &path, headers, Some(body))).await
    }

    /// Registers Ada.
    async fn ada(&self) -> Value {
        let registered = self.post("register", &account("ada@example.com")).await;
        assert_eq!(registered.status, 201, "{}", registered.json());
        registered.json()["data"].clone()
    }

    /// The account as it is stored, with what its password is checked against.
    async fn stored(&self, email: &str) -> (User, Credentials) {
        self.scene.reader.account_by_email(&email.parse().unwrap()).await.unwrap().unwrap()
    }

    /// What makes the tokens of e-mails.
    fn mailed(&self) -> EmailTokens {
        EmailTokens::from_env(&self.scene.env("api-auth")).unwrap()
    }

    /// The answer to a login of Ada's.
    async fn try_log_in(&self, password: &str) -> Answer {
        self.post("login", &json!({ "email": "ada@example.com", "password": password })).await
    }

    /// Logs Ada in; gives her tokens.
    async fn log_in(&self) -> Value {
        let answer = self.try_log_in(PASSWORD).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        answer.json()["data"].clone()
    }

    /// Spends a refresh token.
    async fn refresh(&self, token: &Value) -> Answer {
        self.post("refresh", &json!({ "refreshToken": token })).await
    }

    /// Spends a refresh token, which works; gives the next pair.
    async fn refreshed(&self, token: &Value) -> Value {
        let answer = self.refresh(token).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        answer.json()["data"].clone()
    }
}

/// An account to be registered.
fn account(email: &str) -> Value {
    json!({ "email": email, "password": PASSWORD, "name": "Ada Lovelace" })
}

/// What an error says of itself.
fn error(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.code())
}
