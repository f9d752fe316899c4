//! Refunds that change at the payment sandbox, without any webhook.

use std::time::Duration;

use schedule_sweeper::reconciliation::Reconciliation;
use shared::domain::ledger::reconciliation::compare::MismatchKind;
use shared::domain::ledger::reconciliation::cursor::{
    AdvanceCursor, PaymentsCursorKey, ReconciliationCursor, RoundConfig,
};
use shared::domain::ledger::reconciliation::discrepancy::DiscrepancyStatus;
use shared::domain::order::fulfilment::advance::FulfilmentTransition;
use shared::domain::order::fulfilment::record_capture::RecordCapture;
use shared::domain::order::payment::Capture;
use shared::domain::order::payment::refund::RefundStatus;
use shared::domain::order::{Order, OrderStatus};
use shared::kit::aws::dynamodb::DynamoStore;
use shared::kit::command::{ReadSet, Store as _};
use shared::kit::system::clock::{Clock, SystemClock, Timestamp};
use shared::payment_gateway::{PaymentGateway, PaymentLedger, RefundAnswer, StripeGateway};
use test_support::fixture::{ManualClock, ORDER, cents, id, test_context};

use crate::reconciliation::Fixture;

impl Fixture {
    /// Places [`ORDER`], which is paid with this card.
    async fn paid_with(card: &str) -> Self {
        let fixture = Self::open().await;
        let checkout = fixture.place_awaiting_payment().await;
        assert_eq!(fixture.pay_with(&checkout, card).await, 200);
        // The order must be unchanged for a minute before its refunds are compared.
        let earlier = SystemClock.now().saturating_sub(Duration::from_mins(10));
        let capture = Capture { gateway_id: checkout.gateway_id, amount: cents(3_998) };
        fixture.marketplace.run_at(earlier, RecordCapture { order_id: id(ORDER), capture }).await;
        assert_eq!(fixture.order().await.status, OrderStatus::Confirmed);
        fixture
    }

    async fn order(&self) -> Order {
        self.marketplace.stored_order(id(ORDER)).await
    }

    /// Refunds the order in full, and requests the refund as the saga does.
    async fn refund(&self) {
        self.marketplace.refund_by_seller(None).await;
        let (order, context) = (self.order().await, test_context(SystemClock.now()));
        let intent = order.due_refund().unwrap().intent(order.id);
        let answer = self.gateway.refund(&intent, &context.correlation_id).await.unwrap();
        let RefundAnswer::Accepted(refund) = answer else { panic!("{answer:?}") };
        self.marketplace.advance(FulfilmentTransition::RefundReported(refund)).await;
    }

    /// Reconciliation, with the clock of a time to come, its context and its deadline.
    fn later(&self, after: Duration) -> (Reconciliation<DynamoStore, StripeGateway>, ManualClock, Timestamp) {
        let env = self.marketplace.env("schedule-sweeper");
        let gateway = StripeGateway::from_env(&env).unwrap();
        let reconciliation = Reconciliation::from_env(&env, self.marketplace.store.clone(), gateway).unwrap();
        let clock = ManualClock::at(SystemClock.now().saturating_add(after));
        let deadline = clock.now().saturating_add(Duration::from_secs(50));
        (reconciliation, clock, deadline)
    }

    /// Checks the refunds that are due after this time; returns the number of orders checked.
    async fn check_refunds(&self, after: Duration) -> usize {
        let (reconciliation, clock, deadline) = self.later(after);
        let context = test_context(clock.now());
        let check = reconciliation.check_refunds(&self.marketplace.reader, &context, &clock, deadline);
        Box::pin(check).await.unwrap()
    }

    /// Rechecks the open discrepancies after this time; returns the number closed.
    async fn recheck(&self, after: Duration) -> usize {
        let (reconciliation, clock, deadline) = self.later(after);
        let context = test_context(clock.now());
        let recheck = reconciliation.recheck_open(&self.marketplace.reader, &context, &clock, deadline);
        Box::pin(recheck).await.unwrap()
    }

    async fn last_refund(&self) -> RefundStatus {
        self.order().await.refunds.last().unwrap().status
    }
}

#[tokio::test]
async fn pending_refund_is_checked_until_it_is_made() {
    let fixture = Fixture::paid_with("pm_card_pendingRefund").await;
    fixture.refund().await;
    assert_eq!(fixture.check_refunds(Duration::from_mins(59)).await, 0);
    assert_eq!(fixture.check_refunds(Duration::from_mins(61)).await, 1);
    assert_eq!(fixture.last_refund().await, RefundStatus::Pending);
    assert_eq!(fixture.check_refunds(Duration::from_mins(62)).await, 0, "the next check is planned");
    fixture.marketplace.settle_refund().await;
    assert_eq!(fixture.check_refunds(Duration::from_hours(3)).await, 1);
    assert_eq!(fixture.last_refund().await, RefundStatus::Succeeded);
    assert_eq!(fixture.order().await.status, OrderStatus::Refunded);
    assert_eq!(fixture.check_refunds(Duration::from_hours(29 * 24)).await, 0);
    assert!(fixture.discrepancies().await.is_empty());
}

#[tokio::test]
async fn late_failure_is_found_and_stays_a_discrepancy_until_refunded() {
    let fixture = Fixture::paid_with("pm_card_refundFail").await;
    fixture.refund().await;
    assert_eq!(fixture.order().await.status, OrderStatus::Refunded);
    fixture.marketplace.settle_refund().await;
    assert_eq!(fixture.check_refunds(Duration::from_hours(31 * 24)).await, 1);
    assert_eq!(fixture.last_refund().await, RefundStatus::Failed);
    assert_eq!(fixture.order().await.status, OrderStatus::Refunded);
    let found = fixture.discrepancies().await.pop().unwrap();
    assert_eq!((found.order_id, found.difference), (Some(id(ORDER)), MismatchKind::RefundFailed));
    assert_eq!(found.status(), DiscrepancyStatus::Open);

    assert_eq!(fixture.recheck(Duration::from_hours(32 * 24)).await, 0, "the money is not refunded");
    fixture.refund().await;
    assert_eq!(fixture.recheck(Duration::from_hours(33 * 24)).await, 1, "the second refund has not failed");
}

#[tokio::test]
async fn failure_from_a_webhook_is_a_discrepancy_at_the_next_check() {
    let fixture = Fixture::paid_with("pm_card_refundFail").await;
    fixture.refund().await;
    fixture.marketplace.settle_refund().await;
    let refund = fixture.order().await.refunds[0].clone();
    let context = test_context(SystemClock.now());
    let refunds = fixture.gateway.refunds(&refund.gateway_id, &context.correlation_id).await.unwrap();
    fixture.marketplace.advance(FulfilmentTransition::RefundReported(refunds[0].clone())).await;
    assert_eq!(fixture.check_refunds(Duration::from_secs(1)).await, 1);
    assert_eq!(fixture.discrepancies().await.len(), 1);
    assert_eq!(fixture.check_refunds(Duration::from_secs(2)).await, 0);
}

#[tokio::test]
async fn refund_in_the_dashboard_is_recorded_by_the_reconciliation() {
    let fixture = Fixture::paid_with("pm_card_visa").await;
    fixture.marketplace.refund_in_dashboard(500).await;
    assert_eq!(fixture.reconcile().await, (1, 1, 0));
    let refunds = fixture.order().await.refunds;
    assert_eq!((refunds.len(), refunds[0].status), (1, RefundStatus::Succeeded));
    assert_eq!(fixture.reconcile().await, (1, 0, 0));
}

#[tokio::test]
async fn refund_in_an_unsupported_currency_hides_no_other() {
    let fixture = Fixture::paid_with("pm_card_visa").await;
    for amount in [500, 300] {
        fixture.marketplace.refund_in_dashboard(amount).await;
    }
    let form = [
        ("amount", "5000"),
        ("currency", "kwd"),
        ("payment_method", "pm_card_visa"),
        ("confirm", "true"),
        ("payment_method_types[]", "card"),
    ];
    let foreign = fixture.marketplace.call_payments("/v1/payment_intents", &form).await;
    let form = [("payment_intent", foreign["id"].as_str().unwrap())];
    fixture.marketplace.call_payments("/v1/refunds", &form).await;

    let (now, hour) = (SystemClock.now(), Duration::from_hours(1));
    let (from, until, context) = (now.saturating_sub(hour), now.saturating_add(hour), test_context(now));
    let refunds = fixture.gateway.refunds_created(from, until, &context.correlation_id).await.unwrap();
    let amounts: Vec<_> = refunds.iter().map(|refund| refund.amount.amount()).collect();
    assert_eq!(amounts, [500, 300], "oldest first");
}

#[tokio::test]
async fn refund_in_the_dashboard_of_an_old_payment_is_recorded() {
    let fixture = Fixture::paid_with("pm_card_visa").await;
    assert_eq!(fixture.reconcile().await, (1, 0, 0));
    fixture.marketplace.refund_in_dashboard(500).await;
    let rounds = RoundConfig { interval: Duration::from_hours(1), overlap: Duration::ZERO };
    let gateway = StripeGateway::from_env(&fixture.marketplace.env("schedule-sweeper")).unwrap();
    let store = fixture.marketplace.store.clone();
    let reconciliation = Reconciliation { store, gateway, rounds };
    let later = ManualClock::at(SystemClock.now().saturating_add(Duration::from_secs(2)));
    // The round covers the payments of the last two seconds only.
    let (context, deadline) =
        (test_context(later.now()), later.now().saturating_add(Duration::from_secs(50)));
    let stored: Option<ReconciliationCursor> =
        fixture.marketplace.store.load(ReadSet::get(&PaymentsCursorKey)).await.unwrap();
    let to = ReconciliationCursor { from: later.now(), ..stored.unwrap() };
    fixture.marketplace.run(AdvanceCursor { from: Some(to.version), to }).await;
    let summary = Box::pin(reconciliation.tick(&context, &later, deadline)).await.unwrap();
    assert_eq!((summary.compared, summary.repaired), (0, 1));
    assert_eq!(fixture.order().await.refunds.len(), 1);
}
