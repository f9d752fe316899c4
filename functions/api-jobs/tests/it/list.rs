//! `GET /v1/dead-letters` and `GET /v1/dead-letters/{id}`.

use std::collections::BTreeSet;

use insta::assert_json_snapshot;
use serde_json::json;
use shared::messaging::dead_letter::DeadLetter;
use shared::messaging::dead_letter::record::RecordDeadLetter;
use shared::messaging::event_routing::Subscriber;
use test_support::fixture::{admin, dead_letter, moderator, new_id, stranger};
use test_support::lambda_event::{masked, page_ids};

use super::{DEAD_LETTER, Jobs, path};

#[tokio::test]
async fn dead_letter_is_returned_with_message_and_attributes() {
    let jobs = Jobs::open().await;
    let response = jobs.get(&path(DEAD_LETTER)).await;
    assert_json_snapshot!("dead-letter", masked(&response.json(), None));
    assert_eq!(response.header("etag").unwrap(), "\"1\"");
    let unchanged = jobs.api.get(&path(DEAD_LETTER)).by(moderator()).if_none_match("\"1\"").await;
    assert_eq!((unchanged.status.as_u16(), unchanged.bytes.len()), (304, 0));
    assert_eq!(jobs.get(&path(&DEAD_LETTER.replace("QRS", "QR0"))).await.error(), (404, "NOT_FOUND"));
}

#[tokio::test]
async fn list_is_newest_first_with_filters_and_total() {
    let jobs = Jobs::open().await;
    let mut recorded: Vec<String> = jobs.record_many(5).await.iter().map(ToString::to_string).collect();
    recorded.reverse();
    let of_analytics = jobs.get("/v1/dead-letters?queue=analytics").await.json();
    assert_eq!(page_ids(&of_analytics), recorded);
    assert_eq!(of_analytics["pagination"]["total"], 5);
    assert!(of_analytics["data"][0].get("body").is_none(), "a list contains no message bodies");
    let all = jobs.get("/v1/dead-letters").await.json();
    assert_eq!((page_ids(&all).len(), &all["pagination"]["total"]), (6, &json!(6)));
    assert_eq!(jobs.redrive("analytics", "k1").await.status, 200);
    assert_eq!(page_ids(&jobs.get("/v1/dead-letters?status=dead").await.json()), [DEAD_LETTER]);
    let redriven = jobs.get("/v1/dead-letters?queue=analytics&status=redriven&fields=id").await.json();
    assert_eq!(page_ids(&redriven), recorded);
    let none = jobs.get("/v1/dead-letters?queue=analytics&status=dead").await.json();
    assert_eq!((page_ids(&none).len(), &none["pagination"]["total"]), (0, &json!(0)));
}

#[tokio::test]
async fn dead_letters_name_their_entity_and_are_filtered_by_it() {
    let jobs = Jobs::open().await;
    let orders = ["ord_01J8Z3K5V0ABCDEFGHJKMNPQRS", "ord_01J8Z3K5V0ABCDEFGHJKMNPQRT"];
    for order in orders {
        let recorded = dead_letter(new_id(), Subscriber::Fulfilment);
        let recorded = DeadLetter { subject: Some(order.to_owned()), ..recorded };
        jobs.marketplace.run(RecordDeadLetter { dead_letter: recorded, redriven_from: None }).await;
    }
    for order in orders {
        let listed = jobs.get(&format!("/v1/dead-letters?subject={order}")).await.json();
        assert_eq!((page_ids(&listed).len(), &listed["data"][0]["subject"]), (1, &json!(order)));
        assert_eq!(listed["pagination"]["total"], 1);
    }
    let none = jobs.get("/v1/dead-letters?subject=ord_01J8Z3K5V0ABCDEFGHJKMNPQRV").await.json();
    assert_eq!(none["data"], json!([]));
}

#[tokio::test]
async fn pages_over_several_queues_are_complete() {
    let jobs = Jobs::open().await;
    jobs.record_many(6).await;
    let (mut listed, mut query) = (Vec::new(), "limit=2".to_owned());
    loop {
        let page = jobs.get(&format!("/v1/dead-letters?{query}")).await.json();
        assert_eq!(page["pagination"]["total"], 7);
        listed.extend(page_ids(&page));
        let Some(cursor) = page["pagination"]["nextCursor"].as_str() else { break };
        query = format!("limit=2&cursor={cursor}");
    }
    assert_eq!(listed.len(), 7);
    assert_eq!(listed.iter().collect::<BTreeSet<_>>().len(), 7);
    let third = jobs.get("/v1/dead-letters?page=3&limit=3").await.json();
    assert_eq!((page_ids(&third).len(), &third["pagination"]["totalPages"]), (1, &json!(3)));
}

#[tokio::test]
async fn reading_requires_permission_and_valid_parameters() {
    let jobs = Jobs::open().await;
    for path in ["/v1/dead-letters".to_owned(), path(DEAD_LETTER)] {
        assert_eq!(jobs.api.get(&path).await.status, 401);
        let refused = jobs.api.get(&path).by(stranger()).await;
        assert_eq!(refused.error(), (403, "FORBIDDEN"));
        assert_eq!(jobs.api.get(&path).by(admin()).await.status, 200);
    }
    let refused = jobs.get("/v1/dead-letters?queue=agora-fulfilment&status=unknown&sort=id").await;
    assert_eq!(refused.error(), (400, "VALIDATION_ERROR"));
    let fields = refused.json()["error"]["fields"].as_object().unwrap().clone();
    assert_eq!(fields.keys().collect::<Vec<_>>(), ["queue", "sort", "status"]);
    assert_eq!(
        fields["queue"],
        "must be one of fulfilment, analytics, search_index, emails, reports, urgent_reports"
    );
    let cursor = jobs.get("/v1/dead-letters?cursor=x").await;
    assert_eq!(cursor.error(), (400, "INVALID_CURSOR"));
}
