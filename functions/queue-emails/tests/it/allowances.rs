//! Limits of e-mails about accounts per address.

use std::time::Duration;

use serde_json::{Value, json};
use shared::kit::system::clock::Clock;
use test_support::fixture::{BUYER, SELLER, STRANGER, buyer, seller, stranger};
use test_support::lambda_event::sqs_record_of_version;

use super::{ADDRESS, Fixture};

/// Address that does not want e-mails.
const VICTIM: &str = "victim@example.org";

impl Fixture {
    /// Handles an event of an account that occurs now, and returns the message.
    async fn handle_event(&self, name: &str, user: &str, version: u32) -> Value {
        let (now, data) = (self.clock.now(), json!({ "userId": user }));
        let record = sqs_record_of_version("agora-emails-queue", name, (user, version), now, &data);
        let message = json!({ "Records": [record] });
        let result = self.handle(&message).await;
        assert!(result.is_success(), "{result:?}");
        message
    }

    fn sent_to_victim(&self) -> usize {
        let tagged = "victim+again@example.org";
        [VICTIM, tagged].iter().map(|address| self.mail_catcher().sent_to(address).len()).sum()
    }
}

#[tokio::test]
async fn accounts_together_send_one_email_of_a_kind_per_minute() {
    let fixture = Fixture::open().await;
    let accounts = [
        (buyer(), BUYER, VICTIM),
        (seller(), SELLER, "victim+again@example.org"),
        (stranger(), STRANGER, VICTIM),
    ];
    for (actor, user, address) in accounts {
        fixture.request_address(actor, address).await;
        fixture.handle_event("user.email_change_requested", user, 2).await;
    }
    assert_eq!(fixture.sent_to_victim(), 1);
    for address in [ADDRESS, "seller@example.com", "stranger@example.com"] {
        assert_eq!(fixture.mail_catcher().sent_to(address).len(), 1, "each owner is notified");
    }
    fixture.clock.advance(Duration::from_mins(1));
    fixture.request_address(buyer(), VICTIM).await;
    fixture.handle_event("user.email_change_requested", BUYER, 3).await;
    assert_eq!(fixture.sent_to_victim(), 2);
}

#[tokio::test]
async fn address_gets_ten_emails_of_a_kind_in_a_day() {
    let fixture = Fixture::open().await;
    let mut suppressed = Value::Null;
    for number in 1..=13 {
        suppressed = fixture.handle_event("user.password_reset_requested", BUYER, number).await;
        fixture.clock.advance(Duration::from_mins(1));
    }
    assert_eq!(fixture.sent().len(), 10);
    fixture.handle_event("user.registered", BUYER, 1_000).await;
    assert_eq!(fixture.sent().len(), 11, "an e-mail of another kind");
    fixture.clock.advance(Duration::from_mins(30));
    assert!(fixture.handle(&suppressed).await.is_success());
    assert_eq!(fixture.sent().len(), 11, "a suppressed e-mail is not sent later");
    fixture.clock.advance(Duration::from_hours(24));
    fixture.handle_event("user.password_reset_requested", BUYER, 14).await;
    assert_eq!(fixture.sent().len(), 12);
}
