//! Totals after duplicate, late and concurrent events.

use serde_json::{Value, json};
use shared::domain::market::MarketStatus;
use shared::domain::order::payment::refund::RefundStatus;
use shared::domain::product::delete::DeleteProduct;
use shared::domain::user::Role;
use test_support::fixture::{BUYER, MARKET, ORDER, PRODUCT, STRANGER, actor, buyer, id, new_id, seller};

use super::{Fixture, created, market_changed, message, order_created, order_event, product_changed};

#[tokio::test]
async fn duplicate_events_are_counted_once() {
    let fixture = Fixture::open().await;
    fixture.count_marketplace().await;
    fixture.assert_totals_are_exact().await;
    fixture.place_and_pay(id(ORDER)).await;
    for _ in 0..3 {
        fixture.count(&[created(), order_event("order.confirmed", ORDER, MARKET), created()]).await;
        fixture.count_marketplace().await;
    }
    fixture.assert_totals_are_exact().await;
    let (counted, _) = fixture.counts().await;
    assert_eq!(counted.lists[&format!("user#{BUYER}#orders#confirmed")], 1);
    assert_eq!(counted.lists["accounts#user#active"], 3);
    assert_eq!(counted.markets[MARKET], ("active".to_owned(), 1, 1_999));
}

#[tokio::test]
async fn out_of_order_events_count_the_current_order() {
    let fixture = Fixture::open().await;
    fixture.count_marketplace().await;
    fixture.place_and_pay(id(ORDER)).await;
    // The last event arrives first; the others change nothing.
    fixture.count(&[order_event("order.confirmed", ORDER, MARKET)]).await;
    fixture.assert_totals_are_exact().await;
    fixture.requests.take();
    fixture.count(&[order_event("order.awaiting_payment", ORDER, MARKET)]).await;
    fixture.count(&[created()]).await;
    assert_eq!(fixture.requests.take(), ["BatchGetItem", "BatchGetItem"]);
    fixture.assert_totals_are_exact().await;
}

#[tokio::test]
async fn order_event_also_counts_its_uncounted_market() {
    let fixture = Fixture::open().await;
    fixture.place_and_pay(id(ORDER)).await;
    fixture.count(&[created()]).await;
    let (counted, _) = fixture.counts().await;
    assert_eq!(counted.markets[MARKET], ("active".to_owned(), 1, 1_999));
    assert_eq!(counted.lists["markets#active"], 1);
    fixture.count_marketplace().await;
    fixture.assert_totals_are_exact().await;
}

#[tokio::test]
async fn refunds_are_counted_beside_sales() {
    let fixture = Fixture::open().await;
    fixture.count_marketplace().await;
    fixture.place_and_pay(id(ORDER)).await;
    fixture.count(&[created()]).await;
    for (number, amount) in [(1, Some(500)), (2, None)] {
        fixture.marketplace.refund_by_seller(amount).await;
        fixture.marketplace.refund_made(number).await;
        fixture.count(&[order_event("order.partially_refunded", ORDER, MARKET)]).await;
        fixture.assert_totals_are_exact().await;
    }
    let (counted, _) = fixture.counts().await;
    assert_eq!(counted.days.values().copied().collect::<Vec<_>>(), [(1, 1_999, 1_999)]);
    assert_eq!(
        counted.markets[MARKET],
        ("active".to_owned(), 1, 1_999),
        "a refund does not reduce the sales of the market"
    );
    assert_eq!(counted.lists[&format!("market#{MARKET}#orders#refunded")], 1);
}

#[tokio::test]
async fn refund_that_fails_later_is_subtracted() {
    let fixture = Fixture::open().await;
    fixture.count_marketplace().await;
    fixture.place_and_pay(id(ORDER)).await;
    fixture.marketplace.refund_by_seller(Some(500)).await;
    fixture.marketplace.refund_made(1).await;
    fixture.count(&[order_event("order.partially_refunded", ORDER, MARKET)]).await;
    assert_eq!(fixture.counts().await.0.days.values().copied().collect::<Vec<_>>(), [(1, 1_999, 500)]);
    fixture.marketplace.refund_reported(1, RefundStatus::Failed).await;
    fixture.count(&[order_event("order.refund_failed", ORDER, MARKET)]).await;
    assert_eq!(fixture.counts().await.0.days.values().copied().collect::<Vec<_>>(), [(1, 1_999, 0)]);
    fixture.assert_totals_are_exact().await;
}

#[tokio::test]
async fn deleted_entities_leave_all_lists_despite_late_events() {
    let fixture = Fixture::open().await;
    fixture.count_marketplace().await;
    fixture.marketplace.delete_account(actor(STRANGER, Role::User)).await;
    fixture.marketplace.run(DeleteProduct { id: id(PRODUCT), by: seller(), expected: None }).await;
    fixture.marketplace.delete_market().await;
    let deletions = [
        message("user.deleted", STRANGER, &json!({ "userId": STRANGER })),
        message("product.deleted", PRODUCT, &json!({ "productId": PRODUCT, "marketId": MARKET })),
        message("market.deleted", MARKET, &json!({ "marketId": MARKET })),
    ];
    fixture.count(&deletions).await;
    fixture.assert_totals_are_exact().await;
    fixture.count_marketplace().await;
    fixture.assert_totals_are_exact().await;
    let (counted, _) = fixture.counts().await;
    assert!(counted.markets.is_empty());
    assert_eq!(
        counted.lists.keys().collect::<Vec<_>>(),
        ["accounts#moderator#active", "accounts#user#active"]
    );
}

#[tokio::test]
async fn order_paid_after_market_deletion_counts_for_its_day_only() {
    let fixture = Fixture::open().await;
    fixture.count_marketplace().await;
    fixture.marketplace.order(Some("pm_card_visa")).await;
    fixture.marketplace.delete_market().await;
    fixture.count(&[market_changed(MARKET)]).await;
    fixture.pay(id(ORDER)).await;
    fixture.count(&[created()]).await;
    fixture.assert_totals_are_exact().await;
    let (counted, _) = fixture.counts().await;
    assert_eq!((counted.markets.len(), counted.days.len()), (0, 1));
}

#[tokio::test]
async fn totals_follow_the_status_of_their_market() {
    let fixture = Fixture::open().await;
    fixture.count_marketplace().await;
    for status in [MarketStatus::Suspended, MarketStatus::Closed, MarketStatus::Active] {
        fixture.marketplace.set_market_status(MARKET, status).await;
        fixture.count(&[market_changed(MARKET), product_changed(PRODUCT)]).await;
        fixture.assert_totals_are_exact().await;
    }
}

#[tokio::test]
async fn concurrent_batches_count_each_order_once() {
    let fixture = Fixture::open().await;
    fixture.count_marketplace().await;
    let mut messages: Vec<Value> = Vec::new();
    for _ in 0..4 {
        let order = new_id();
        fixture.marketplace.order_of(order, id(PRODUCT), 1, None).await;
        messages.push(order_created(&order.to_string()));
    }
    let batches = (0..4).map(|_| fixture.count(&messages));
    futures::future::join_all(batches).await;
    fixture.assert_totals_are_exact().await;
    let (counted, _) = fixture.counts().await;
    assert_eq!(counted.lists[&format!("user#{}#orders#pending", buyer().user)], 4);
}
