//! Webhooks about disputes, transfers and connected accounts, as the sandbox sends them.

use std::future::Future;

use futures::FutureExt as _;
use serde_json::Value;
use stripe_sandbox::signature;

use super::Fixture;
use crate::domain::order::payment::GatewayId;
use crate::kit::system::clock::Timestamp;
use crate::kit::system::config::Environment;
use crate::payment_gateway::payout_gateway::PayoutName;
use crate::payment_gateway::webhook::{
    ChangedGatewayObject, GatewayEvent, WebhookError, WebhookEvent, WebhookVerifier,
};

/// Sandbox that keeps the webhooks of both endpoints.
fn listening() -> Fixture {
    let fixture = Fixture::new();
    fixture.sandbox.set_webhook_url(Some("http://127.0.0.1:1".to_owned()));
    fixture.sandbox.set_connect_webhook(Some("http://127.0.0.1:1".to_owned()), "whsec_connect");
    fixture
}

/// Result of a call of the sandbox, which responds immediately.
fn now<T>(call: impl Future<Output = T>) -> T {
    call.now_or_never().expect("no rule delays the sandbox")
}

fn event(payload: &str) -> GatewayEvent {
    serde_json::from_str(payload).unwrap()
}

/// Changes that the webhooks of the sandbox report, without those that are not relevant.
fn changes(fixture: &Fixture) -> Vec<ChangedGatewayObject> {
    let webhooks = fixture.sandbox.take_webhooks();
    webhooks.iter().filter_map(|payload| event(payload).changed_object()).collect()
}

#[test]
fn webhooks_name_the_changed_objects() {
    // Outside a runtime, the sandbox leaves its webhooks to the caller.
    let fixture = listening();
    now(fixture.charge("pm_card_createDispute"));
    let dispute = GatewayId(fixture.sandbox.ledger().disputes[0].id.clone());
    assert_eq!(changes(&fixture), vec![ChangedGatewayObject::Dispute(dispute.clone()); 2]);
    now(fixture.post(&format!("/sandbox/disputes/{dispute}/win"), ""));
    assert_eq!(changes(&fixture), vec![ChangedGatewayObject::Dispute(dispute); 2]);

    let account = now(fixture.enabled_account());
    assert_eq!(changes(&fixture), [ChangedGatewayObject::Account(account.clone())]);
    now(fixture.post("/sandbox/balance_transactions", "type=topup&amount=5000&currency=eur"));
    let form = format!("amount=5&currency=eur&destination={account}&transfer_group=pay_1");
    let id = GatewayId(now(fixture.post("/v1/transfers", &form))["id"].as_str().unwrap().to_owned());
    let payout = Some(PayoutName("pay_1".to_owned()));
    let transferred = ChangedGatewayObject::Transfer { id, payout };
    assert_eq!(changes(&fixture), [transferred]);

    let form = format!("account={account}&currency=eur");
    let payout = now(fixture.post("/sandbox/payouts", &form))["id"].as_str().unwrap().to_owned();
    assert_eq!(changes(&fixture), [], "a created payout changes nothing");
    now(fixture.post(&format!("/sandbox/payouts/{payout}/fail"), ""));
    let failed = ChangedGatewayObject::FailedAccountPayout { account, payout: GatewayId(payout) };
    assert_eq!(changes(&fixture), [failed]);
}

#[test]
fn objects_of_connected_accounts_are_their_own() {
    let of_account = |kind: &str| {
        let payload = serde_json::json!({
            "id": "evt_1", "type": kind, "account": "acct_1",
            "data": { "object": {
                "id": "x_1", "payment_intent": "pi_1", "amount_received": 5, "currency": "eur",
                "metadata": { "order_id": super::ORDER },
            } },
        });
        event(&payload.to_string())
    };
    for kind in ["charge.dispute.created", "transfer.created", "payment_intent.succeeded", "refund.updated"] {
        let event = of_account(kind);
        assert_eq!((event.changed_object(), event.report()), (None, WebhookEvent::Ignored), "{kind}");
    }
}

#[test]
fn events_without_an_object_or_of_another_type_are_ignored() {
    for payload in [
        r#"{"id": "evt_1", "type": "charge.dispute.created"}"#,
        r#"{"id": "evt_1", "type": "transfer.created", "data": {"object": {}}}"#,
        r#"{"id": "evt_1", "type": "account.updated", "data": {"object": {"id": "acct_1"}}}"#,
        r#"{"id": "evt_1", "type": "payout.failed", "data": {"object": {"id": "po_1"}}}"#,
        r#"{"id": "evt_1", "type": "topup.created", "data": {"object": {"id": "tu_1"}}}"#,
    ] {
        assert_eq!(event(payload).changed_object(), None, "{payload}");
    }
}

#[test]
fn endpoint_of_connected_accounts_has_its_own_secret() {
    let secret = ("AGORA_CONNECT_WEBHOOK_SECRET".to_owned(), "whsec_connect".to_owned());
    let env: Environment = [secret].into_iter().collect();
    let verifier = WebhookVerifier::of_connected_accounts(&env).unwrap();
    let (now, payload) = (Timestamp::from_millis(1_700_000_000_000), Value::Null.to_string());
    let at = "2023-11-14T22:13:20Z".parse().unwrap();
    let verify = |secret: &str| verifier.verify(&signature(secret, at, &payload), payload.as_bytes(), now);
    assert_eq!(verify("whsec_connect"), Ok(()));
    assert_eq!(verify("whsec_1"), Err(WebhookError::InvalidSignature));
}
