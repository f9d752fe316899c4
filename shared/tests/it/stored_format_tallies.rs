//! Stored format of tallies and totals.

use serde_json::json;
use shared::domain::market::totals::MarketTotals;
use shared::domain::order::fulfilment::advance::FulfilmentTransition;
use shared::domain::order::payment::{Capture, GatewayId};
use shared::projections::daily_sales::{DailySales, DailySalesKey};
use shared::projections::list_total::{ListKey, ListTotal};
use shared::projections::tally::count::CountEntities;
use shared::projections::tally::{Subject, Tally};
use test_support::fixture::{BUYER, MARKET, ORDER, STRANGER, cents, id};

use crate::fixture::Fixture;
use crate::stored_format::{AT, advance, with_account, with_order};

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
    let [of_buyer, in_market] = [format!("user#{BUYER}#orders"), format!("market#{MARKET}#orders")];
    let (buyers, markets) = (format!("{of_buyer}#confirmed"), format!("{in_market}#confirmed"));
    let tally = json!({
        "pk": format!("order#{ORDER}"),
        "sk": "tally",
        "kind": "tally",
        "id": ORDER,
        "version": 1,
        "counted": { "at": 3 },
        "lists": [in_market, markets, of_buyer, buyers],
        "sale": {
            "marketId": MARKET,
            "day": "2027-01-15",
            "volume": { "amount": 3_998, "currency": "EUR" },
            "refunded": { "amount": 0, "currency": "EUR" },
        },
    });
    assert_eq!(fixture.stored::<Tally>(&Subject::Order(id(ORDER))).await, tally);
    let total = json!({
        "pk": format!("total#{of_buyer}"),
        "sk": "total",
        "kind": "list-total",
        "count": 1,
    });
    assert_eq!(fixture.stored::<ListTotal>(&ListKey::of(of_buyer)).await, total);
}

#[tokio::test]
async fn market_totals_and_daily_sales_are_stored() {
    let fixture = with_counted_order().await;
    let totals = json!({
        "pk": format!("market#{MARKET}"),
        "sk": "totals",
        "kind": "market-totals",
        "parentKey": "markets#active#volume",
        "parentSort": format!("0000000000000003998#{MARKET}"),
        "marketId": MARKET,
        "version": 1,
        "status": "active",
        "orders": 1,
        "volume": 3_998,
    });
    assert_eq!(fixture.stored::<MarketTotals>(&id(MARKET)).await, totals);
    let day = json!({
        "pk": format!("market#{MARKET}"),
        "sk": "sales#2027-01-15",
        "kind": "day-sales",
        "date": "2027-01-15",
        "orders": 1,
        "volume": 3_998,
        "refunded": 0,
    });
    let key = DailySalesKey { market_id: id(MARKET), day: "2027-01-15".parse().unwrap() };
    assert_eq!(fixture.stored::<DailySales>(&key).await, day);
}

#[tokio::test]
async fn tally_of_a_deleted_entity_has_a_ttl() {
    let fixture = with_account().await;
    let mut count = CountEntities::default();
    count.user(id(STRANGER));
    fixture.run(count).await;
    let tally = json!({
        "pk": format!("user#{STRANGER}"),
        "sk": "tally",
        "kind": "tally",
        "id": STRANGER,
        "version": 1,
        "counted": { "deleted": AT },
        "lists": [],
        "sale": null,
        "ttl": 1_802_592_000,
    });
    assert_eq!(fixture.stored::<Tally>(&Subject::User(id(STRANGER))).await, tally);
}
