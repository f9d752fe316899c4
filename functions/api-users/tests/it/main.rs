//! Accounts over HTTP: events of API Gateway, through the router, on an embedded table.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod delete;
mod events;
mod get;
mod list;
mod role_and_status;
mod update;

use axum::Router;
use serde_json::{Value, json};
use shared::api::AppState;
use shared::domain::user::{Role, User, UserId};
use shared::domain::values::actor::Actor;
use shared::repository::user::UserReader;
use test_support::fixture::{Marketplace, actor};
use test_support::lambda_event;
use test_support::lambda_event::Answer;

/// Who looks after the system.
const ADMIN: &str = "usr_01J8Z3K5V0ABCDEFGHJKMNPQRA";

fn admin() -> Actor {
    actor(ADMIN, Role::Admin)
}

/// The function on a table.
struct Users {
    scene: Marketplace,
    router: Router,
}

impl Users {
    /// With the people of the scene, and an admin.
    async fn open() -> Self {
        let users = Self::on(Marketplace::open().await);
        users.scene.person(admin(), "admin").await;
        users
    }

    /// Without anybody.
    async fn empty() -> Self {
        Self::on(Marketplace::empty().await)
    }

    fn on(scene: Marketplace) -> Self {
        let app = AppState::new(&scene.env("api-users"), scene.store.clone(), scene.reader.clone()).unwrap();
        Self { scene, router: api_users::router(app) }
    }

    /// The answer to an event, whatever it is.
    async fn send(&self, event: &Value) -> Answer {
        lambda_event::send(&self.router, event).await
    }

    /// The answer to a request of `by`'s with these further headers.
    async fn ask(
        &self,
        by: Actor,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let token = self.scene.token(by);
        let mut all = vec![("authorization", token.as_str())];
        all.extend(headers);
        self.send(&lambda_event::of_request(method, path, &all, body)).await
    }

    /// The answer to a `GET` of `by`'s.
    async fn get(&self, by: Actor, path: &str) -> Answer {
        self.ask(by, "GET", path, &[], None).await
    }

    /// The answer to a merge patch of `by`'s to whatever version there is.
    async fn patch(&self, by: Actor, user: UserId, body: &Value) -> Answer {
        self.ask(by, "PATCH", &path(user), &[("if-match", "*")], Some(body)).await
    }

    /// The answer to a `DELETE` of `by`'s, whatever version there is.
    async fn delete(&self, by: Actor, user: UserId) -> Answer {
        self.ask(by, "DELETE", &path(user), &[("if-match", "*")], None).await
    }

    /// The account as it is stored.
    async fn stored(&self, user: UserId) -> Option<User> {
        self.scene.reader.user(user).await.unwrap()
    }
}

fn path(user: UserId) -> String {
    format!("/v1/users/{user}")
}

/// What an error says of itself.
fn error(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.code())
}

/// There is nothing here, or nothing for this caller.
fn not_found() -> (u16, String) {
    (404, "NOT_FOUND".to_owned())
}

/// The account behind the token is suspended or gone.
fn revoked() -> (u16, String) {
    (401, "TOKEN_REVOKED".to_owned())
}

fn forbidden() -> (u16, String) {
    (403, "FORBIDDEN".to_owned())
}

/// The fields that an answer complains of, with what it says.
fn fields(answer: &Answer) -> Value {
    answer.json()["error"].get("fields").cloned().unwrap_or(json!({}))
}
