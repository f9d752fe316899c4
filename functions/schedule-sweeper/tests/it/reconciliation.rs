//! The gateway's books against ours: the payment sandbox holds them, and sends no webhooks here.

use std::time::Duration;

use schedule_sweeper::reconciliation::{ReconcileError, Reconciliation, ReconciliationSummary};
use shared::domain::order::cancel::CancelOrder;
use shared::domain::order::fulfilment::Fulfilment;
use shared::domain::order::fulfilment::advance::{AdvanceOrder, FulfilmentTransition};
use shared::domain::order::{Order, OrderId, OrderStatus};
use shared::domain::payment::{Checkout, CheckoutIntent, GatewayId, Payment, PaymentEvent};
use shared::domain::reconciliation::compare::MismatchKind;
use shared::domain::reconciliation::discrepancy::{
    Discrepancy, DiscrepancyStatus, RecordDiscrepancy, Totals,
};
use shared::domain::refund::RefundStatus;
use shared::domain::values::money::Money;
use shared::kit::command::page::PageRequest;
use shared::kit::system::clock::{Clock, SystemClock};
use shared::payment_gateway::{CheckoutOutcome, PaymentGateway, RefundAnswer, RefundOutcome, StripeGateway};
use shared::repository::order::OrderReader;
use shared::repository::payment::PaymentReader;
use shared::repository::payment::discrepancy::DiscrepancyReader;
use stripe_sandbox::{Effect, Operation, Rule, When};
use test_support::fixture::{Marketplace, ORDER, buyer, cause, cents, id};

use super::an_order;

/// A table and the gateway's books.
struct Fixture {
    scene: Marketplace,
    gateway: StripeGateway,
}

impl Fixture {
    async fn open() -> Self {
        let scene = Marketplace::open().await;
        let gateway = StripeGateway::from_env(&scene.env("schedule-sweeper")).unwrap();
        Self { scene, gateway }
    }

    /// Compares what is due; rounds follow each other at once.
    async fn tick(&self) -> Result<ReconciliationSummary, ReconcileError> {
        let env = self.scene.env("schedule-sweeper").with("AGORA_RECONCILIATION_SECONDS", "0");
        let gateway = StripeGateway::from_env(&env).unwrap();
        let books = Reconciliation::from_env(&env, self.scene.store.clone(), gateway).unwrap();
        let now = SystemClock.now();
        Box::pin(books.tick(&cause(now), (&SystemClock, now.saturating_add(Duration::from_secs(50))))).await
    }

    /// What a tick came to: compared, healed, differing.
    async fn reconciled(&self) -> (usize, usize, usize) {
        let reconciled = self.tick().await.unwrap();
        (reconciled.compared, reconciled.healed, reconciled.differing)
    }

    /// What the buyer is to pay for an order, made at the gateway.
    async fn checkout(&self, order_id: OrderId) -> Checkout {
        let intent = CheckoutIntent { order_id, amount: cents(3_998) };
        let now = cause(SystemClock.now());
        match self.gateway.open(&intent, &now.correlation_id).await.unwrap() {
            CheckoutOutcome::Payable(checkout) => checkout,
            CheckoutOutcome::Refused(code) => panic!("{code:?}"),
        }
    }

    /// Looks again at what differed before now; says how much is right.
    async fn review(&self) -> usize {
        let env = self.scene.env("schedule-sweeper").with("AGORA_RECONCILIATION_SECONDS", "0");
        let gateway = StripeGateway::from_env(&env).unwrap();
        let books = Reconciliation::from_env(&env, self.scene.store.clone(), gateway).unwrap();
        let later = SystemClock.now().saturating_add(Duration::from_secs(1));
        let (cause, deadline) = (cause(later), later.saturating_add(Duration::from_secs(50)));
        let review = books.review(&self.scene.reader, &cause, (&SystemClock, deadline));
        Box::pin(review).await.unwrap()
    }

    /// All discrepancies, those that were first seen last first.
    async fn discrepancies(&self) -> Vec<Discrepancy> {
        let listed = self.scene.reader.discrepancies(None, &PageRequest::first(100)).await;
        listed.unwrap().items
    }

    async fn advance(&self, by: FulfilmentTransition) {
        let payment_window = Duration::from_hours(24);
        self.scene.run(AdvanceOrder { id: id(ORDER), by, payment_window }).await;
    }

    /// [`ORDER`], which waits for its payment.
    async fn waiting(&self) -> Checkout {
        self.scene.order(None).await;
        let checkout = self.checkout(id(ORDER)).await;
        self.advance(FulfilmentTransition::Reserve).await;
        self.advance(FulfilmentTransition::Payable(checkout.clone())).await;
        checkout
    }

    /// The buyer pays in a browser; says how that is answered.
    async fn pay(&self, checkout: &Checkout) -> u16 {
        let base = self.scene.table.stack().payments_endpoint();
        let address = format!("{base}/sandbox/payment_intents/{}/pay", checkout.gateway_id.0);
        let request = reqwest::Client::new().post(address).form(&[("payment_method", "pm_card_visa")]);
        request.send().await.unwrap().status().as_u16()
    }

    async fn cancel(&self) {
        self.scene.run(CancelOrder { id: id(ORDER), by: buyer(), reason: None }).await;
    }

    async fn order(&self) -> Order {
        self.scene.reader.order(id(ORDER)).await.unwrap().unwrap()
    }
}

#[tokio::test]
async fn a_payment_whose_webhook_never_came_is_found_once() {
    let books = Fixture::open().await;
    let checkout = books.waiting().await;
    assert_eq!(books.reconciled().await, (1, 0, 0), "it is still to be paid");
    assert_eq!(books.pay(&checkout).await, 200);
    assert_eq!(books.order().await.status, OrderStatus::AwaitingPayment);
    assert_eq!(books.reconciled().await, (1, 1, 0));
    let order = books.order().await;
    assert_eq!((order.status, order.fulfilment.clone()), (OrderStatus::Confirmed, Fulfilment::Finished));
    assert_eq!(books.reconciled().await, (1, 0, 0));
    assert_eq!(books.order().await, order);
}

#[tokio::test]
async fn what_an_order_that_is_over_was_to_be_paid_with_is_closed() {
    let books = Fixture::open().await;
    let checkout = books.waiting().await;
    books.cancel().await;
    assert_eq!(books.reconciled().await, (1, 1, 0));
    assert_eq!(books.pay(&checkout).await, 400);
    assert_eq!(books.reconciled().await, (1, 0, 0));
}

#[tokio::test]
async fn a_payment_after_the_end_goes_back_and_a_refund_whose_answer_was_lost_is_settled() {
    let books = Fixture::open().await;
    let checkout = books.waiting().await;
    books.cancel().await;
    assert_eq!(books.pay(&checkout).await, 200);
    assert_eq!(books.reconciled().await, (1, 1, 0));
    let order = books.order().await;
    let refund = order.pending_refund().unwrap();
    assert_eq!((order.status, refund.amount), (OrderStatus::Cancelled, cents(3_998)));
    assert_eq!(books.reconciled().await, (1, 0, 0), "it is under way, and nothing has gone back");

    let now = cause(SystemClock.now());
    let made = books.gateway.refund(&refund.intent(order.id), &now.correlation_id).await;
    assert_eq!(made, Ok(RefundAnswer::Ended(RefundOutcome::Done)));
    assert_eq!(books.reconciled().await, (1, 1, 0));
    let order = books.order().await;
    assert_eq!((order.refunds.len(), order.refunds[0].status), (1, RefundStatus::Succeeded));
    assert_eq!(order.fulfilment, Fulfilment::Finished);
    assert_eq!(books.reconciled().await, (1, 0, 0));
}

#[tokio::test]
async fn an_amount_that_differs_is_reported_until_it_is_right_and_nothing_is_changed() {
    let books = Fixture::open().await;
    let checkout = books.waiting().await;
    assert_eq!(books.pay(&checkout).await, 200);
    assert_eq!(books.reconciled().await, (1, 1, 0));
    let (payment, _) = books.scene.reader.payment(Payment::id_for(id(ORDER))).await.unwrap().unwrap();
    let event = PaymentEvent::Captured(payment.facts(payment.captured));
    let wrong = Payment { captured: cents(3_997), version: payment.version.next(), ..payment.clone() };
    books.scene.put_entity(wrong.clone(), event.clone()).await;
    assert_eq!(books.reconciled().await, (1, 0, 1));
    let (found, order) = books.scene.reader.payment(payment.id).await.unwrap().unwrap();
    assert_eq!((found, order.status), (wrong.clone(), OrderStatus::Confirmed));
    let noted = books.discrepancies().await.pop().unwrap();
    let captured = |sums: Totals| sums.captured.map(Money::amount);
    assert_eq!((noted.order_id, noted.difference), (Some(id(ORDER)), MismatchKind::Captured));
    assert_eq!((captured(noted.at_gateway), captured(noted.on_record)), (Some(3_998), Some(3_997)));

    assert_eq!(books.review().await, 0, "it is so still");
    let seen = books.discrepancies().await.pop().unwrap();
    assert_eq!((seen.first_seen_at, seen.status()), (noted.first_seen_at, DiscrepancyStatus::Open));
    assert!(seen.last_seen_at > noted.last_seen_at);
    books.scene.put_entity(Payment { version: wrong.version.next(), ..payment }, event).await;
    assert_eq!(books.reconciled().await, (1, 0, 0));
}

#[tokio::test]
async fn what_differs_is_noted_once_and_closed_when_the_books_agree_however_old_the_payment_is() {
    let books = Fixture::open().await;
    let checkout = books.waiting().await;
    assert_eq!(books.pay(&checkout).await, 200);
    assert_eq!(books.reconciled().await, (1, 1, 0));
    let (payment, _) = books.scene.reader.payment(Payment::id_for(id(ORDER))).await.unwrap().unwrap();
    let event = PaymentEvent::Captured(payment.facts(payment.captured));
    let wrong = Payment { captured: cents(3_997), version: payment.version.next(), ..payment.clone() };
    books.scene.put_entity(wrong.clone(), event.clone()).await;
    for _ in 0..3 {
        assert_eq!(books.reconciled().await, (1, 0, 1));
    }
    assert_eq!(books.discrepancies().await.len(), 1);
    books.scene.put_entity(Payment { version: wrong.version.next(), ..payment }, event).await;
    assert_eq!(books.review().await, 1);
    let closed = books.discrepancies().await.pop().unwrap();
    assert_eq!((closed.status(), closed.version.get()), (DiscrepancyStatus::Closed, 4));
    assert!(closed.closed_at.is_some() && closed.forgotten_at() > closed.closed_at);
    assert_eq!(books.review().await, 0, "what is closed is not looked at again");
}

#[tokio::test]
async fn a_payment_that_is_gone_from_the_books_of_the_gateway_stays_open() {
    let books = Fixture::open().await;
    let checkout = books.checkout(an_order()).await;
    assert_eq!(books.pay(&checkout).await, 200);
    assert_eq!(books.reconciled().await, (1, 0, 1));
    let gone = Discrepancy { id: GatewayId("pi_gone".to_owned()), ..books.discrepancies().await.remove(0) };
    books.scene.run(RecordDiscrepancy(gone)).await;
    assert_eq!(books.review().await, 0);
    let open = books.discrepancies().await;
    assert_eq!(open.len(), 2);
    assert!(open.iter().all(|found| found.status() == DiscrepancyStatus::Open && found.version.get() == 2));
}

#[tokio::test]
async fn money_for_an_order_that_there_is_not_is_reported() {
    let books = Fixture::open().await;
    let checkout = books.checkout(an_order()).await;
    assert_eq!(books.reconciled().await, (1, 0, 0));
    assert_eq!(books.pay(&checkout).await, 200);
    assert_eq!(books.reconciled().await, (1, 0, 1));
    let noted = books.discrepancies().await.pop().unwrap();
    assert_eq!((noted.difference, noted.on_record), (MismatchKind::NoOrder, Totals::default()));
}

#[tokio::test]
async fn a_round_goes_on_from_the_page_where_the_gateway_failed() {
    let books = Fixture::open().await;
    for _ in 0..60 {
        books.checkout(an_order()).await;
    }
    let sandbox = books.scene.table.stack().payments();
    sandbox.add_fault_rule(Rule::on(Operation::List, Effect::Fail { status: 400 }).when(When::Nth(2)));
    assert!(matches!(books.tick().await, Err(ReconcileError::Gateway(_))));
    assert_eq!(books.reconciled().await, (10, 0, 0));
    assert_eq!(books.reconciled().await, (60, 0, 0));
}

#[tokio::test]
async fn rounds_keep_their_distance() {
    let books = Fixture::open().await;
    books.checkout(an_order()).await;
    let env = books.scene.env("schedule-sweeper").with("AGORA_RECONCILIATION_SECONDS", "900");
    let gateway = StripeGateway::from_env(&env).unwrap();
    let patient = Reconciliation::from_env(&env, books.scene.store.clone(), gateway).unwrap();
    let (start, clock) = (SystemClock.now(), SystemClock);
    let deadline = start.saturating_add(Duration::from_secs(50));
    for _ in 0..2 {
        let tick = Box::pin(patient.tick(&cause(start), (&clock, deadline))).await.unwrap();
        assert_eq!(tick, ReconciliationSummary::default());
    }
    let later = test_support::fixture::ManualClock::at(start.saturating_add(Duration::from_mins(16)));
    let deadline = later.now().saturating_add(Duration::from_secs(50));
    let tick = Box::pin(patient.tick(&cause(later.now()), (&later, deadline))).await.unwrap();
    assert_eq!(tick.compared, 1);
    let tick = Box::pin(patient.tick(&cause(later.now()), (&later, deadline))).await.unwrap();
    assert_eq!(tick.compared, 0);
}
