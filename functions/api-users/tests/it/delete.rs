//! `DELETE /v1/users/{id}`.

use shared::domain::market::MarketStatus;
use shared::domain::session::rotate::{RotateError, RotateSession};
use shared::domain::session::start::StartSession;
use shared::domain::session::{SessionKey, TokenHash};
use shared::domain::user::Credentials;
use shared::domain::values::actor::Actor;
use shared::kit::command::{ExecuteError, ReadSet, Store};
use shared::kit::system::clock::{Clock, SystemClock};
use shared::repository::user::UserReader;
use test_support::fixture::{MARKET, admin, buyer, moderator, new_id, seller, stranger, test_context};

use super::Users;

#[tokio::test]
async fn deletion_removes_password_and_releases_address() {
    let users = Users::open().await;
    let response = users.delete(stranger(), stranger().user).await;
    assert_eq!((response.status.as_u16(), response.bytes.len()), (204, 0));
    assert_eq!(users.stored(stranger().user).await, None);
    let credentials = ReadSet::<Option<Credentials>>::get(&stranger().user);
    assert!(users.marketplace.store.load(credentials).await.unwrap().is_none());
    let address = "stranger@example.com".parse().unwrap();
    assert!(users.marketplace.reader.account_by_email(&address).await.unwrap().is_none());
    let another = Actor { user: new_id(), ..stranger() };
    users.marketplace.user(another, "stranger").await;
    assert_eq!(
        users.marketplace.reader.account_by_email(&address).await.unwrap().unwrap().0.id,
        another.user
    );
    assert_eq!(users.delete(stranger(), stranger().user).await.error(), (404, "NOT_FOUND"));
}

#[tokio::test]
async fn deleting_other_accounts_requires_the_permission() {
    let users = Users::open().await;
    for user in [buyer().user, admin().user, new_id()] {
        assert_eq!(users.delete(stranger(), user).await.error(), (404, "NOT_FOUND"));
    }
    assert_eq!(users.delete(moderator(), stranger().user).await.error(), (403, "FORBIDDEN"));
    assert!(users.stored(stranger().user).await.is_some());
    assert_eq!(users.delete(admin(), stranger().user).await.status, 204);
    assert_eq!(users.delete(admin(), stranger().user).await.error(), (404, "NOT_FOUND"));
}

#[tokio::test]
async fn sessions_of_a_deleted_account_end() {
    let users = Users::open().await;
    let epoch = users.stored(stranger().user).await.unwrap().session_epoch;
    let (token, id) =
        (TokenHash("0".to_owned()), SessionKey { user_id: stranger().user, session_id: new_id() });
    users.marketplace.run(StartSession { id, epoch, token: token.clone(), network: None }).await;
    users.delete(stranger(), stranger().user).await;
    let rotate = RotateSession { id, presented: token, successor: TokenHash("1".to_owned()) };
    let refreshed = users.marketplace.store.execute(rotate, &test_context(SystemClock.now())).await;
    assert!(matches!(refreshed, Err(ExecuteError::Refused(RotateError::Ended))));
}

#[tokio::test]
async fn repetition_with_same_key_returns_the_first_response() {
    let users = Users::open().await;
    let path = super::path(stranger().user);
    for _ in 0..2 {
        assert_eq!(users.api.delete(&path).by(stranger()).if_match("\"1\"").key("k1").await.status, 204);
    }
}

#[tokio::test]
async fn account_with_an_open_market_is_not_deleted() {
    let users = Users::open().await;
    for by in [seller(), admin()] {
        let refused = users.delete(by, seller().user).await;
        assert_eq!(refused.error(), (409, "INVALID_STATE"), "{}", refused.json());
    }
    users.marketplace.set_market_status(MARKET, MarketStatus::Closed).await;
    assert_eq!(users.delete(seller(), seller().user).await.status, 204);
}

#[tokio::test]
async fn repeated_deletion_with_the_same_key_is_replayed() {
    let users = Users::open().await;
    // The permissions of a moderator depend on the account, which no longer exists.
    for by in [stranger(), moderator()] {
        let delete = || users.delete(by, by.user).key("k1");
        let (first, second) = (delete().await, delete().await);
        assert_eq!((first.status.as_u16(), second.status.as_u16()), (204, 204));
        assert_eq!(first.header("idempotent-replay"), None);
        assert_eq!(second.header("idempotent-replay").unwrap(), "true");
    }
}
