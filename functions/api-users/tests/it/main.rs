//! Tests of `api-users`: API Gateway events through the router, on an embedded table.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod create;
mod delete;
mod email_change;
mod events;
mod get;
mod list;
mod role_and_status;
mod update;

use api_users::UsersState;
use serde_json::Value;
use shared::domain::user::rehash::RehashPassword;
use shared::domain::user::{Credentials, User, UserId};
use shared::domain::values::actor::Actor;
use shared::kit::auth::password::Hasher;
use shared::kit::system::config::Environment;
use shared::repository::user::UserReader;
use test_support::api_function::{ApiFunction, ApiRequest};
use test_support::fixture::{Marketplace, admin};

/// Password that [`Users::set_password`] sets.
const PASSWORD: &str = "correct horse battery staple";

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
        Self::in_env(&env, marketplace)
    }

    fn in_env(env: &Environment, marketplace: Marketplace) -> Self {
        let app = UsersState::new(env, marketplace.store.clone(), marketplace.reader.clone()).unwrap();
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

    /// Gives an account the password [`PASSWORD`].
    async fn set_password(&self, id: UserId) {
        let password_hash = Hasher::default().hash(PASSWORD.parse().unwrap()).await.unwrap();
        let replacing = Credentials::without_password();
        self.marketplace
            .run(RehashPassword { id, replacing, credentials: Credentials { password_hash } })
            .await;
    }

    /// Loads the account.
    async fn stored(&self, user: UserId) -> Option<User> {
        self.marketplace.reader.user(user).await.unwrap()
    }
}

fn path(user: UserId) -> String {
    format!("/v1/users/{user}")
}
