//! What is counted, however it is heard.

use serde_json::{Value, json};
use shared::domain::market::MarketStatus;
use shared::domain::market::delete::DeleteMarket;
use shared::domain::order::fulfilment::advance::FulfilmentTransition;
use shared::domain::order::refund::RefundOrder;
use shared::domain::product::delete::DeleteProduct;
use shared::domain::user::Role;
use shared::domain::user::delete::DeleteUser;
use shared::repository::market::MarketReader;
use test_support::fixture::{BUYER, MARKET, ORDER, PRODUCT, STRANGER, actor, buyer, id, new_id, seller};

use super::{Counting, created, market_changed, message, order_created, order_event, product_changed};

#[tokio::test]
async fn whatever_there_is_is_counted_once_however_often_it_is_heard() {
    let counting = Counting::open().await;
    counting.count_the_scene().await;
    counting.is_exact().await;
    counting.confirmed(id(ORDER)).await;
    for _ in 0..3 {
        counting.hear(&[created(), order_event("order.confirmed", ORDER, MARKET), created()]).await;
        counting.count_the_scene().await;
    }
    counting.is_exact().await;
    let (counted, _) = counting.counts().await;
    assert_eq!(counted.lists[&format!("user#{BUYER}#orders#confirmed")], 1);
    assert_eq!(counted.lists["accounts#user#active"], 3);
    assert_eq!(counted.markets[MARKET], ("active".to_owned(), 1, 1_999));
}

#[tokio::test]
async fn an_order_is_counted_as_it_is_and_not_as_its_event_was() {
    let counting = Counting::open().await;
    counting.count_the_scene().await;
    counting.confirmed(id(ORDER)).await;
    // The last event comes first, and the others find nothing to do.
    counting.hear(&[order_event("order.confirmed", ORDER, MARKET)]).await;
    counting.is_exact().await;
    counting.requests.take();
    counting.hear(&[order_event("order.awaiting_payment", ORDER, MARKET)]).await;
    counting.hear(&[created()]).await;
    assert_eq!(counting.requests.take(), ["BatchGetItem", "BatchGetItem"]);
    counting.is_exact().await;
}

#[tokio::test]
async fn an_order_takes_its_market_along_that_nobody_has_counted_yet() {
    let counting = Counting::open().await;
    counting.confirmed(id(ORDER)).await;
    counting.hear(&[created()]).await;
    let (counted, _) = counting.counts().await;
    assert_eq!(counted.markets[MARKET], ("active".to_owned(), 1, 1_999));
    assert_eq!(counted.lists["markets#active"], 1);
    counting.count_the_scene().await;
    counting.is_exact().await;
}

#[tokio::test]
async fn what_goes_back_is_counted_beside_what_was_sold() {
    let counting = Counting::open().await;
    counting.count_the_scene().await;
    counting.confirmed(id(ORDER)).await;
    counting.hear(&[created()]).await;
    for (number, amount) in [(1, Some(500)), (2, None)] {
        let amount = amount.map(test_support::fixture::cents);
        let refund = RefundOrder { id: id(ORDER), by: seller(), amount, reason: "cracked".parse().unwrap() };
        counting.scene.run(refund).await;
        counting.advance(id(ORDER), FulfilmentTransition::Refunded(number)).await;
        counting.hear(&[order_event("order.partially_refunded", ORDER, MARKET)]).await;
        counting.is_exact().await;
    }
    let (counted, _) = counting.counts().await;
    assert_eq!(counted.days.values().copied().collect::<Vec<_>>(), [(1, 1_999, 1_999)]);
    assert_eq!(counted.markets[MARKET], ("active".to_owned(), 1, 1_999), "what was sold was sold");
    assert_eq!(counted.lists[&format!("market#{MARKET}#orders#refunded")], 1);
}

#[tokio::test]
async fn what_is_removed_leaves_all_its_lists_and_no_late_event_brings_it_back() {
    let counting = Counting::open().await;
    counting.count_the_scene().await;
    let stranger = actor(STRANGER, Role::User);
    let leave =
        DeleteUser { id: id(STRANGER), by: stranger, may_read: false, may_delete: false, expected: None };
    counting.scene.run(leave).await;
    counting.scene.run(DeleteProduct { id: id(PRODUCT), by: seller(), expected: None }).await;
    counting.scene.run(DeleteMarket { id: id(MARKET), by: seller(), expected: None }).await;
    let gone = [
        message("user.deleted", STRANGER, &json!({ "userId": STRANGER })),
        message("product.deleted", PRODUCT, &json!({ "productId": PRODUCT, "marketId": MARKET })),
        message("market.deleted", MARKET, &json!({ "marketId": MARKET })),
    ];
    counting.hear(&gone).await;
    counting.is_exact().await;
    counting.count_the_scene().await;
    counting.is_exact().await;
    let (counted, _) = counting.counts().await;
    assert!(counted.markets.is_empty());
    assert_eq!(
        counted.lists.keys().collect::<Vec<_>>(),
        ["accounts#moderator#active", "accounts#user#active"]
    );
}

#[tokio::test]
async fn an_order_that_is_paid_when_its_market_is_gone_sells_on_its_day_and_nowhere_else() {
    let counting = Counting::open().await;
    counting.count_the_scene().await;
    counting.scene.order(Some("pm_card_visa")).await;
    counting.scene.run(DeleteMarket { id: id(MARKET), by: seller(), expected: None }).await;
    counting.hear(&[market_changed(MARKET)]).await;
    counting.pay(id(ORDER)).await;
    counting.hear(&[created()]).await;
    counting.is_exact().await;
    let (counted, _) = counting.counts().await;
    assert_eq!((counted.markets.len(), counted.days.len()), (0, 1));
}

#[tokio::test]
async fn figures_follow_the_status_of_their_market() {
    let counting = Counting::open().await;
    counting.count_the_scene().await;
    for status in [MarketStatus::Suspended, MarketStatus::Closed, MarketStatus::Active] {
        let market = counting.scene.reader.market(id(MARKET)).await.unwrap().unwrap();
        counting.scene.move_market(market, status).await;
        counting.hear(&[market_changed(MARKET), product_changed(PRODUCT)]).await;
        counting.is_exact().await;
    }
}

#[tokio::test]
async fn two_that_count_at_once_count_once() {
    let counting = Counting::open().await;
    counting.count_the_scene().await;
    let mut messages: Vec<Value> = Vec::new();
    for _ in 0..4 {
        let order = new_id();
        counting.scene.order_of(order, id(PRODUCT), 1, None).await;
        messages.push(order_created(&order.to_string()));
    }
    let batches = (0..4).map(|_| counting.hear(&messages));
    futures::future::join_all(batches).await;
    counting.is_exact().await;
    let (counted, _) = counting.counts().await;
    assert_eq!(counted.lists[&format!("user#{}#orders#pending", buyer().user)], 4);
}
