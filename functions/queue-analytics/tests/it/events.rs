//! Every event in `events/queue-analytics/`.

use shared::domain::market::delete::DeleteMarket;
use test_support::fixture::{MARKET, ORDER, id, seller};
use test_support::lambda_event::{cases, of_file};

use super::Counting;

/// The events, in an order in which they happen; how many lists have something in them then, and whether the message is
/// buried. An order is in four: its buyer's and its market's, each as a whole and by its status.
const ENDS: [(&str, usize, usize); 7] = [
    ("user-registered", 1, 0),
    ("product-changed", 2, 0),
    ("market-created", 3, 0),
    ("order-created", 7, 0),
    ("order-confirmed", 7, 0),
    ("market-deleted", 6, 0),
    ("unreadable", 6, 1),
];

#[tokio::test]
async fn every_event_ends_as_its_name_says() {
    let counting = Counting::open().await;
    let mut sent = Vec::new();
    for (case, lists, buried) in ENDS {
        match case {
            "order-created" => drop(counting.scene.order(Some("pm_card_visa")).await),
            "order-confirmed" => counting.pay(id(ORDER)).await,
            "market-deleted" => {
                counting.scene.run(DeleteMarket { id: id(MARKET), by: seller(), expected: None }).await;
            }
            _ => {}
        }
        let (failures, asked) = counting.handle(&of_file("queue-analytics", case)).await;
        assert!(failures.is_empty(), "{case}: {failures:?}");
        assert_eq!(asked.buried.len(), buried, "{case}");
        let (counted, _) = counting.counts().await;
        assert_eq!(counted.lists.len(), lists, "{case}: {counted:?}");
        assert_eq!(counted.days.len(), usize::from(sent.contains(&"order-created".to_owned())), "{case}");
        sent.push(case.to_owned());
    }
    sent.sort();
    assert_eq!(sent, cases("queue-analytics"), "an event is not handled, or does not exist");
}
