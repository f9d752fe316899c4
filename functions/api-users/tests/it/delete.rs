//! `DELETE /v1/users/{id}`.

use shared::domain::session::rotate::{RotateError, RotateSession};
use shared::domain::session::start::StartSession;
use shared::domain::session::{SessionKey, TokenHash};
use shared::domain::user::Credentials;
use shared::domain::values::actor::Actor;
use shared::kit::command::{ExecuteError, ReadSet, Store};
use shared::kit::system::clock::{Clock, SystemClock};
use shared::repository::user::UserReader;
use test_support::fixture::{buyer, cause, moderator, new_id, stranger};

use super::{Users, admin, error, forbidden, not_found};

#[tokio::test]
async fn an_account_goes_with_its_password_and_gives_its_address_back() {
    let users = Users::open().await;
    let answer = users.delete(stranger(), stranger().user).await;
    assert_eq!((answer.status.as_u16(), answer.bytes.len()), (204, 0));
    assert_eq!(users.stored(stranger().user).await, None);
    let credentials = ReadSet::<Option<Credentials>>::get(&stranger().user);
    assert!(users.scene.store.load(credentials).await.unwrap().is_none());
    let address = "stranger@example.com".parse().unwrap();
    assert!(users.scene.reader.account_by_email(&address).await.unwrap().is_none());
    let another = Actor { user: new_id(), ..stranger() };
    users.scene.person(another, "stranger").await;
    assert_eq!(users.scene.reader.account_by_email(&address).await.unwrap().unwrap().0.id, another.user);
    assert_eq!(error(&users.delete(stranger(), stranger().user).await), not_found());
}

#[tokio::test]
async fn the_accounts_of_others_are_deleted_by_those_who_may() {
    let users = Users::open().await;
    for user in [buyer().user, admin().user, new_id()] {
        assert_eq!(error(&users.delete(stranger(), user).await), not_found());
    }
    assert_eq!(error(&users.delete(moderator(), stranger().user).await), forbidden());
    assert!(users.stored(stranger().user).await.is_some());
    assert_eq!(users.delete(admin(), stranger().user).await.status, 204);
    assert_eq!(error(&users.delete(admin(), stranger().user).await), not_found());
}

#[tokio::test]
async fn the_sessions_of_a_deleted_account_are_over() {
    let users = Users::open().await;
    let epoch = users.stored(stranger().user).await.unwrap().session_epoch;
    let (token, id) =
        (TokenHash("0".to_owned()), SessionKey { user_id: stranger().user, session_id: new_id() });
    users.scene.run(StartSession { id, epoch, token: token.clone() }).await;
    users.delete(stranger(), stranger().user).await;
    let rotate = RotateSession { id, presented: token, successor: TokenHash("1".to_owned()) };
    let refreshed = users.scene.store.execute(rotate, &cause(SystemClock.now())).await;
    assert!(matches!(refreshed, Err(ExecuteError::Refused(RotateError::Ended))));
}

#[tokio::test]
async fn the_same_deletion_under_one_key_is_answered_alike() {
    let users = Users::open().await;
    let (path, headers) = (super::path(stranger().user), [("if-match", "\"1\""), ("idempotency-key", "k1")]);
    for _ in 0..2 {
        assert_eq!(users.ask(stranger(), "DELETE", &path, &headers, None).await.status, 204);
    }
}
