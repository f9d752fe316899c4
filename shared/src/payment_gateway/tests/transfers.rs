//! Transfers to connected accounts.

use stripe_sandbox::{DroppedResponse, Effect, Operation};

use super::{Fixture, euro};
use crate::domain::order::payment::{DeclineCode, GatewayId};
use crate::payment_gateway::GatewayError;
use crate::payment_gateway::payout_gateway::{
    GatewayTransfer, PayoutGateway, PayoutName, TransferAnswer, TransferIntent,
};

fn intent(account: &GatewayId, amount: i64, attempt: u32) -> TransferIntent {
    let payout = PayoutName("pay_1".to_owned());
    TransferIntent { payout, attempt, amount: euro(amount), account: account.clone() }
}

impl Fixture {
    async fn transfer(&self, intent: &TransferIntent) -> Result<TransferAnswer, GatewayError> {
        self.gateway.transfer(intent, &self.correlation).await
    }

    async fn transfers(&self, payout: &str) -> Vec<GatewayTransfer> {
        self.gateway.transfers(&PayoutName(payout.to_owned()), &self.correlation).await.unwrap()
    }
}

fn refused(code: &str) -> TransferAnswer {
    TransferAnswer::Refused(DeclineCode::new(code))
}

#[tokio::test]
async fn repeated_intent_sends_once_and_is_found() {
    let fixture = Fixture::new();
    fixture.charge("pm_card_visa").await;
    let account = fixture.enabled_account().await;
    let intent = intent(&account, 1_000, 1);
    assert_eq!(intent.idempotency_key(), "pay_1-transfer-1");
    let sent = fixture.transfer(&intent).await.unwrap();
    assert_eq!(fixture.transfer(&intent).await.unwrap(), sent);
    let found = fixture.transfers("pay_1").await;
    let [transfer] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(sent, TransferAnswer::Sent(transfer.id.clone()));
    assert_eq!((&transfer.account, transfer.amount, transfer.reversed), (&account, euro(1_000), euro(0)));
    assert_eq!(transfer.payout, Some(intent.payout));
    assert_eq!(fixture.transfers("pay_2").await, []);
    let reverse = format!("/sandbox/transfers/{}/reverse", transfer.id);
    fixture.post(&reverse, "amount=300").await;
    assert_eq!(fixture.transfers("pay_1").await[0].reversed, euro(300));
}

#[tokio::test]
async fn insufficient_balance_needs_the_next_attempt() {
    let fixture = Fixture::new();
    let account = fixture.enabled_account().await;
    let first = intent(&account, 1_000, 1);
    assert_eq!(fixture.transfer(&first).await, Ok(TransferAnswer::Insufficient));
    fixture.charge("pm_card_visa").await;
    assert_eq!(fixture.transfer(&first).await, Ok(TransferAnswer::Insufficient), "the key remembers it");
    let sent = fixture.transfer(&intent(&account, 1_000, 2)).await.unwrap();
    assert!(matches!(sent, TransferAnswer::Sent(_)), "{sent:?}");
}

#[tokio::test]
async fn account_that_is_closed_or_disabled_is_refused() {
    let fixture = Fixture::new();
    fixture.charge("pm_card_visa").await;
    let account = fixture.enabled_account().await;
    fixture.post(&format!("/sandbox/accounts/{account}/disable"), "").await;
    let code = "insufficient_capabilities_for_transfer";
    assert_eq!(fixture.transfer(&intent(&account, 5, 1)).await, Ok(refused(code)));
    fixture.post(&format!("/sandbox/accounts/{account}/close"), "").await;
    assert_eq!(fixture.transfer(&intent(&account, 5, 2)).await, Ok(refused("resource_missing")));
}

#[tokio::test]
async fn stored_500_is_resolved_by_the_transfers_of_the_payout() {
    let fixture = Fixture::new();
    fixture.charge("pm_card_visa").await;
    let account = fixture.enabled_account().await;
    fixture.fault(Operation::CreateTransfer, Effect::Fail { status: 500 });
    let first = intent(&account, 5, 1);
    assert_eq!(fixture.transfer(&first).await, Ok(TransferAnswer::NotSent));
    assert_eq!(fixture.transfer(&first).await, Ok(TransferAnswer::NotSent), "the key remembers it");
    let dropped = Effect::ChargeAndDropResponse { answer: DroppedResponse::InternalError };
    fixture.fault(Operation::CreateTransfer, dropped);
    let second = intent(&account, 5, 2);
    let sent = fixture.transfer(&second).await.unwrap();
    assert_eq!(sent, TransferAnswer::Sent(fixture.transfers("pay_1").await[0].id.clone()));
    assert_eq!(fixture.transfer(&second).await.unwrap(), sent);
    assert_eq!(fixture.sandbox.ledger().transfers.len(), 1);
}

#[tokio::test]
async fn lost_response_is_repeated_under_the_key() {
    let fixture = Fixture::new();
    fixture.charge("pm_card_visa").await;
    let account = fixture.enabled_account().await;
    let dropped = Effect::ChargeAndDropResponse { answer: DroppedResponse::Close };
    fixture.fault(Operation::CreateTransfer, dropped);
    let sent = fixture.transfer(&intent(&account, 5, 1)).await.unwrap();
    assert!(matches!(sent, TransferAnswer::Sent(_)), "{sent:?}");
    assert_eq!(fixture.sandbox.ledger().transfers.len(), 1);
}

#[tokio::test]
async fn key_of_another_amount_yields_the_transfer_made() {
    let fixture = Fixture::new();
    fixture.charge("pm_card_visa").await;
    let account = fixture.enabled_account().await;
    let sent = fixture.transfer(&intent(&account, 5, 1)).await.unwrap();
    assert_eq!(fixture.transfer(&intent(&account, 6, 1)).await.unwrap(), sent);
    fixture.post("/v1/transfers", &format!("amount=1&currency=eur&destination={account}")).await;
    assert_eq!(fixture.sandbox.ledger().transfers.len(), 2);
}

#[tokio::test]
async fn unknown_outcomes_are_errors() {
    let fixture = Fixture::new();
    let account = fixture.enabled_account().await;
    fixture.fault(Operation::CreateTransfer, Effect::Fail { status: 401 });
    assert_eq!(fixture.transfer(&intent(&account, 5, 1)).await, Err(GatewayError::Misconfigured));
    fixture.fault(Operation::CreateTransfer, Effect::Fail { status: 500 });
    fixture.fault(Operation::RetrieveTransfer, Effect::Fail { status: 500 });
    let unknown = fixture.transfer(&intent(&account, 5, 2)).await;
    assert_eq!(unknown, Err(GatewayError::Unavailable), "the transfer may have been made");
}
