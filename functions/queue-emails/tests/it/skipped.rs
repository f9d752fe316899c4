//! E-mails that are no longer needed.

use std::time::Duration;

use local::services::ses::{Effect, Rule};
use shared::domain::order::cancel::CancelOrder;
use shared::domain::order::payment::refund::RefundStatus;
use shared::domain::session::known_network::{KnownNetworkKey, NetworkDigest};
use shared::domain::user::Credentials;
use shared::domain::user::notifications::{Topic, Unsubscribe};
use shared::domain::user::password_reset::confirm::ResetPassword;
use shared::domain::user::verify::VerifyEmail;
use shared::repository::user::UserReader;
use test_support::fixture::{BUYER, ORDER, SELLER, buyer, id};

use super::{ADDRESS, Fixture, SELLER_ADDRESS};

impl Fixture {
    /// Handles an event while the mail service throttles, so that the e-mail is not sent yet.
    async fn handle_throttled(&self, case: &str) {
        self.mail_catcher().add_fault_rule(Rule::next(Effect::Throttle));
        assert_eq!(self.handle_case(case).await.retried().len(), 1);
    }

    /// Handles an event and asserts that it succeeds without sending an e-mail.
    async fn assert_skipped(&self, case: &str) {
        let result = self.handle_case(case).await;
        assert!(result.is_success(), "{case}: {result:?}");
        assert!(self.mail_catcher().sent().is_empty(), "{case}");
    }
}

#[tokio::test]
async fn verified_address_gets_no_verification_email() {
    let fixture = Fixture::open().await;
    fixture.marketplace.run(VerifyEmail { id: id(BUYER), email: ADDRESS.parse().unwrap() }).await;
    fixture.assert_skipped("user-registered").await;
    fixture.assert_skipped("user-email-changed").await;
}

#[tokio::test]
async fn changed_address_gets_no_verification_of_the_old_one() {
    let fixture = Fixture::open().await;
    fixture.handle_throttled("user-registered").await;
    fixture.request_address(buyer(), "elsewhere@example.com").await;
    let email = "elsewhere@example.com".parse().unwrap();
    fixture.marketplace.run(VerifyEmail { id: id(BUYER), email }).await;
    fixture.assert_skipped("user-registered").await;
}

#[tokio::test]
async fn used_password_reset_gets_no_second_link() {
    let fixture = Fixture::open().await;
    fixture.handle_throttled("password-reset-requested").await;
    let (user, replacing) = fixture.marketplace.reader.account_by_id(id(BUYER)).await.unwrap().unwrap();
    let credentials = Credentials { password_hash: "$argon2id$2".to_owned() };
    let network = KnownNetworkKey { user_id: user.id, network: NetworkDigest("home".to_owned()) };
    let (id, email) = (user.id, user.email);
    fixture.marketplace.run(ResetPassword { id, email, replacing, credentials, network }).await;
    fixture.assert_skipped("password-reset-requested").await;
}

#[tokio::test]
async fn deleted_account_gets_no_email() {
    let fixture = Fixture::open().await;
    fixture.marketplace.order(None).await;
    fixture.marketplace.delete_account(buyer()).await;
    for case in ["user-registered", "password-reset-requested", "order-confirmed"] {
        fixture.assert_skipped(case).await;
    }
}

#[tokio::test]
async fn unsubscribed_seller_gets_only_emails_about_failed_refunds() {
    let fixture = Fixture::open().await;
    fixture.confirmed_order().await;
    fixture.marketplace.run(Unsubscribe { user_id: id(SELLER), topic: Topic::Sales }).await;
    assert!(fixture.handle_case("order-confirmed").await.is_success());
    assert!(fixture.mail_catcher().sent_to(SELLER_ADDRESS).is_empty());
    assert_eq!(fixture.sent().len(), 1, "the buyer still gets an e-mail");
    fixture.marketplace.refund_by_seller(None).await;
    fixture.marketplace.refund_refused(1, "card_closed").await;
    assert!(fixture.handle_case("order-refund-failed").await.is_success());
    let to_seller = fixture.mail_catcher().sent_to(SELLER_ADDRESS);
    assert_eq!(to_seller.len(), 1);
    assert_eq!(to_seller[0].tags["kind"], "refund-failed");
}

#[tokio::test]
async fn failed_refund_does_not_hide_who_cancelled_the_order() {
    let fixture = Fixture::open().await;
    fixture.confirmed_order().await;
    fixture.marketplace.run(CancelOrder { id: id(ORDER), by: buyer(), reason: None }).await;
    fixture.marketplace.refund_made(1).await;
    fixture.marketplace.refund_reported(1, RefundStatus::Failed).await;
    assert!(fixture.handle_case("order-cancelled").await.is_success());
    assert_eq!(fixture.mail_catcher().sent_to(SELLER_ADDRESS)[0].tags["kind"], "sale-cancelled");
    assert!(fixture.sent()[0].text.contains("You cancelled the order."));
}

#[tokio::test]
async fn expired_link_is_not_sent() {
    let fixture = Fixture::open().await;
    fixture.clock.advance(Duration::from_hours(1));
    fixture.assert_skipped("password-reset-requested").await;
    fixture.clock.advance(Duration::from_hours(71));
    fixture.assert_skipped("user-registered").await;
}
