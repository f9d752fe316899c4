//! E-mails that nobody needs any more.

use std::time::Duration;

use local::services::ses::{Effect, Rule};
use shared::domain::user::Credentials;
use shared::domain::user::delete::DeleteUser;
use shared::domain::user::password_reset::confirm::ResetPassword;
use shared::domain::user::update::{UpdateUser, UserAdminRights, UserChanges};
use shared::domain::user::verify::VerifyEmail;
use shared::repository::user::UserReader;
use test_support::fixture::{BUYER, buyer, id};

use super::{ADDRESS, Fixture};

impl Fixture {
    /// The service takes nothing once, so that the e-mail is tried and waits.
    async fn put_off(&self, case: &str) {
        self.postbox().add_fault_rule(Rule::next(Effect::Throttle));
        assert_eq!(self.hear(case).await.failures.len(), 1);
    }

    /// The event is heard, and nothing is sent to anybody.
    async fn sends_nothing(&self, case: &str) {
        let ended = self.hear(case).await;
        assert!(ended.is_done(), "{case}: {ended:?}");
        assert!(self.postbox().sent().is_empty(), "{case}");
    }
}

#[tokio::test]
async fn who_has_verified_the_address_is_not_asked_to() {
    let desk = Fixture::open().await;
    desk.scene.run(VerifyEmail { id: id(BUYER), email: ADDRESS.parse().unwrap() }).await;
    desk.sends_nothing("user-registered").await;
    desk.sends_nothing("user-email-changed").await;
}

#[tokio::test]
async fn who_has_another_address_by_now_is_not_written_to_it_on_behalf_of_the_old_one() {
    let desk = Fixture::open().await;
    desk.put_off("user-registered").await;
    let changes =
        UserChanges { email: Some("elsewhere@example.com".parse().unwrap()), ..UserChanges::default() };
    let powers = UserAdminRights::default();
    desk.scene.run(UpdateUser { id: id(BUYER), by: buyer(), powers, expected: None, changes }).await;
    desk.sends_nothing("user-registered").await;
}

#[tokio::test]
async fn who_has_chosen_a_new_password_meanwhile_gets_no_other_link() {
    let desk = Fixture::open().await;
    desk.put_off("password-reset-requested").await;
    let (user, replacing) = desk.scene.reader.account_by_id(id(BUYER)).await.unwrap().unwrap();
    let credentials = Credentials { password_hash: "$argon2id$2".to_owned() };
    desk.scene.run(ResetPassword { id: user.id, email: user.email, replacing, credentials }).await;
    desk.sends_nothing("password-reset-requested").await;
}

#[tokio::test]
async fn nobody_is_written_to_who_is_not_there_any_more() {
    let desk = Fixture::open().await;
    desk.scene.order(None).await;
    let delete =
        DeleteUser { id: id(BUYER), by: buyer(), may_read: false, may_delete: false, expected: None };
    desk.scene.run(delete).await;
    for case in ["user-registered", "password-reset-requested", "order-confirmed"] {
        desk.sends_nothing(case).await;
    }
}

#[tokio::test]
async fn a_link_that_has_expired_is_not_sent() {
    let desk = Fixture::open().await;
    desk.clock.advance(Duration::from_hours(1));
    desk.sends_nothing("password-reset-requested").await;
    desk.clock.advance(Duration::from_hours(71));
    desk.sends_nothing("user-registered").await;
}
