//! A gateway that is down for all orders.

use std::time::Duration;

use shared::payment_gateway::GatewayError;
use test_support::fixture::{ORDER, id};

use super::Fixture;
use crate::scripted_gateway::{ScriptedAnswer, ScriptedGateway};

#[tokio::test]
async fn open_circuit_requeues_the_order_and_counts_only_attempts() {
    let fixture = Fixture::open().await;
    fixture.marketplace.order(Some("pm_card_visa")).await;
    let retry_after = Duration::from_secs(3);
    let circuit_open = |attempted| ScriptedAnswer::Fail(GatewayError::CircuitOpen { retry_after, attempted });
    let gateway = ScriptedGateway::new([
        circuit_open(true),
        circuit_open(false),
        circuit_open(false),
        ScriptedAnswer::Capture,
    ]);
    for _ in 0..3 {
        let result = fixture.handle_scripted(&gateway).await;
        assert_eq!((result.failures.len(), result.calls.visibility_changed.len()), (0, 0), "{result:?}");
        let [(message, after)] = &result.calls.retried[..] else { panic!("{result:?}") };
        assert_eq!(message, "m1");
        assert!((retry_after..=retry_after + Duration::from_secs(1)).contains(after), "{after:?}");
        let attempts = fixture.marketplace.reader.order_with_attempts(id(ORDER)).await.unwrap().1.unwrap();
        assert_eq!(
            (attempts.failed, attempts.last_error.as_str()),
            (1, "the payment gateway does not respond")
        );
        assert!(attempts.next_at >= Some(attempts.failed_at.saturating_add(retry_after)));
    }
    assert!(fixture.handle_scripted(&gateway).await.is_success());
    assert_eq!(fixture.status().await, "confirmed");
}
