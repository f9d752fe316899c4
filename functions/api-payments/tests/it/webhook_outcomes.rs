//! Effects of webhooks on orders.

use std::time::Duration;

use futures::future::join_all;
use shared::domain::order::cancel::CancelOrder;
use shared::domain::order::expire::ExpireOrder;
use shared::domain::order::fulfilment::advance::FulfilmentTransition;
use shared::domain::order::fulfilment::{Fulfilment, StockPosition};
use shared::domain::order::payment::DeclineCode;
use shared::domain::order::payment::refund::RefundStatus;
use shared::domain::order::{Order, OrderStatus};
use shared::kit::system::clock::{Clock, SystemClock};
use test_support::fixture::{ORDER, buyer, id, stock};

use super::{Payments, capture, paid, report, total};

/// Statuses that an order has had.
fn statuses(order: &Order) -> Vec<OrderStatus> {
    order.timeline.iter().map(|entry| entry.status).collect()
}

#[tokio::test]
async fn payment_confirms_the_order_that_awaits_it() {
    for payments in [Payments::awaiting().await, Payments::charging().await] {
        assert_eq!(payments.report(&paid("evt_1")).await.status, 200);
        let order = payments.marketplace.stored_order(id(ORDER)).await;
        assert_eq!((order.status, &order.fulfilment), (OrderStatus::Confirmed, &Fulfilment::Finished));
        assert!(order.payment_id.is_some());
        assert_eq!(payments.marketplace.stock().await, stock(8, 0, 2));
    }
}

#[tokio::test]
async fn duplicate_webhooks_have_one_effect() {
    let payments = Payments::awaiting().await;
    let first = paid("evt_1");
    let responses = join_all((0..10).map(|_| payments.report(&first))).await;
    assert!(responses.iter().all(|response| response.status == 200));
    let confirmed = payments.marketplace.stored_order(id(ORDER)).await;
    assert_eq!(payments.report(&paid("evt_2")).await.status, 200);
    let failed = report("evt_0", "payment_intent.payment_failed", 0, "eur");
    assert_eq!(payments.report(&failed).await.status, 200);
    assert_eq!(payments.marketplace.stored_order(id(ORDER)).await, confirmed);
    assert_eq!(payments.marketplace.stock().await, stock(8, 0, 2));
}

#[tokio::test]
async fn webhook_for_a_recorded_capture_has_no_effect() {
    let payments = Payments::charging().await;
    payments.marketplace.advance(capture()).await;
    let confirmed = payments.marketplace.stored_order(id(ORDER)).await;
    assert_eq!(payments.report(&paid("evt_1")).await.status, 200);
    assert_eq!(payments.marketplace.stored_order(id(ORDER)).await, confirmed);
}

#[tokio::test]
async fn payment_of_an_ended_order_is_refunded_once() {
    for end in ["cancelled", "expired", "rejected"] {
        let payments =
            if end == "rejected" { Payments::charging().await } else { Payments::awaiting().await };
        match end {
            "cancelled" => {
                payments.marketplace.run(CancelOrder { id: id(ORDER), by: buyer(), reason: None }).await;
            }
            "expired" => {
                let tomorrow = SystemClock.now().saturating_add(Duration::from_hours(25));
                payments.marketplace.run_at(tomorrow, ExpireOrder { id: id(ORDER) }).await;
                payments.marketplace.advance(FulfilmentTransition::CheckoutClosed).await;
            }
            _ => {
                let declined = DeclineCode::new("card_declined");
                payments.marketplace.advance(FulfilmentTransition::Declined(declined)).await;
            }
        }
        let before = statuses(&payments.marketplace.stored_order(id(ORDER)).await);
        for event in ["evt_1", "evt_1", "evt_2"] {
            assert_eq!(payments.report(&paid(event)).await.status, 200);
        }
        let order = payments.marketplace.stored_order(id(ORDER)).await;
        assert_eq!(
            order.fulfilment,
            Fulfilment::Refunding { stock_position: StockPosition::Available },
            "{end}"
        );
        assert_eq!((order.refunds.len(), order.refunds[0].amount), (1, total()));
        payments.marketplace.refund_made(1).await;
        assert_eq!(payments.report(&paid("evt_3")).await.status, 200);
        let order = payments.marketplace.stored_order(id(ORDER)).await;
        assert_eq!((statuses(&order), &order.fulfilment), (before, &Fulfilment::Finished));
        assert_eq!((order.refunds.len(), order.refunds[0].status), (1, RefundStatus::Succeeded));
        assert_eq!(payments.marketplace.stock().await, stock(10, 0, 0), "{end}");
    }
}

#[tokio::test]
async fn payment_of_a_wrong_amount_is_refunded() {
    for (amount, currency) in [(3_997, "eur"), (3_999, "eur"), (3_998, "usd")] {
        let payments = Payments::awaiting().await;
        let wrong = report("evt_1", "payment_intent.succeeded", amount, currency);
        assert_eq!(payments.report(&wrong).await.status, 200);
        let order = payments.marketplace.stored_order(id(ORDER)).await;
        assert_eq!(order.status, OrderStatus::AwaitingPayment);
        assert_eq!(order.refunds[0].amount.amount(), amount);
        assert_eq!(payments.marketplace.stock().await, stock(8, 2, 0));
        payments.marketplace.refund_made(1).await;
        assert_eq!(payments.marketplace.stored_order(id(ORDER)).await.status, OrderStatus::Rejected);
        assert_eq!(payments.marketplace.stock().await, stock(10, 0, 0));
    }
}

#[tokio::test]
async fn second_payment_of_a_confirmed_order_is_refunded() {
    let payments = Payments::awaiting().await;
    assert_eq!(payments.report(&paid("evt_1")).await.status, 200);
    let mut second = paid("evt_2");
    second["data"]["object"]["id"] = "pi_another".into();
    assert_eq!(payments.report(&second).await.status, 200);
    payments.marketplace.refund_made(1).await;
    let order = payments.marketplace.stored_order(id(ORDER)).await;
    assert_eq!(
        (order.status, order.refunds[0].gateway_id.0.as_str()),
        (OrderStatus::Confirmed, "pi_another")
    );
    assert_eq!(payments.marketplace.stock().await, stock(8, 0, 2));
}

#[tokio::test]
async fn declined_payment_is_recorded_once() {
    let payments = Payments::awaiting().await;
    let failed = report("evt_1", "payment_intent.payment_failed", 0, "eur");
    for _ in 0..3 {
        assert_eq!(payments.report(&failed).await.status, 200);
    }
    let (order, attempts) = payments.marketplace.reader.order_with_attempts(id(ORDER)).await.unwrap();
    assert_eq!(order.unwrap().status, OrderStatus::AwaitingPayment);
    let attempts = attempts.unwrap();
    assert_eq!((attempts.failed, attempts.step.as_str()), (1, "awaiting payment"));
    assert_eq!(attempts.last_error, "the payment was declined; it can be tried again");
}
