//! `POST /v1/dead-letters/redrive`.

use std::collections::BTreeSet;

use serde_json::json;
use test_support::fixture::{admin, moderator};

use super::{Jobs, REDRIVE};

#[tokio::test]
async fn queue_is_redriven_oldest_first_in_batches_of_25() {
    let jobs = Jobs::open().await;
    let recorded = jobs.record_many(60).await;
    let mut redriven = Vec::new();
    for (key, length, left) in [("k1", 25, 35), ("k2", 25, 10), ("k3", 10, 0), ("k4", 0, 0)] {
        let response = jobs.redrive("analytics", key).await.json()["data"].clone();
        assert_eq!(
            (response["redriven"].as_array().unwrap().len(), &response["left"]),
            (length, &json!(left))
        );
        redriven.extend(response["redriven"].as_array().unwrap().clone());
    }
    assert_eq!(redriven, recorded.iter().map(|id| json!(id)).collect::<Vec<_>>());
    let sent = jobs.unpublished("dead_letter.").await;
    assert_eq!(sent.len(), 60);
    assert!(sent.iter().all(|event| event.event == "dead_letter.redriven.analytics"));
    let bodies: BTreeSet<String> = sent.into_iter().map(|event| event.body).collect();
    assert_eq!(bodies, recorded.iter().map(|id| format!("the body of {id}")).collect());
}

#[tokio::test]
async fn concurrent_redrives_of_a_queue_send_nothing_twice() {
    let jobs = Jobs::open().await;
    jobs.record_many(20).await;
    let responses =
        futures::future::join_all(["k1", "k2", "k1"].map(|key| jobs.redrive("analytics", key))).await;
    for response in &responses {
        assert!(
            response.status == 200 || response.code() == "IDEMPOTENCY_IN_PROGRESS",
            "{}",
            response.status
        );
    }
    assert_eq!(jobs.redrive("analytics", "k3").await.json()["data"]["redriven"], json!([]));
    assert_eq!(jobs.unpublished("dead_letter.").await.len(), 20);
    let first = jobs.redrive("analytics", "k1").await;
    assert_eq!(first.header("idempotent-replay").unwrap(), "true");
}

#[tokio::test]
async fn redrive_requires_permission_key_and_queue_name() {
    let jobs = Jobs::open().await;
    let unknown = jobs.redrive("agora-fulfilment", "k1").await;
    assert_eq!(unknown.error(), (400, "VALIDATION_ERROR"));
    let rule = "must be one of fulfilment, analytics, search_index, emails, reports, urgent_reports";
    assert_eq!(unknown.json()["error"]["fields"]["queue"], rule);
    let body = json!({ "queue": "fulfilment" });
    let unkeyed = jobs.api.post(REDRIVE).by(admin()).json(&body).await;
    assert_eq!(unkeyed.error(), (400, "IDEMPOTENCY_KEY_REQUIRED"));
    let refused = jobs.api.post(REDRIVE).by(moderator()).key("k1").json(&body).await;
    assert_eq!(refused.error(), (403, "FORBIDDEN"));
    assert!(jobs.unpublished("dead_letter.").await.is_empty());
}
