//! A gateway that is down for everybody.

use std::time::Duration;

use shared::payment_gateway::GatewayError;
use shared::repository::order::OrderReader;
use test_support::fixture::{ORDER, id};

use super::Fixture;
use crate::scripted_gateway::{ScriptedAnswer, ScriptedGateway};

#[tokio::test]
async fn an_order_that_waits_for_a_resting_gateway_is_put_off_and_counts_what_was_attempted() {
    let saga = Fixture::open().await;
    saga.scene.order(Some("pm_card_visa")).await;
    let back_in = Duration::from_secs(3);
    let resting = |asked| ScriptedAnswer::Fail(GatewayError::CircuitOpen { back_in, asked });
    let gateway =
        ScriptedGateway::to([resting(true), resting(false), resting(false), ScriptedAnswer::Capture]);
    for _ in 0..3 {
        let ended = saga.handle_told(&gateway).await;
        assert_eq!((ended.failures.len(), ended.asked.delayed.len()), (0, 0), "{ended:?}");
        let [(message, after)] = &ended.asked.postponed[..] else { panic!("{ended:?}") };
        assert_eq!(message, "m1");
        assert!((back_in..=back_in + Duration::from_secs(1)).contains(after), "{after:?}");
        let attempts = saga.scene.reader.order_with_attempts(id(ORDER)).await.unwrap().1.unwrap();
        assert_eq!(
            (attempts.failed, attempts.last_error.as_str()),
            (1, "the payment gateway does not answer")
        );
        assert!(attempts.next_at >= Some(attempts.failed_at.saturating_add(back_in)));
    }
    assert!(saga.handle_told(&gateway).await.is_done());
    assert_eq!(saga.status().await, "confirmed");
}
