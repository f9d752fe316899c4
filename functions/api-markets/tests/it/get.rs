//! `GET /v1/markets/{id}`.

use serde_json::json;
use shared::domain::market::create::InitialStatus;
use shared::domain::market::{Market, MarketStatus};
use shared::kit::aws::dynamodb::DynamoReader;
use shared::kit::command::page::PageRequest;
use shared::repository::market::{MarketList, MarketReader, MarketSortOrder};
use test_support::fixture::{MARKET, id, moderator, new_id, seller, stranger};
use test_support::lambda_event::of_request;

use super::Markets;

#[tokio::test]
async fn a_market_is_shown_to_everybody_and_may_be_kept_for_five_seconds() {
    let markets = Markets::open().await;
    let path = format!("/v1/markets/{MARKET}");
    let answer = markets.get(&path).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["data"]["id"], MARKET);
    assert_eq!(answer.header("cache-control").unwrap(), "public, max-age=5");
    assert_eq!(answer.header("etag").unwrap(), "\"1.0\"");
    assert_eq!(markets.get_as(stranger(), &path).await.json(), answer.json());
    for status in [MarketStatus::Suspended, MarketStatus::Closed] {
        let market = markets.scene.reader.market(id(MARKET)).await.unwrap().unwrap();
        markets.scene.move_market(market, status).await;
        assert_eq!(markets.get(&path).await.json()["data"]["status"], status.as_str());
    }
}

#[tokio::test]
async fn a_draft_is_shown_to_its_creator_and_absent_for_others() {
    let markets = Markets::open().await;
    let draft = new_id::<Market>().to_string();
    markets.scene.market(&draft, seller(), InitialStatus::Draft).await;
    let path = format!("/v1/markets/{draft}");
    let own = markets.get_as(seller(), &path).await;
    assert_eq!(own.status, 200);
    assert_eq!(own.header("cache-control").unwrap(), "private, no-store");
    let absent = markets.get(&format!("/v1/markets/{}", new_id::<Market>())).await;
    for answer in [
        markets.get(&path).await,
        markets.get_as(stranger(), &path).await,
        markets.get_as(moderator(), &path).await,
    ] {
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (404, "NOT_FOUND"));
        assert_eq!(answer.bytes, absent.bytes);
    }
}

#[tokio::test]
async fn a_market_that_the_caller_has_already_is_not_sent_again() {
    let markets = Markets::open().await;
    let path = format!("/v1/markets/{MARKET}");
    let answer = markets.send(&of_request("GET", &path, &[("if-none-match", "\"1.0\"")], None)).await;
    assert_eq!((answer.status.as_u16(), answer.bytes.len()), (304, 0));
    assert_eq!(answer.header("etag").unwrap(), "\"1.0\"");
    assert_eq!(answer.header("cache-control").unwrap(), "public, max-age=5");
    let market = markets.scene.reader.market(id(MARKET)).await.unwrap().unwrap();
    markets.scene.move_market(market, MarketStatus::Closed).await;
    let answer = markets.send(&of_request("GET", &path, &[("if-none-match", "\"1.0\"")], None)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("etag").unwrap(), "\"2.0\"");
}

#[tokio::test]
async fn the_volume_is_shown_with_the_market_and_a_new_one_is_a_new_tag() {
    let markets = Markets::open().await;
    let path = format!("/v1/markets/{MARKET}");
    markets.count_sales(&[(MARKET, 3_998)]).await;
    let answer = markets.send(&of_request("GET", &path, &[("if-none-match", "\"1.0\"")], None)).await;
    assert_eq!(answer.status, 200, "the caller has another volume");
    assert_eq!(answer.json()["data"]["volume"], json!({ "amount": 3_998, "currency": "EUR" }));
    assert_eq!(answer.header("etag").unwrap(), "\"1.3998\"");
    let same = markets.send(&of_request("GET", &path, &[("if-none-match", "\"1.3998\"")], None)).await;
    assert_eq!(same.status, 304);
    let token = markets.scene.token(seller());
    let headers = [("authorization", token.as_str()), ("if-match", "\"1.0\"")];
    let cups = json!({ "name": "Cups" });
    let renamed = markets.send(&of_request("PATCH", &path, &headers, Some(&cups))).await;
    assert_eq!(renamed.status, 200, "the version is what a change is made to: {}", renamed.json());
    assert_eq!(renamed.json()["data"]["volume"]["amount"], 3_998);
    assert_eq!(renamed.header("etag").unwrap(), "\"2.3998\"");
}

#[tokio::test]
async fn a_market_is_read_with_its_volume_in_one_request() {
    let markets = Markets::open().await;
    let (table, requests) = markets.scene.table.with_recorder();
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
async fn a_token_that_is_sent_must_be_good_even_where_none_is_needed() {
    let markets = Markets::open().await;
    let path = format!("/v1/markets/{MARKET}");
    let answer =
        markets.send(&of_request("GET", &path, &[("authorization", "Bearer e30.e30.x")], None)).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "INVALID_TOKEN"));
}
