//! Tests of `api-users`: API Gateway events through the router, on an embedded table.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod create;
mod delete;
mod events;
mod get;
mod list;
mod role_and_status;
mod update;

use serde_json::Value;
use shared::api::CommandState;
use shared::domain::user::{User, UserId};
use shared::domain::values::actor::Actor;
use shared::repository::user::UserReader;
use test_support::api_function::{ApiFunction, ApiRequest};
use test_support::fixture::{Marketplace, admin};

/// The function on a table.
struct Users {
    marketplace: Marketplace,
    api: ApiFunction,
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
        let env = marketplace.env("api-users");
        let app = CommandState::new(&env, marketplace.store.clone(), marketplace.reader.clone()).unwrap();
        Self { api: ApiFunction::new(&marketplace, api_users::router(app)), marketplace }
    }

    /// Starts a merge patch of `by` for any version.
    fn patch(&self, by: Actor, user: UserId, body: &Value) -> ApiRequest<'_> {
        self.api.patch(&path(user)).by(by).if_match("*").json(body)
    }

    /// Starts a `DELETE` request of `by` for any version.
    fn delete(&self, by: Actor, user: UserId) -> ApiRequest<'_> {
        self.api.delete(&path(user)).by(by).if_match("*")
    }

    /// Loads the account.
    async fn stored(&self, user: UserId) -> Option<User> {
        self.marketplace.reader.user(user).await.unwrap()
    }
}

fn path(user: UserId) -> String {
    format!("/v1/users/{user}")
}
