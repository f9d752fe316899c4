//! `PATCH /v1/users/{id}` of role and status.

use serde_json::json;
use shared::domain::session::rotate::{RotateError, RotateSession, Rotation};
use shared::domain::session::start::StartSession;
use shared::domain::session::{SessionKey, TokenHash};
use shared::domain::user::{Role, UserId, UserStatus};
use shared::kit::command::{ExecuteError, Store};
use shared::kit::system::clock::{Clock, SystemClock};
use test_support::fixture::{admin, buyer, id, moderator, new_id, stranger, test_context};

use super::Users;

fn hash(text: &str) -> TokenHash {
    TokenHash(text.to_owned())
}

impl Users {
    /// Starts a session, as a login does.
    async fn session(&self, user: UserId) -> SessionKey {
        let epoch = self.stored(user).await.unwrap().session_epoch;
        let key = SessionKey { user_id: user, session_id: new_id() };
        self.marketplace.run(StartSession { id: key, epoch, token: hash("0"), network: None }).await;
        key
    }

    /// Refreshes a session with its first token.
    async fn refresh(&self, id: SessionKey) -> Result<Rotation, ExecuteError<RotateError>> {
        let rotate = RotateSession { id, presented: hash("0"), successor: hash("1") };
        let context = test_context(SystemClock.now());
        self.marketplace
            .store
            .execute(rotate, &context)
            .await
            .map(shared::kit::command::Executed::into_output)
    }
}

#[tokio::test]
async fn own_role_and_status_cannot_be_changed() {
    let users = Users::open().await;
    let rule = "cannot be changed by the account itself";
    for actor in [stranger(), moderator(), admin()] {
        let both = users.patch(actor, actor.user, &json!({ "role": "admin", "status": "active" })).await;
        assert_eq!(both.error(), (400, "VALIDATION_ERROR"));
        assert_eq!(both.json()["error"]["fields"], json!({ "role": rule, "status": rule }));
        let one = users.patch(actor, actor.user, &json!({ "name": "Someone", "role": "admin" })).await;
        assert_eq!(one.json()["error"]["fields"], json!({ "role": rule }));
        assert_eq!(users.stored(actor.user).await.unwrap().version.get(), 1);
    }
}

#[tokio::test]
async fn admin_changes_roles() {
    let users = Users::open().await;
    for (role, stored) in [("moderator", Role::Moderator), ("admin", Role::Admin), ("user", Role::User)] {
        let response = users.patch(admin(), stranger().user, &json!({ "role": role })).await;
        assert_eq!((response.status.as_u16(), &response.json()["data"]["role"]), (200, &json!(role)));
        assert_eq!(users.stored(stranger().user).await.unwrap().role, stored);
    }
    let promotion = json!({ "role": "admin" });
    assert_eq!(users.patch(moderator(), stranger().user, &promotion).await.error(), (403, "FORBIDDEN"));
    assert_eq!(users.patch(stranger(), buyer().user, &promotion).await.error(), (404, "NOT_FOUND"));
}

#[tokio::test]
async fn moderator_suspends_accounts_with_role_user_only() {
    let users = Users::open().await;
    let suspend = json!({ "status": "suspended" });
    let response = users.patch(moderator(), stranger().user, &suspend).await;
    assert_eq!(response.json()["data"]["status"], "suspended");
    assert_eq!(users.patch(moderator(), admin().user, &suspend).await.error(), (403, "FORBIDDEN"));
    let more = json!({ "status": "suspended", "name": "Someone" });
    assert_eq!(users.patch(moderator(), buyer().user, &more).await.error(), (403, "FORBIDDEN"));
    assert_eq!(users.patch(stranger(), buyer().user, &suspend).await.error(), (404, "NOT_FOUND"));
    let reinstated = users.patch(moderator(), stranger().user, &json!({ "status": "active" })).await;
    assert_eq!(reinstated.json()["data"]["status"], "active");
}

#[tokio::test]
async fn suspended_account_cannot_change_itself() {
    let users = Users::open().await;
    users.patch(admin(), stranger().user, &json!({ "status": "suspended" })).await;
    let renamed = users.patch(stranger(), stranger().user, &json!({ "name": "Someone" })).await;
    assert_eq!(renamed.error(), (401, "TOKEN_REVOKED"));
    assert_eq!(users.delete(stranger(), stranger().user).await.error(), (401, "TOKEN_REVOKED"));
    assert_eq!(users.api.get("/v1/users/me").by(stranger()).await.json()["data"]["status"], "suspended");
}

#[tokio::test]
async fn suspension_ends_all_sessions_of_the_account() {
    let users = Users::open().await;
    let (one, two) = (users.session(stranger().user).await, users.session(stranger().user).await);
    let other = users.session(buyer().user).await;
    users.patch(admin(), stranger().user, &json!({ "status": "suspended" })).await;
    assert!(matches!(users.refresh(one).await, Err(ExecuteError::Refused(RotateError::Ended))));
    users.patch(admin(), stranger().user, &json!({ "status": "active" })).await;
    for session in [one, two] {
        assert!(matches!(users.refresh(session).await, Err(ExecuteError::Refused(RotateError::Ended))));
    }
    assert!(matches!(users.refresh(other).await, Ok(Rotation::Rotated(_))));
    let new = users.session(stranger().user).await;
    assert!(matches!(users.refresh(new).await, Ok(Rotation::Rotated(_))));
}

#[tokio::test]
async fn login_concurrent_with_a_suspension_is_ineffective() {
    let users = Users::open().await;
    let stranger: UserId = id(test_support::fixture::STRANGER);
    let epoch = users.stored(stranger).await.unwrap().session_epoch;
    for status in [UserStatus::Suspended, UserStatus::Active] {
        users.patch(admin(), stranger, &json!({ "status": status })).await;
    }
    let key = SessionKey { user_id: stranger, session_id: new_id() };
    users.marketplace.run(StartSession { id: key, epoch, token: hash("0"), network: None }).await;
    assert!(matches!(users.refresh(key).await, Err(ExecuteError::Refused(RotateError::Ended))));
}
