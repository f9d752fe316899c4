//! Users of the application.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use shared::domain::user::register::RegisterUser;
use shared::domain::user::{Credentials, Role};
use shared::kit::auth::password::Hasher;
use shared::kit::aws::dynamodb::{DynamoStore, Table};
use shared::kit::command::Store;
use shared::kit::system::clock::{Clock, SystemClock};

use super::{TestApp, eventually};
use crate::fixture::{new_id, test_context};

/// Password of all test users.
const PASSWORD: &str = "correct horse battery staple";

/// A user with an account and an access token.
#[derive(Debug, Clone)]
pub struct TestUser {
    /// Account id.
    pub id: String,
    /// E-mail address.
    pub email: String,
    /// Access token.
    pub token: String,
}

impl TestApp {
    /// Registers a user and logs them in.
    ///
    /// # Panics
    /// If either fails.
    pub async fn register(&self, name: &str) -> TestUser {
        let email = format!("{name}@example.com");
        let account = json!({ "email": email, "password": PASSWORD, "name": name });
        let registered = self.request(Method::POST, "/v1/auth/register").json(&account).send().await;
        let id = registered.data(StatusCode::CREATED)["id"].as_str().expect("an id").to_owned();
        TestUser { id, token: self.log_in(&email).await, email }
    }

    /// Creates a user in a role that cannot be registered over HTTP, and logs them in.
    ///
    /// # Panics
    /// If that fails.
    pub async fn user_with_role(&self, name: &str, role: Role) -> TestUser {
        let hasher = Hasher::default();
        let hash = hasher.hash(PASSWORD.parse().expect("the password is valid"));
        let email = format!("{name}@example.com");
        let register = RegisterUser {
            id: new_id(),
            email: email.parse().expect("the address is well-formed"),
            name: name.parse().expect("the name is well-formed"),
            role,
            credentials: Credentials { password_hash: hash.await.expect("the password is hashed") },
        };
        let table = self.stack.table_name("Table").expect("the template has the table");
        let store = DynamoStore::new(Table::new(self.dynamodb(), table));
        let user =
            store.execute(register, &test_context(SystemClock.now())).await.expect("the user is registered");
        let id = user.into_output().id.to_string();
        TestUser { id, token: self.log_in(&email).await, email }
    }

    /// Logs in with the password that all test users have, and returns the access token.
    ///
    /// # Panics
    /// If that fails.
    pub async fn log_in(&self, email: &str) -> String {
        let login = json!({ "email": email, "password": PASSWORD });
        let tokens =
            self.request(Method::POST, "/v1/auth/login").json(&login).send().await.data(StatusCode::OK);
        tokens["accessToken"].as_str().expect("a string").to_owned()
    }

    /// Verifies an address with the token of the last e-mail to it, and returns the account.
    ///
    /// # Panics
    /// If no such e-mail is sent, or the token is refused.
    pub async fn verify_email(&self, address: &str) -> Value {
        let sent = || async { self.stack.mail().sent_to(address).pop() };
        let email = eventually("the verification is sent", sent).await;
        let link = email.link("http://localhost:3000/verify-email#token=").expect("the e-mail has the link");
        let (_, token) = link.split_once('=').expect("the link has a token");
        let verify = self.request(Method::POST, "/v1/auth/verify-email").json(&json!({ "token": token }));
        verify.send().await.data(StatusCode::OK)
    }
}
