//! Reconciliation with the payment sandbox, which sends no webhooks in these tests.

use std::time::Duration;

use schedule_sweeper::reconciliation::{ReconcileError, Reconciliation, ReconciliationSummary};
use shared::domain::ledger::reconciliation::compare::MismatchKind;
use shared::domain::ledger::reconciliation::discrepancy::{
    Discrepancy, DiscrepancyStatus, RecordDiscrepancy, Totals,
};
use shared::domain::order::cancel::CancelOrder;
use shared::domain::order::fulfilment::Fulfilment;
use shared::domain::order::fulfilment::advance::FulfilmentTransition;
use shared::domain::order::payment::refund::RefundStatus;
use shared::domain::order::payment::{Checkout, CheckoutIntent, GatewayId, Payment, PaymentEvent};
use shared::domain::order::{Order, OrderId, OrderStatus};
use shared::domain::values::money::Money;
use shared::kit::command::page::PageRequest;
use shared::kit::system::clock::{Clock, SystemClock};
use shared::payment_gateway::{CheckoutOutcome, PaymentGateway, RefundAnswer, StripeGateway};
use stripe_sandbox::{Effect, Operation, Rule, When};
use test_support::fixture::{MARKET, Marketplace, ORDER, PRODUCT, buyer, cents, id, test_context};

use super::new_order_id;

/// A marketplace and the payment sandbox.
pub(super) struct Fixture {
    pub(super) marketplace: Marketplace,
    pub(super) gateway: StripeGateway,
}

impl Fixture {
    pub(super) async fn open() -> Self {
        let marketplace = Marketplace::with_sample_data().await;
        let gateway = StripeGateway::from_env(&marketplace.env("schedule-sweeper")).unwrap();
        Self { marketplace, gateway }
    }

    /// Runs a tick, with no pause between rounds.
    async fn tick(&self) -> Result<ReconciliationSummary, ReconcileError> {
        let env = self.marketplace.env("schedule-sweeper").with("AGORA_RECONCILIATION_SECONDS", "0");
        let gateway = StripeGateway::from_env(&env).unwrap();
        let reconciliation = Reconciliation::from_env(&env, self.marketplace.store.clone(), gateway).unwrap();
        let now = SystemClock.now();
        Box::pin(reconciliation.tick(
            &test_context(now),
            &SystemClock,
            now.saturating_add(Duration::from_secs(50)),
        ))
        .await
    }

    /// Runs a tick and returns the numbers of payments compared, repaired and mismatched.
    pub(super) async fn reconcile(&self) -> (usize, usize, usize) {
        let summary = self.tick().await.unwrap();
        (summary.compared, summary.repaired, summary.mismatched)
    }

    /// Creates a checkout of an order at the gateway.
    async fn checkout(&self, order_id: OrderId) -> Checkout {
        let intent = CheckoutIntent { order_id, amount: cents(3_998) };
        let context = test_context(SystemClock.now());
        match self.gateway.create_checkout(&intent, &context.correlation_id).await.unwrap() {
            CheckoutOutcome::Payable(checkout) => checkout,
            CheckoutOutcome::Refused(code) => panic!("{code:?}"),
        }
    }

    /// Rechecks the open discrepancies and returns the number closed.
    async fn recheck_open(&self) -> usize {
        let env = self.marketplace.env("schedule-sweeper").with("AGORA_RECONCILIATION_SECONDS", "0");
        let gateway = StripeGateway::from_env(&env).unwrap();
        let reconciliation = Reconciliation::from_env(&env, self.marketplace.store.clone(), gateway).unwrap();
        let later = SystemClock.now().saturating_add(Duration::from_secs(1));
        let (context, deadline) = (test_context(later), later.saturating_add(Duration::from_secs(50)));
        let recheck = reconciliation.recheck_open(&self.marketplace.reader, &context, &SystemClock, deadline);
        Box::pin(recheck).await.unwrap()
    }

    /// All discrepancies, the most recently found first.
    pub(super) async fn discrepancies(&self) -> Vec<Discrepancy> {
        let listed = self.marketplace.reader.discrepancies(None, &PageRequest::first(100)).await;
        listed.unwrap().items
    }

    /// Places [`ORDER`] and brings it to `awaiting_payment`.
    pub(super) async fn place_awaiting_payment(&self) -> Checkout {
        self.marketplace.order(None).await;
        let checkout = self.checkout(id(ORDER)).await;
        self.marketplace.advance(FulfilmentTransition::Reserve).await;
        self.marketplace.advance(FulfilmentTransition::Payable(checkout.clone())).await;
        checkout
    }

    /// Pays as the buyer's browser does; returns the HTTP status.
    async fn pay(&self, checkout: &Checkout) -> u16 {
        self.pay_with(checkout, "pm_card_visa").await
    }

    /// Pays with this card; returns the HTTP status.
    pub(super) async fn pay_with(&self, checkout: &Checkout, card: &str) -> u16 {
        let base = self.marketplace.table.stack().payments_endpoint();
        let address = format!("{base}/sandbox/payment_intents/{}/pay", checkout.gateway_id.0);
        let request = reqwest::Client::new().post(address).form(&[("payment_method", card)]);
        request.send().await.unwrap().status().as_u16()
    }

    pub(super) async fn cancel(&self) {
        self.marketplace.run(CancelOrder { id: id(ORDER), by: buyer(), reason: None }).await;
    }
}

#[tokio::test]
async fn payment_with_missed_webhook_is_recorded_once() {
    let fixture = Fixture::open().await;
    let checkout = fixture.place_awaiting_payment().await;
    assert_eq!(fixture.reconcile().await, (1, 0, 0), "the order is still unpaid");
    assert_eq!(fixture.pay(&checkout).await, 200);
    assert_eq!(fixture.marketplace.stored_order(id(ORDER)).await.status, OrderStatus::AwaitingPayment);
    assert_eq!(fixture.reconcile().await, (1, 1, 0));
    let order = fixture.marketplace.stored_order(id(ORDER)).await;
    assert_eq!((order.status, order.fulfilment.clone()), (OrderStatus::Confirmed, Fulfilment::Finished));
    assert_eq!(fixture.reconcile().await, (1, 0, 0));
    assert_eq!(fixture.marketplace.stored_order(id(ORDER)).await, order);
}

#[tokio::test]
async fn open_checkout_of_an_ended_order_is_closed() {
    let fixture = Fixture::open().await;
    let checkout = fixture.place_awaiting_payment().await;
    fixture.cancel().await;
    assert_eq!(fixture.reconcile().await, (1, 1, 0));
    assert_eq!(fixture.pay(&checkout).await, 400);
    assert_eq!(fixture.reconcile().await, (1, 0, 0));
}

#[tokio::test]
async fn late_payment_is_refunded_and_a_lost_refund_response_repaired() {
    let fixture = Fixture::open().await;
    let checkout = fixture.place_awaiting_payment().await;
    fixture.cancel().await;
    assert_eq!(fixture.pay(&checkout).await, 200);
    assert_eq!(fixture.reconcile().await, (1, 1, 0));
    let order = fixture.marketplace.stored_order(id(ORDER)).await;
    let refund = order.due_refund().unwrap();
    assert_eq!((order.status, refund.amount), (OrderStatus::Cancelled, cents(3_998)));
    assert_eq!(fixture.reconcile().await, (1, 0, 0), "the refund is pending and has not been made");

    let context = test_context(SystemClock.now());
    let answer = fixture.gateway.refund(&refund.intent(order.id), &context.correlation_id).await;
    assert!(matches!(answer, Ok(RefundAnswer::Accepted(_))), "{answer:?}");
    assert_eq!(fixture.reconcile().await, (1, 1, 0));
    let order = fixture.marketplace.stored_order(id(ORDER)).await;
    assert_eq!((order.refunds.len(), order.refunds[0].status), (1, RefundStatus::Succeeded));
    assert_eq!(order.fulfilment, Fulfilment::Finished);
    assert_eq!(fixture.reconcile().await, (1, 0, 0));
}

#[tokio::test]
async fn different_amount_is_reported_without_a_repair() {
    let fixture = Fixture::open().await;
    let checkout = fixture.place_awaiting_payment().await;
    assert_eq!(fixture.pay(&checkout).await, 200);
    assert_eq!(fixture.reconcile().await, (1, 1, 0));
    let (payment, _) = fixture.marketplace.reader.payment(Payment::id_for(id(ORDER))).await.unwrap().unwrap();
    let event = PaymentEvent::Captured(payment.event_data(id(MARKET), payment.captured));
    let wrong = Payment { captured: cents(3_997), version: payment.version.next(), ..payment.clone() };
    fixture.marketplace.put_entity(wrong.clone(), event.clone()).await;
    assert_eq!(fixture.reconcile().await, (1, 0, 1));
    let (found, order) = fixture.marketplace.reader.payment(payment.id).await.unwrap().unwrap();
    assert_eq!((found, order.status), (wrong.clone(), OrderStatus::Confirmed));
    let recorded = fixture.discrepancies().await.pop().unwrap();
    let captured = |totals: Totals| totals.captured.map(Money::amount);
    assert_eq!((recorded.order_id, recorded.difference), (Some(id(ORDER)), MismatchKind::Captured));
    assert_eq!((captured(recorded.at_gateway), captured(recorded.on_record)), (Some(3_998), Some(3_997)));

    assert_eq!(fixture.recheck_open().await, 0, "the discrepancy persists");
    let rechecked = fixture.discrepancies().await.pop().unwrap();
    assert_eq!(
        (rechecked.first_seen_at, rechecked.status()),
        (recorded.first_seen_at, DiscrepancyStatus::Open)
    );
    assert!(rechecked.last_seen_at > recorded.last_seen_at);
    fixture.marketplace.put_entity(Payment { version: wrong.version.next(), ..payment }, event).await;
    assert_eq!(fixture.reconcile().await, (1, 0, 0));
}

#[tokio::test]
async fn discrepancy_is_recorded_once_and_closed_when_resolved() {
    let fixture = Fixture::open().await;
    let checkout = fixture.place_awaiting_payment().await;
    assert_eq!(fixture.pay(&checkout).await, 200);
    assert_eq!(fixture.reconcile().await, (1, 1, 0));
    let (payment, _) = fixture.marketplace.reader.payment(Payment::id_for(id(ORDER))).await.unwrap().unwrap();
    let event = PaymentEvent::Captured(payment.event_data(id(MARKET), payment.captured));
    let wrong = Payment { captured: cents(3_997), version: payment.version.next(), ..payment.clone() };
    fixture.marketplace.put_entity(wrong.clone(), event.clone()).await;
    for _ in 0..3 {
        assert_eq!(fixture.reconcile().await, (1, 0, 1));
    }
    assert_eq!(fixture.discrepancies().await.len(), 1);
    fixture.marketplace.put_entity(Payment { version: wrong.version.next(), ..payment }, event).await;
    assert_eq!(fixture.recheck_open().await, 1);
    let closed = fixture.discrepancies().await.pop().unwrap();
    assert_eq!((closed.status(), closed.version.get()), (DiscrepancyStatus::Closed, 4));
    assert!(closed.closed_at.is_some() && closed.expires_at() > closed.closed_at);
    assert_eq!(fixture.recheck_open().await, 0, "closed discrepancies are not rechecked");
}

#[tokio::test]
async fn discrepancy_of_an_unknown_gateway_payment_stays_open() {
    let fixture = Fixture::open().await;
    let checkout = fixture.checkout(new_order_id()).await;
    assert_eq!(fixture.pay(&checkout).await, 200);
    assert_eq!(fixture.reconcile().await, (1, 0, 1));
    let unknown =
        Discrepancy { id: GatewayId("pi_unknown".to_owned()), ..fixture.discrepancies().await.remove(0) };
    fixture.marketplace.run(RecordDiscrepancy(unknown)).await;
    assert_eq!(fixture.recheck_open().await, 0);
    let open = fixture.discrepancies().await;
    assert_eq!(open.len(), 2);
    assert!(open.iter().all(|found| found.status() == DiscrepancyStatus::Open && found.version.get() == 2));
}

#[tokio::test]
async fn payment_without_an_order_is_reported() {
    let fixture = Fixture::open().await;
    let checkout = fixture.checkout(new_order_id()).await;
    assert_eq!(fixture.reconcile().await, (1, 0, 0));
    assert_eq!(fixture.pay(&checkout).await, 200);
    assert_eq!(fixture.reconcile().await, (1, 0, 1));
    let recorded = fixture.discrepancies().await.pop().unwrap();
    assert_eq!((recorded.difference, recorded.on_record), (MismatchKind::NoOrder, Totals::default()));
}

#[tokio::test]
async fn round_continues_from_the_page_where_the_gateway_failed() {
    let fixture = Fixture::open().await;
    for _ in 0..60 {
        fixture.checkout(new_order_id()).await;
    }
    let sandbox = fixture.marketplace.table.stack().payments();
    sandbox.add_fault_rule(Rule::on(Operation::List, Effect::Fail { status: 400 }).when(When::Nth(2)));
    assert!(matches!(fixture.tick().await, Err(ReconcileError::Gateway(_))));
    assert_eq!(fixture.reconcile().await, (10, 0, 0));
    assert_eq!(fixture.reconcile().await, (60, 0, 0));
}

#[tokio::test]
async fn rounds_wait_for_their_interval() {
    let fixture = Fixture::open().await;
    fixture.checkout(new_order_id()).await;
    let env = fixture.marketplace.env("schedule-sweeper").with("AGORA_RECONCILIATION_SECONDS", "900");
    let gateway = StripeGateway::from_env(&env).unwrap();
    let reconciliation = Reconciliation::from_env(&env, fixture.marketplace.store.clone(), gateway).unwrap();
    let (start, clock) = (SystemClock.now(), SystemClock);
    let deadline = start.saturating_add(Duration::from_secs(50));
    for _ in 0..2 {
        let tick = Box::pin(reconciliation.tick(&test_context(start), &clock, deadline)).await.unwrap();
        assert_eq!(tick, ReconciliationSummary::default());
    }
    let later = test_support::fixture::ManualClock::at(start.saturating_add(Duration::from_mins(16)));
    let deadline = later.now().saturating_add(Duration::from_secs(50));
    let tick = Box::pin(reconciliation.tick(&test_context(later.now()), &later, deadline)).await.unwrap();
    assert_eq!(tick.compared, 1);
    let tick = Box::pin(reconciliation.tick(&test_context(later.now()), &later, deadline)).await.unwrap();
    assert_eq!(tick.compared, 0);
}

#[tokio::test]
async fn damaged_order_becomes_a_discrepancy_and_stops_no_other() {
    let fixture = Fixture::open().await;
    let checkout = fixture.place_awaiting_payment().await;
    assert_eq!(fixture.pay(&checkout).await, 200);
    let other = fixture.marketplace.order_of(new_order_id(), id(PRODUCT), 2, None).await;
    let unpaid = fixture.checkout(other.id).await;
    fixture.marketplace.run(CancelOrder { id: other.id, by: buyer(), reason: None }).await;
    fixture.marketplace.damage::<Order>(&id(ORDER)).await;
    assert_eq!(fixture.reconcile().await, (2, 1, 1), "the checkout of the other order is closed");
    assert_eq!(fixture.pay(&unpaid).await, 400);
    let discrepancies = fixture.discrepancies().await;
    assert_eq!(discrepancies.len(), 1);
    assert_eq!(discrepancies[0].difference, MismatchKind::DamagedRecord);
    assert_eq!(
        (discrepancies[0].order_id, discrepancies[0].status()),
        (Some(id(ORDER)), DiscrepancyStatus::Open)
    );
    assert_eq!(fixture.recheck_open().await, 0, "the discrepancy is confirmed");
}
