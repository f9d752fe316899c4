//! One event, one e-mail: however often it is delivered, and whatever becomes of its sender.

use std::time::Duration;

use local::services::ses::{Effect, Rule};
use serde_json::json;
use shared::kit::command::Store;
use shared::kit::system::clock::Clock;
use shared::messaging::email_dispatch::begin::BeginDispatch;
use test_support::fixture::cause;
use test_support::lambda_event::of_file;

use super::Fixture;

/// How long a sender is left alone.
const TERM: Duration = Duration::from_secs(15);

#[tokio::test]
async fn ten_deliveries_of_one_event_at_once_send_one_email() {
    let desk = Fixture::open().await;
    let event = of_file("queue-emails", "user-registered");
    let ended = futures::future::join_all((0..10).map(|_| desk.handle(&event))).await;
    assert!(ended.iter().all(|ended| ended.asked.buried.is_empty()), "{ended:?}");
    assert!(ended.iter().any(super::Ended::is_done), "{ended:?}");
    desk.clock.advance(TERM);
    for _ in 0..10 {
        assert!(desk.handle(&event).await.is_done());
    }
    assert_eq!(desk.sent().len(), 1);
}

#[tokio::test]
async fn a_sender_that_died_before_it_sent_anything_loses_nothing() {
    let desk = Fixture::open().await;
    desk.scene.order(None).await;
    let id = serde_json::from_value(json!("ord_01J8Z3K5V0ABCDEFGHJKMNPQRS.4")).unwrap();
    let begin = BeginDispatch { id, gist: String::new(), term: TERM };
    desk.scene.store.execute(begin, &cause(desk.clock.now())).await.unwrap();

    assert_eq!(desk.hear("order-confirmed").await.comes_back_after(), TERM);
    assert!(desk.sent().is_empty(), "somebody may be about to send it");
    desk.clock.advance(TERM);
    assert!(desk.hear("order-confirmed").await.is_done());
    assert_eq!(desk.sent().len(), 1);
}

#[tokio::test]
async fn an_email_whose_answer_is_lost_is_repeated_once_and_then_left_to_a_person() {
    let desk = Fixture::open().await;
    desk.postbox().add_fault_rule(Rule::next(Effect::DropResponse).times(2));
    for sent in [1, 2] {
        assert_eq!(desk.hear("user-registered").await.comes_back_after(), TERM);
        assert_eq!(desk.hear("user-registered").await.comes_back_after(), TERM, "nobody sends in between");
        assert_eq!(desk.sent().len(), sent);
        desk.clock.advance(TERM);
    }
    assert_eq!(desk.hear("user-registered").await.dead(), "whether the e-mail was sent is not known");
    assert_eq!(desk.sent().len(), 2);
}

#[tokio::test]
async fn an_email_whose_answer_is_lost_once_is_not_sent_a_third_time() {
    let desk = Fixture::open().await;
    desk.postbox().add_fault_rule(Rule::next(Effect::DropResponse));
    assert_eq!(desk.hear("user-registered").await.comes_back_after(), TERM);
    desk.clock.advance(TERM);
    for _ in 0..3 {
        assert!(desk.hear("user-registered").await.is_done());
        desk.clock.advance(TERM);
    }
    assert_eq!(desk.sent().len(), 2);
}

#[tokio::test]
async fn what_the_service_does_not_take_now_is_sent_later_and_once() {
    let desk = Fixture::open().await;
    for effect in [Effect::Throttle, Effect::Fail] {
        desk.postbox().add_fault_rule(Rule::next(effect).times(2));
    }
    for _ in 0..4 {
        let ended = desk.hear("user-registered").await;
        assert!(ended.comes_back_after() <= Duration::from_secs(2), "by the backoff: {ended:?}");
        assert!(desk.sent().is_empty());
    }
    assert!(desk.hear("user-registered").await.is_done());
    assert!(desk.hear("user-registered").await.is_done());
    assert_eq!(desk.sent().len(), 1);
}

#[tokio::test]
async fn what_the_service_refuses_is_dead_with_a_reason_that_gives_nothing_away_and_can_be_redriven() {
    let desk = Fixture::open().await;
    desk.postbox().add_fault_rule(Rule::next(Effect::Reject));
    let ended = desk.hear("user-registered").await;
    assert_eq!(ended.dead(), "the mail service refuses the message or its address");
    assert!(desk.sent().is_empty());
    assert!(desk.hear("user-registered").await.is_done(), "somebody has seen to it");
    assert_eq!(desk.sent().len(), 1);
}
