//! Stored format of tallies and totals.

use insta::assert_json_snapshot;
use shared::domain::market::totals::MarketTotals;
use shared::domain::order::fulfilment::advance::FulfilmentTransition;
use shared::domain::order::payment::{Capture, GatewayId};
use shared::projections::daily_sales::{DailySales, DailySalesKey};
use shared::projections::list_total::{ListKey, ListTotal};
use shared::projections::tally::count::CountEntities;
use shared::projections::tally::{Subject, Tally};
use test_support::fixture::{BUYER, MARKET, ORDER, STRANGER, cents, id};

use crate::fixture::Fixture;
use crate::stored_format::{advance, with_account, with_order};

/// Fixture with an order that was paid and counted.
async fn with_counted_order() -> Fixture {
    let fixture = with_order(Some("pm_card_visa")).await;
    fixture.run(advance(FulfilmentTransition::Reserve)).await;
    let capture = Capture { gateway_id: GatewayId("pi_1".to_owned()), amount: cents(3_998) };
    fixture.run_later(advance(FulfilmentTransition::Captured(capture))).await;
    let mut count = CountEntities::default();
    count.order(id(ORDER), id(MARKET));
    fixture.run_later(count).await;
    fixture
}

#[tokio::test]
async fn order_tally_is_stored_beside_its_order() {
    let fixture = with_counted_order().await;
    assert_json_snapshot!("order-tally", fixture.stored::<Tally>(&Subject::Order(id(ORDER))).await);
    let orders_of_buyer = ListKey::of(format!("user#{BUYER}#orders"));
    assert_json_snapshot!("list-total", fixture.stored::<ListTotal>(&orders_of_buyer).await);
}

#[tokio::test]
async fn market_totals_and_daily_sales_are_stored() {
    let fixture = with_counted_order().await;
    assert_json_snapshot!("market-totals", fixture.stored::<MarketTotals>(&id(MARKET)).await);
    let key = DailySalesKey { market_id: id(MARKET), day: "2027-01-15".parse().unwrap() };
    assert_json_snapshot!("daily-sales", fixture.stored::<DailySales>(&key).await);
}

#[tokio::test]
async fn tally_of_a_deleted_entity_has_a_ttl() {
    let fixture = with_account().await;
    let mut count = CountEntities::default();
    count.user(id(STRANGER));
    fixture.run(count).await;
    assert_json_snapshot!(
        "tally-of-deleted-account",
        fixture.stored::<Tally>(&Subject::User(id(STRANGER))).await
    );
}
