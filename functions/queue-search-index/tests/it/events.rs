//! Every event in `events/queue-search-index/`.

use shared::domain::market::MarketStatus;
use shared::domain::product::delete::DeleteProduct;
use shared::repository::market::MarketReader;
use test_support::fixture::{MARKET, PRODUCT, id, seller};
use test_support::lambda_event::{cases, of_file};

use super::Indexing;

/// The events, in an order in which they happen; how many terms have a posting then, and whether the message is buried.
/// The market is called "Mugs and more", the product "Mug".
const ENDS: [(&str, usize, usize); 6] = [
    ("market-created", 2, 0),
    ("product-changed", 3, 0),
    ("product-deleted", 2, 0),
    ("market-changed", 0, 0),
    ("market-deleted", 0, 0),
    ("unreadable", 0, 1),
];

#[tokio::test]
async fn every_event_ends_as_its_name_says() {
    let indexing = Indexing::open().await;
    let mut sent = Vec::new();
    for (case, terms, buried) in ENDS {
        match case {
            "product-deleted" => {
                let delete = DeleteProduct { id: id(PRODUCT), by: seller(), expected: None };
                indexing.scene.run(delete).await;
            }
            "market-changed" => {
                let market = indexing.scene.reader.market(id(MARKET)).await.unwrap().unwrap();
                indexing.scene.move_market(market, MarketStatus::Closed).await;
            }
            _ => {}
        }
        let (failures, asked) = indexing.handle(&of_file("queue-search-index", case)).await;
        assert!(failures.is_empty(), "{case}: {failures:?}");
        assert_eq!(asked.buried.len(), buried, "{case}");
        let postings = indexing.postings().await;
        assert_eq!(postings.len(), terms, "{case}: {postings:?}");
        sent.push(case.to_owned());
    }
    sent.sort();
    assert_eq!(sent, cases("queue-search-index"), "an event is not handled, or does not exist");
}
