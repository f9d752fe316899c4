//! Webhooks about connected accounts.

use serde_json::json;

use crate::payment_gateway::webhook::{GatewayEvent, WebhookEvent};

#[test]
fn payments_of_connected_accounts_are_their_own() {
    for kind in ["payment_intent.succeeded", "payment_intent.payment_failed", "refund.updated"] {
        let payload = json!({
            "id": "evt_1", "type": kind, "account": "acct_1",
            "data": { "object": {
                "id": "x_1", "payment_intent": "pi_1", "amount_received": 5, "currency": "eur",
                "metadata": { "order_id": super::ORDER },
            } },
        });
        let event: GatewayEvent = serde_json::from_value(payload).unwrap();
        assert_eq!(event.report(), WebhookEvent::Ignored, "{kind}");
    }
}
