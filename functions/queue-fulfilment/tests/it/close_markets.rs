//! Markets of accounts that are suspended or deleted.

use serde_json::{Value, json};
use shared::domain::market::create::InitialStatus;
use shared::domain::market::{Market, MarketId, MarketStatus};
use shared::repository::market::MarketReader;
use shared::repository::user::UserReader;
use test_support::fixture::{MARKET, SELLER, id, new_id, seller};
use test_support::lambda_event::sqs_record;

use super::Fixture;

/// Batch of one message about the account of the seller.
fn account_event(name: &str) -> Value {
    json!({ "Records": [sqs_record("fulfilment", name, SELLER, &json!({ "userId": SELLER }))] })
}

impl Fixture {
    async fn market_status(&self, id: MarketId) -> MarketStatus {
        self.marketplace.reader.market(id).await.unwrap().unwrap().status
    }

    /// Creates a market of the seller.
    async fn create_market(&self, status: InitialStatus) -> MarketId {
        let id = new_id::<Market>();
        self.marketplace.market(&id.to_string(), seller(), status).await;
        id
    }
}

#[tokio::test]
async fn markets_of_a_suspended_account_are_closed_once() {
    let fixture = Fixture::open().await;
    let (open, draft) = (
        fixture.create_market(InitialStatus::Active).await,
        fixture.create_market(InitialStatus::Draft).await,
    );
    let event = account_event("user.changed");
    assert!(fixture.handle(&event).await.is_success());
    assert_eq!(fixture.market_status(id(MARKET)).await, MarketStatus::Active, "the account is active");
    let account = fixture.marketplace.reader.user(seller().user).await.unwrap().unwrap();
    fixture.marketplace.suspend(account).await;
    for _ in 0..2 {
        assert!(fixture.handle(&event).await.is_success());
        for market in [id(MARKET), open] {
            let market = fixture.marketplace.reader.market(market).await.unwrap().unwrap();
            assert_eq!((market.status, market.version.get()), (MarketStatus::Closed, 2));
        }
    }
    assert_eq!(fixture.market_status(draft).await, MarketStatus::Draft);
}

#[tokio::test]
async fn market_of_a_deleted_account_is_closed() {
    let fixture = Fixture::open().await;
    fixture.marketplace.delete_account(seller()).await;
    assert!(fixture.handle(&account_event("user.deleted")).await.is_success());
    assert_eq!(fixture.market_status(id(MARKET)).await, MarketStatus::Closed);
}
