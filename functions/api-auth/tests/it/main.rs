//! Tests of `api-auth`: API Gateway events through the router, on an embedded table.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod events;
mod invitation;
mod jwks;
mod known_networks;
mod login;
mod logout;
mod password_reset;
mod refresh;
mod register;
mod unsubscribe;
mod verify_email;

use api_auth::AuthState;
use serde_json::{Value, json};
use shared::api::EmailTokens;
use shared::domain::user::{Credentials, User};
use shared::kit::system::clock::{Clock, SystemClock};
use shared::repository::user::UserReader;
use test_support::api_function::{ApiFunction, ApiRequest};
use test_support::fixture::{ManualClock, Marketplace};
use test_support::lambda_event::RouterResponse;

/// Password of all accounts in the tests.
const PASSWORD: &str = "correct horse battery staple";

/// The function on an empty table, with a manual clock.
struct Auth {
    marketplace: Marketplace,
    api: ApiFunction,
    clock: ManualClock,
}

impl Auth {
    async fn open() -> Self {
        Self::open_with("AGORA_REQUIRE_VERIFIED_EMAIL", "false").await
    }

    /// Same as [`open`](Self::open), with another value of an environment variable.
    async fn open_with(name: &str, value: &str) -> Self {
        let marketplace = Marketplace::empty().await;
        let env = marketplace.env("api-auth").with(name, value);
        let app = AuthState::new(&env, marketplace.store.clone(), marketplace.reader.clone());
        let clock = ManualClock::at(SystemClock.now());
        let api = ApiFunction::new(&marketplace, api_auth::router(app.unwrap())).with_clock(clock.clone());
        Self { marketplace, api, clock }
    }

    /// Starts a `POST` request to `/v1/auth/<operation>`.
    fn post(&self, operation: &str, body: &Value) -> ApiRequest<'_> {
        self.api.post(&format!("/v1/auth/{operation}")).json(body)
    }

    /// Registers Ada.
    async fn ada(&self) -> Value {
        let registered = self.post("register", &account("ada@example.com")).await;
        assert_eq!(registered.status, 201, "{}", registered.json());
        registered.json()["data"].clone()
    }

    /// Loads an account and its credentials.
    async fn stored(&self, email: &str) -> (User, Credentials) {
        self.marketplace.reader.account_by_email(&email.parse().unwrap()).await.unwrap().unwrap()
    }

    /// Issuer of e-mail tokens.
    fn email_tokens(&self) -> EmailTokens {
        EmailTokens::from_env(&self.marketplace.env("api-auth")).unwrap()
    }

    /// Logs Ada in, possibly without success.
    async fn try_log_in(&self, password: &str) -> RouterResponse {
        self.post("login", &json!({ "email": "ada@example.com", "password": password })).await
    }

    /// Logs Ada in and returns the tokens.
    async fn log_in(&self) -> Value {
        let response = self.try_log_in(PASSWORD).await;
        assert_eq!(response.status, 200, "{}", response.json());
        response.json()["data"].clone()
    }

    /// Uses a refresh token.
    async fn refresh(&self, token: &Value) -> RouterResponse {
        self.post("refresh", &json!({ "refreshToken": token })).await
    }

    /// Uses a refresh token successfully and returns the next pair.
    async fn refreshed(&self, token: &Value) -> Value {
        let response = self.refresh(token).await;
        assert_eq!(response.status, 200, "{}", response.json());
        response.json()["data"].clone()
    }
}

/// Registration request.
fn account(email: &str) -> Value {
    json!({ "email": email, "password": PASSWORD, "name": "Ada Lovelace" })
}
