//! Changes of the e-mail address with `PUT` and `PATCH /v1/users/{id}` and `PATCH /v1/users/me`.

use serde_json::{Value, json};
use shared::domain::user::update::email_change::{EmailChange, EmailChangeKey};
use shared::domain::user::{EmailClaim, UserId};
use shared::domain::values::email::Email;
use shared::kit::command::{ReadSet, Store, Version};
use shared::kit::system::clock::{Clock, SystemClock};
use test_support::fixture::{ManualClock, Marketplace, admin, buyer, moderator, stranger};
use test_support::lambda_event::RouterResponse;

use super::{PASSWORD, Users, path};

const OLD: &str = "stranger@example.com";
const NEW: &str = "new@example.com";

impl Users {
    /// With passwords of the stranger and the administrator.
    async fn with_passwords() -> Self {
        let users = Self::open().await;
        for actor in [stranger(), admin()] {
            users.set_password(actor.user).await;
        }
        users
    }

    /// Requests another address for the stranger, with this password.
    async fn change_to(&self, email: &str, password: &str) -> RouterResponse {
        let body = json!({ "email": email, "currentPassword": password });
        self.api.patch("/v1/users/me").by(stranger()).if_match("*").json(&body).await
    }

    /// Id of the account that has claimed an address.
    async fn owner(&self, email: &str) -> Option<UserId> {
        let email = email.parse().unwrap();
        let claim: Option<EmailClaim> = self.marketplace.store.load(ReadSet::get(&email)).await.unwrap();
        claim.map(|claim| claim.user_id)
    }

    /// Addresses that the e-mails about the second version of the stranger's account are sent to.
    async fn stored_change(&self) -> Option<EmailChange> {
        let key = EmailChangeKey { user_id: stranger().user, version: Version::FIRST.next() };
        self.marketplace.store.load(ReadSet::get(&key)).await.unwrap()
    }
}

#[tokio::test]
async fn new_address_is_pending_and_visible_to_its_owner_only() {
    let users = Users::with_passwords().await;
    let changed = users.change_to(" New@Example.com ", PASSWORD).await;
    assert_eq!(changed.status, 200, "{}", changed.json());
    let shown = changed.json()["data"].clone();
    assert_eq!((&shown["email"], &shown["pendingEmail"]), (&json!(OLD), &json!(NEW)));
    assert_eq!(shown["version"], 2);
    let seen_by = async |actor| users.api.get(&path(stranger().user)).by(actor).await.json()["data"].clone();
    assert_eq!(seen_by(stranger()).await, shown);
    assert_eq!(users.api.get("/v1/users/me").by(stranger()).await.json()["data"], shown);
    for actor in [moderator(), admin()] {
        let seen = seen_by(actor).await;
        assert_eq!((&seen["email"], seen.get("pendingEmail")), (&json!(OLD), None));
    }
    let suspend = json!({ "status": "suspended" });
    let suspended = users.patch(moderator(), stranger().user, &suspend).await;
    assert_eq!(suspended.json()["data"].get("pendingEmail"), None);
    assert_eq!((users.owner(OLD).await, users.owner(NEW).await), (Some(stranger().user), None));
}

#[tokio::test]
async fn change_of_address_requires_the_right_password() {
    let users = Users::with_passwords().await;
    let replaced = json!({ "email": NEW, "name": "Someone" });
    let missing = users.api.put(&path(stranger().user)).by(stranger()).if_match("*").json(&replaced).await;
    assert_eq!(missing.error(), (400, "VALIDATION_ERROR"));
    let fields = json!({ "currentPassword": "is required to change the e-mail address" });
    assert_eq!(missing.json()["error"]["fields"], fields);
    let wrong = users.change_to(NEW, "incorrect horse").await;
    assert_eq!(wrong.error(), (401, "INVALID_CREDENTIALS"));
    assert_eq!(users.stored(stranger().user).await.unwrap().version.get(), 1);
}

#[tokio::test]
async fn wrong_passwords_are_limited_like_failed_logins() {
    let marketplace = Marketplace::with_sample_data().await;
    let env = marketplace.env("api-users").with("AGORA_LOGIN_FAILURES_PER_QUARTER_HOUR", "3");
    let mut users = Users::in_env(&env, marketplace);
    users.api = users.api.with_clock(ManualClock::at(SystemClock.now()));
    users.set_password(stranger().user).await;
    // A right password is not counted.
    assert_eq!(users.change_to(NEW, PASSWORD).await.status, 200);
    for _ in 0..3 {
        assert_eq!(users.change_to(NEW, "incorrect horse").await.error(), (401, "INVALID_CREDENTIALS"));
    }
    let limited = users.change_to(NEW, PASSWORD).await;
    assert_eq!(limited.error(), (429, "TOO_MANY_ATTEMPTS"));
    assert!(limited.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn registered_address_has_the_same_response_and_gets_no_email() {
    let mut shown: Vec<Value> = Vec::new();
    for (email, sent_to) in [("else@example.com", Some("else@example.com")), ("buyer@example.com", None)] {
        let users = Users::with_passwords().await;
        assert_eq!(users.owner("buyer@example.com").await, Some(buyer().user));
        let changed = users.change_to(email, PASSWORD).await;
        assert_eq!(changed.status, 200, "{}", changed.json());
        let mut body = changed.json()["data"].clone();
        assert_eq!(body["pendingEmail"], email);
        for field in ["pendingEmail", "createdAt", "updatedAt"] {
            body[field].take();
        }
        shown.push(body);
        let sent = users.stored_change().await.unwrap();
        assert_eq!((sent.from.as_str(), sent.to.as_ref().map(Email::as_str)), (OLD, sent_to));
    }
    assert_eq!(shown[0], shown[1]);
}

#[tokio::test]
async fn current_address_cancels_a_pending_change() {
    let users = Users::with_passwords().await;
    assert_eq!(users.change_to(NEW, PASSWORD).await.json()["data"]["pendingEmail"], NEW);
    let cancelled = users.patch(stranger(), stranger().user, &json!({ "email": OLD })).await;
    let shown = cancelled.json()["data"].clone();
    assert_eq!((&shown["email"], shown.get("pendingEmail")), (&json!(OLD), None));
    assert_eq!(shown["version"], 3);
}

#[tokio::test]
async fn administrator_changes_an_address_with_the_own_password() {
    let users = Users::with_passwords().await;
    let body = json!({ "email": NEW });
    let missing = users.patch(admin(), stranger().user, &body).await;
    assert_eq!(missing.error(), (400, "VALIDATION_ERROR"));
    let body = json!({ "email": NEW, "currentPassword": PASSWORD });
    let changed = users.patch(admin(), stranger().user, &body).await;
    assert_eq!(changed.json()["data"]["pendingEmail"], NEW);
}
