//! Each event sends one e-mail, despite duplicate deliveries and crashes.

use std::time::Duration;

use local::services::ses::{Effect, Rule};
use serde_json::{Value, json};
use shared::kit::command::Store;
use shared::kit::resilience::pacing::{Schedule, SlotRequest};
use shared::kit::system::clock::Clock;
use shared::messaging::email_dispatch::begin::BeginDispatch;
use shared::messaging::email_dispatch::end::EndDispatch;
use test_support::fixture::test_context;
use test_support::lambda_event::{event_from_file, set_call_slot};
use test_support::queue_function::BatchResult;

use super::{ADDRESS, Fixture, SELLER_ADDRESS};

/// Lease of the instance that sends an e-mail.
const SEND_LEASE: Duration = Duration::from_secs(15);

impl Fixture {
    /// Takes the slots of the next minute, as other instances do.
    async fn take_slots_of_a_minute(&self) {
        let (length, now) = (Duration::from_mins(1), self.clock.now());
        let minute = SlotRequest { length, now, known_end: None };
        self.marketplace.store.take("mail", minute).await.unwrap();
    }

    /// Deferred message of an example event, delivered at the time of its slot.
    fn deferred(&self, case: &str) -> Value {
        let mut event = event_from_file("queue-emails", case);
        set_call_slot(&mut event, self.clock.now());
        event
    }
}

#[tokio::test]
async fn ten_concurrent_deliveries_send_one_email() {
    let fixture = Fixture::open().await;
    let event = event_from_file("queue-emails", "user-registered");
    let results = futures::future::join_all((0..10).map(|_| fixture.handle(&event))).await;
    assert!(results.iter().all(|result| result.calls.dead_lettered.is_empty()), "{results:?}");
    assert!(results.iter().any(BatchResult::is_success), "{results:?}");
    fixture.clock.advance(SEND_LEASE);
    for _ in 0..10 {
        assert!(fixture.handle(&event).await.is_success());
    }
    assert_eq!(fixture.sent().len(), 1);
}

#[tokio::test]
async fn email_is_sent_after_a_crash_before_sending() {
    let fixture = Fixture::open().await;
    fixture.marketplace.order(None).await;
    let id = serde_json::from_value(json!("ord_01J8Z3K5V0ABCDEFGHJKMNPQRS.4")).unwrap();
    let begin = BeginDispatch { id, fingerprint: String::new(), lease: SEND_LEASE, allowance: None };
    fixture.marketplace.store.execute(begin, &test_context(fixture.clock.now())).await.unwrap();

    assert_eq!(fixture.handle_case("order-confirmed").await.retry_delay(), SEND_LEASE);
    assert!(fixture.sent().is_empty(), "another instance may be about to send it");
    fixture.clock.advance(SEND_LEASE);
    assert!(fixture.handle_case("order-confirmed").await.is_success());
    assert_eq!(fixture.sent().len(), 1);
}

#[tokio::test]
async fn email_with_two_lost_responses_is_dead_lettered() {
    let fixture = Fixture::open().await;
    fixture.mail_catcher().add_fault_rule(Rule::next(Effect::DropResponse).times(2));
    for sent in [1, 2] {
        assert_eq!(fixture.handle_case("user-registered").await.retry_delay(), SEND_LEASE);
        assert_eq!(
            fixture.handle_case("user-registered").await.retry_delay(),
            SEND_LEASE,
            "no instance sends it during the lease"
        );
        assert_eq!(fixture.sent().len(), sent);
        fixture.clock.advance(SEND_LEASE);
    }
    assert_eq!(
        fixture.handle_case("user-registered").await.dead_letter_reason(),
        "whether the e-mail was sent is not known"
    );
    assert_eq!(fixture.sent().len(), 2);
}

#[tokio::test]
async fn email_with_one_lost_response_is_sent_at_most_twice() {
    let fixture = Fixture::open().await;
    fixture.mail_catcher().add_fault_rule(Rule::next(Effect::DropResponse));
    assert_eq!(fixture.handle_case("user-registered").await.retry_delay(), SEND_LEASE);
    fixture.clock.advance(SEND_LEASE);
    for _ in 0..3 {
        assert!(fixture.handle_case("user-registered").await.is_success());
        fixture.clock.advance(SEND_LEASE);
    }
    assert_eq!(fixture.sent().len(), 2);
}

#[tokio::test]
async fn throttled_email_is_sent_once_later() {
    let fixture = Fixture::open().await;
    for effect in [Effect::Throttle, Effect::Fail] {
        fixture.mail_catcher().add_fault_rule(Rule::next(effect).times(2));
    }
    for _ in 0..4 {
        let result = fixture.handle_case("user-registered").await;
        assert!(result.retry_delay() <= Duration::from_secs(2), "the backoff applies: {result:?}");
        assert!(fixture.sent().is_empty());
    }
    assert!(fixture.handle_case("user-registered").await.is_success());
    assert!(fixture.handle_case("user-registered").await.is_success());
    assert_eq!(fixture.sent().len(), 1);
}

#[tokio::test]
async fn throttled_email_to_one_recipient_is_retried_alone() {
    let fixture = Fixture::open().await;
    fixture.confirmed_order().await;
    fixture.mail_catcher().add_fault_rule(Rule::next(Effect::Throttle));
    let result = fixture.handle_case("order-confirmed").await;
    assert_eq!((result.retried().len(), fixture.mail_catcher().sent().len()), (1, 1));
    for _ in 0..2 {
        assert!(fixture.handle_case("order-confirmed").await.is_success());
        let sent = [ADDRESS, SELLER_ADDRESS].map(|address| fixture.mail_catcher().sent_to(address).len());
        assert_eq!(sent, [1, 1]);
    }
}

#[tokio::test]
async fn rejected_email_is_dead_lettered_and_can_be_redriven() {
    let fixture = Fixture::open().await;
    fixture.mail_catcher().add_fault_rule(Rule::next(Effect::Reject));
    let result = fixture.handle_case("user-registered").await;
    assert_eq!(result.dead_letter_reason(), "the mail service refuses the message or its address");
    assert!(fixture.sent().is_empty());
    assert!(
        fixture.handle_case("user-registered").await.is_success(),
        "a redrive succeeds once the cause is fixed"
    );
    assert_eq!(fixture.sent().len(), 1);
}

#[tokio::test]
async fn email_waits_in_the_queue_for_its_turn() {
    let fixture = Fixture::open().await;
    let now = fixture.clock.now();
    fixture.take_slots_of_a_minute().await;
    let result = fixture.handle_case("user-registered").await;
    let [(deferred, _)] = &result.calls.deferred[..] else { panic!("{result:?}") };
    assert_eq!(deferred.call_slot(), Some(now.saturating_add(Duration::from_mins(1))));
    assert!(fixture.sent().is_empty());

    fixture.clock.advance(Duration::from_mins(1));
    assert!(fixture.handle(&fixture.deferred("user-registered")).await.is_success());
    assert_eq!(fixture.sent().len(), 1);
}

#[tokio::test]
async fn slot_is_used_by_the_email_that_is_not_sent_yet() {
    let fixture = Fixture::open().await;
    fixture.confirmed_order().await;
    // The e-mail to the buyer was sent, and the one to the seller was deferred.
    let id = serde_json::from_value(json!("ord_01J8Z3K5V0ABCDEFGHJKMNPQRS.4")).unwrap();
    let command = BeginDispatch { id, fingerprint: String::new(), lease: SEND_LEASE, allowance: None };
    let context = test_context(fixture.clock.now());
    let begun = fixture.marketplace.store.execute(command, &context).await.unwrap().into_output();
    fixture.marketplace.store.execute(EndDispatch { begun, sent: true }, &context).await.unwrap();
    fixture.take_slots_of_a_minute().await;
    assert!(fixture.handle(&fixture.deferred("order-confirmed")).await.is_success());
    assert!(fixture.sent().is_empty());
    assert_eq!(fixture.mail_catcher().sent_to(SELLER_ADDRESS).len(), 1);
}

#[tokio::test]
async fn refused_calls_of_the_mail_service_are_retried() {
    let fixture = Fixture::open().await;
    for effect in [Effect::Throttle, Effect::DailyQuota, Effect::Pause, Effect::Fail] {
        fixture.mail_catcher().add_fault_rule(Rule::next(effect));
        let result = fixture.handle_case("user-registered").await;
        assert_eq!(result.retried().len(), 1, "{effect:?}: {result:?}");
        assert!(fixture.sent().is_empty());
    }
    assert!(fixture.handle_case("user-registered").await.is_success());
    assert_eq!(fixture.sent().len(), 1);
}
