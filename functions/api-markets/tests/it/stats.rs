//! `GET /v1/markets/{id}/stats`.

use std::time::Duration;

use insta::assert_json_snapshot;
use serde_json::json;
use shared::domain::market::Market;
use shared::domain::market::create::InitialStatus;
use shared::domain::values::date::Date;
use shared::kit::command::{Adjustment, Change};
use shared::kit::system::clock::{Clock, SystemClock};
use shared::projections::daily_sales::{DailySales, DailySalesKey};
use test_support::fixture::{MARKET, id, moderator, new_id, seller, stranger};
use test_support::lambda_event::RouterResponse;

use super::Markets;

impl Markets {
    /// Adds sales of a market on a day: number of orders, volume and refunded amount.
    async fn add_sales(&self, market: &str, day: &str, [orders, volume, refunded]: [i64; 3]) {
        let key = DailySalesKey { market_id: id(market), day: day.parse().unwrap() };
        let adjustment = || {
            Adjustment::of::<DailySales>()
                .adjust_unchecked(DailySales::DATE, key.day)
                .add(DailySales::ORDERS, orders)
                .add(DailySales::VOLUME, volume)
                .add(DailySales::REFUNDED, refunded)
        };
        let change = |_| Change::of(()).adjust_unchecked::<DailySales>(&key, adjustment());
        self.marketplace.write(change).await;
    }

    async fn stats(&self, query: &str) -> RouterResponse {
        self.api.get(&format!("/v1/markets/{MARKET}/stats{query}")).by(seller()).await
    }
}

#[tokio::test]
async fn only_the_requested_days_are_returned_and_summed_up() {
    let markets = Markets::new().await;
    let other = new_id::<Market>().to_string();
    markets.marketplace.market(&other, seller(), InitialStatus::Active).await;
    markets.add_sales(&other, "2026-11-15", [9, 9, 9]).await;
    for (day, sales) in [
        ("2026-10-31", [1, 100, 0]),
        ("2026-11-01", [2, 3_998, 1_999]),
        ("2026-11-15", [1, 1_999, 0]),
        ("2026-11-30", [3, 5_997, 0]),
        ("2026-12-01", [1, 100, 0]),
    ] {
        markets.add_sales(MARKET, day, sales).await;
    }
    let response = markets.stats("?from=2026-11-01&to=2026-11-30").await;
    assert_eq!(response.status, 200, "{}", response.json());
    assert_json_snapshot!("stats", response.json());
    assert_eq!(response.header("cache-control").unwrap(), "private, no-cache");
}

#[tokio::test]
async fn default_period_is_the_last_thirty_days() {
    let markets = Markets::new().await;
    let now = SystemClock.now();
    let days_ago = |days: u64| Date::of(now.saturating_sub(Duration::from_hours(24 * days))).to_string();
    for days in [0, 29, 30] {
        markets.add_sales(MARKET, &days_ago(days), [1, 100, 0]).await;
    }
    let stats = markets.stats("").await.json()["data"].clone();
    assert_eq!((&stats["from"], &stats["to"]), (&json!(days_ago(29)), &json!(days_ago(0))));
    assert_eq!(stats["orders"], 2);
    let stats = markets.stats("?to=2026-03-30").await.json()["data"].clone();
    assert_eq!(stats["from"], "2026-03-01");
    assert_eq!(stats["days"], json!([]));
}

#[tokio::test]
async fn empty_or_too_long_period_is_refused() {
    let markets = Markets::new().await;
    for (query, expected) in [
        ("?from=2026-11-31&to=yesterday", vec!["from", "to"]),
        ("?from=2026-11-02&to=2026-11-01", vec!["from"]),
        ("?from=2999-01-01", vec!["from"]),
        ("?from=2025-11-29&to=2026-11-30", vec!["from"]),
        ("?from=-009999-01-01", vec!["from"]),
        ("?since=2026-11-01", vec!["since"]),
    ] {
        let response = markets.stats(query).await;
        assert_eq!(response.error(), (400, "VALIDATION_ERROR"), "{query}");
        assert_eq!(response.fields(), expected, "{query}");
    }
    assert_eq!(markets.stats("?from=2025-11-30&to=2026-11-30").await.status, 200, "366 days are allowed");
}

#[tokio::test]
async fn sales_are_visible_only_to_creator_and_moderators() {
    let markets = Markets::new().await;
    let draft = new_id::<Market>().to_string();
    markets.marketplace.market(&draft, seller(), InitialStatus::Draft).await;
    let absent = new_id::<Market>().to_string();
    let path = |market: &str| format!("/v1/markets/{market}/stats");
    for (market, by, status) in [
        (MARKET, seller(), 200),
        (MARKET, moderator(), 200),
        (MARKET, stranger(), 403),
        (&draft, seller(), 200),
        (&draft, moderator(), 200),
        (&draft, stranger(), 404),
        (&absent, seller(), 404),
        (&absent, moderator(), 404),
    ] {
        assert_eq!(markets.api.get(&path(market)).by(by).await.status, status, "{market} {by:?}");
    }
    let anonymous = markets.api.get(&path(MARKET)).await;
    assert_eq!(anonymous.error(), (401, "UNAUTHENTICATED"));
}
