//! Tests of `api-users`: API Gateway events through the router, on an embedded table.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod delete;
mod events;
mod get;
mod list;
mod role_and_status;
mod update;

use axum::Router;
use serde_json::{Value, json};
use shared::api::CommandState;
use shared::domain::user::{Role, User, UserId};
use shared::domain::values::actor::Actor;
use shared::repository::user::UserReader;
use test_support::fixture::{Marketplace, actor};
use test_support::lambda_event;
use test_support::lambda_event::RouterResponse;

/// Id of an administrator.
const ADMIN: &str = "usr_01J8Z3K5V0ABCDEFGHJKMNPQRA";

fn admin() -> Actor {
    actor(ADMIN, Role::Admin)
}

/// The function on a table.
struct Users {
    marketplace: Marketplace,
    router: Router,
}

impl Users {
    /// With the users of the fixture and an administrator.
    async fn open() -> Self {
        let users = Self::on(Marketplace::with_sample_data().await);
        users.marketplace.user(admin(), "admin").await;
        users
    }

    /// Without users.
    async fn empty() -> Self {
        Self::on(Marketplace::empty().await)
    }

    fn on(marketplace: Marketplace) -> Self {
        let app = CommandState::new(
            &marketplace.env("api-users"),
            marketplace.store.clone(),
            marketplace.reader.clone(),
        )
        .unwrap();
        Self { marketplace, router: api_users::router(app) }
    }

    /// Sends an event.
    async fn send(&self, event: &Value) -> RouterResponse {
        lambda_event::send(&self.router, event).await
    }

    /// Sends a request of `by` with additional headers.
    async fn ask(
        &self,
        by: Actor,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> RouterResponse {
        let token = self.marketplace.token(by);
        let mut all = vec![("authorization", token.as_str())];
        all.extend(headers);
        self.send(&lambda_event::request_event(method, path, &all, body)).await
    }

    /// Sends a `GET` request of `by`.
    async fn get(&self, by: Actor, path: &str) -> RouterResponse {
        self.ask(by, "GET", path, &[], None).await
    }

    /// Sends a merge patch of `by` for any version.
    async fn patch(&self, by: Actor, user: UserId, body: &Value) -> RouterResponse {
        self.ask(by, "PATCH", &path(user), &[("if-match", "*")], Some(body)).await
    }

    /// Sends a `DELETE` request of `by` for any version.
    async fn delete(&self, by: Actor, user: UserId) -> RouterResponse {
        self.ask(by, "DELETE", &path(user), &[("if-match", "*")], None).await
    }

    /// Loads the account.
    async fn stored(&self, user: UserId) -> Option<User> {
        self.marketplace.reader.user(user).await.unwrap()
    }
}

fn path(user: UserId) -> String {
    format!("/v1/users/{user}")
}

/// Status and error code of a response.
fn error(response: &RouterResponse) -> (u16, String) {
    (response.status.as_u16(), response.code())
}

/// The resource does not exist or is not visible to the caller.
fn not_found() -> (u16, String) {
    (404, "NOT_FOUND".to_owned())
}

/// The account of the token is suspended or deleted.
fn revoked() -> (u16, String) {
    (401, "TOKEN_REVOKED".to_owned())
}

fn forbidden() -> (u16, String) {
    (403, "FORBIDDEN".to_owned())
}

/// Invalid fields of a response with their rules.
fn fields(response: &RouterResponse) -> Value {
    response.json()["error"].get("fields").cloned().unwrap_or(json!({}))
}
