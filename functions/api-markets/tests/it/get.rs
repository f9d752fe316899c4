//! `GET /v1/markets/{id}`.

use serde_json::json;
use shared::domain::market::create::InitialStatus;
use shared::domain::market::{Market, MarketStatus};
use shared::kit::aws::dynamodb::DynamoReader;
use shared::kit::command::page::PageRequest;
use shared::repository::market::{MarketList, MarketReader, MarketSortOrder};
use test_support::fixture::{MARKET, id, moderator, new_id, seller, stranger};

use super::Markets;

#[tokio::test]
async fn market_is_public_and_cacheable_for_five_seconds() {
    let markets = Markets::new().await;
    let path = format!("/v1/markets/{MARKET}");
    let response = markets.api.get(&path).await;
    assert_eq!(response.status, 200);
    assert_eq!(response.json()["data"]["id"], MARKET);
    assert_eq!(response.header("cache-control").unwrap(), "public, max-age=5");
    assert_eq!(response.header("etag").unwrap(), "\"1.0\"");
    assert_eq!(markets.api.get(&path).by(stranger()).await.json(), response.json());
    for status in [MarketStatus::Suspended, MarketStatus::Closed] {
        markets.marketplace.set_market_status(MARKET, status).await;
        assert_eq!(markets.api.get(&path).await.json()["data"]["status"], status.to_string());
    }
}

#[tokio::test]
async fn draft_is_visible_only_to_its_creator() {
    let markets = Markets::new().await;
    let draft = new_id::<Market>().to_string();
    markets.marketplace.market(&draft, seller(), InitialStatus::Draft).await;
    let path = format!("/v1/markets/{draft}");
    let own = markets.api.get(&path).by(seller()).await;
    assert_eq!(own.status, 200);
    assert_eq!(own.header("cache-control").unwrap(), "private, no-store");
    let absent = new_id::<Market>().to_string();
    let not_found = markets.api.get(&format!("/v1/markets/{absent}")).await.json().to_string();
    for response in [
        markets.api.get(&path).await,
        markets.api.get(&path).by(stranger()).await,
        markets.api.get(&path).by(moderator()).await,
    ] {
        assert_eq!(response.error(), (404, "NOT_FOUND"));
        assert_eq!(response.json().to_string(), not_found.replace(&absent, &draft));
    }
}

#[tokio::test]
async fn matching_if_none_match_gets_304() {
    let markets = Markets::new().await;
    let path = format!("/v1/markets/{MARKET}");
    let response = markets.api.get(&path).if_none_match("\"1.0\"").await;
    assert_eq!((response.status.as_u16(), response.bytes.len()), (304, 0));
    assert_eq!(response.header("etag").unwrap(), "\"1.0\"");
    assert_eq!(response.header("cache-control").unwrap(), "public, max-age=5");
    markets.marketplace.set_market_status(MARKET, MarketStatus::Closed).await;
    let response = markets.api.get(&path).if_none_match("\"1.0\"").await;
    assert_eq!(response.status, 200);
    assert_eq!(response.header("etag").unwrap(), "\"2.0\"");
}

#[tokio::test]
async fn changed_volume_changes_the_entity_tag() {
    let markets = Markets::new().await;
    let path = format!("/v1/markets/{MARKET}");
    markets.count_sales(&[(MARKET, 3_998)]).await;
    let response = markets.api.get(&path).if_none_match("\"1.0\"").await;
    assert_eq!(response.status, 200, "the volume has changed");
    assert_eq!(response.json()["data"]["volume"], json!({ "amount": 3_998, "currency": "EUR" }));
    assert_eq!(response.header("etag").unwrap(), "\"1.3998\"");
    let same = markets.api.get(&path).if_none_match("\"1.3998\"").await;
    assert_eq!(same.status, 304);
    let cups = json!({ "name": "Cups" });
    let renamed = markets.api.patch(&path).by(seller()).if_match("\"1.0\"").json(&cups).await;
    assert_eq!(renamed.status, 200, "If-Match compares only the version: {}", renamed.json());
    assert_eq!(renamed.json()["data"]["volume"]["amount"], 3_998);
    assert_eq!(renamed.header("etag").unwrap(), "\"2.3998\"");
}

#[tokio::test]
async fn market_and_volume_are_read_in_one_request() {
    let markets = Markets::new().await;
    let (table, requests) = markets.marketplace.table.with_recorder();
    let reader = DynamoReader::new(table);
    reader.market_with_volume(id(MARKET)).await.unwrap().unwrap();
    assert_eq!(requests.take(), ["BatchGetItem"]);
    let order = MarketSortOrder::Volume { descending: true };
    let list = MarketList { status: MarketStatus::Active, search: None, order };
    markets.count_sales(&[(MARKET, 1)]).await;
    assert_eq!(reader.markets(&list, &PageRequest::first(20)).await.unwrap().items.len(), 1);
    assert_eq!(requests.take(), ["Query", "BatchGetItem"]);
}

#[tokio::test]
async fn invalid_token_is_refused_even_if_none_is_required() {
    let markets = Markets::new().await;
    let path = format!("/v1/markets/{MARKET}");
    let response = markets.api.get(&path).header("authorization", "Bearer e30.e30.x").await;
    assert_eq!(response.error(), (401, "INVALID_TOKEN"));
}
