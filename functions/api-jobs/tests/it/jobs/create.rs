//! `POST /v1/jobs`.

use std::time::Duration;

use serde_json::{Value, json};
use shared::domain::job::create::MAX_OPEN_JOBS;
use shared::domain::market::create::InitialStatus;
use shared::domain::user::Role;
use shared::kit::system::clock::{Clock, SystemClock};
use test_support::fixture::{MARKET, actor, moderator, new_id, seller, stranger};

use super::{Jobs, a_report, path};

impl Jobs {
    /// Names of the job events in the outbox.
    async fn published_events(&self) -> Vec<String> {
        self.unpublished("job.").await.into_iter().map(|event| event.event).collect()
    }
}

fn with(field: &str, value: Value) -> Value {
    let mut body = a_report();
    body[field] = value;
    body
}

#[tokio::test]
async fn job_is_created_once_and_returned_at_its_location() {
    let jobs = Jobs::open().await;
    let response = jobs.request(&a_report(), "k1").await;
    assert_eq!((response.status.as_u16(), response.header("etag").unwrap()), (202, "\"1\"".to_owned()));
    let shown = response.json()["data"].clone();
    let location = response.header("location").unwrap();
    assert_eq!(location, path(shown["id"].as_str().unwrap()));
    assert_eq!((&shown["status"], &shown["priority"]), (&json!("queued"), &json!("normal")));
    assert_eq!(shown["params"], json!({ "marketId": MARKET, "to": shown["createdAt"] }));
    assert_eq!(jobs.get_as_seller(&location).await.json()["data"], shown);
    let again = jobs.request(&a_report(), "k1").await;
    assert_eq!((again.status, &again.bytes), (response.status, &response.bytes));
    assert_eq!(again.header("idempotent-replay").unwrap(), "true");
    let other = jobs.request(&with("priority", json!("high")), "k1").await;
    assert_eq!(other.error(), (422, "IDEMPOTENCY_KEY_REUSED"));
    assert_eq!(jobs.published_events().await, ["job.requested"]);
}

#[tokio::test]
async fn priority_selects_the_event_and_scheduled_job_has_none() {
    let jobs = Jobs::open().await;
    let urgent = with("priority", json!("high"));
    let refused = jobs.request(&urgent, "k1").await;
    assert_eq!(refused.error(), (403, "FORBIDDEN"));
    assert_eq!(refused.json()["error"]["permission"], "jobs:prioritize");
    let by_moderator = jobs.api.post("/v1/jobs").by(moderator()).key("k1").json(&urgent).await;
    assert_eq!(by_moderator.status, 202, "{}", by_moderator.json());
    assert_eq!(jobs.published_events().await, ["job.requested.high"]);
    let at = SystemClock.now().saturating_add(Duration::from_hours(24));
    let later = jobs.request(&with("runAt", json!(at)), "k2").await.json()["data"].clone();
    assert_eq!((&later["runAt"], &later["params"]["to"]), (&json!(at), &json!(at)));
    let week = at.saturating_add(Duration::from_hours(24 * 7));
    assert_eq!(later["expiresAt"], json!(week), "the retention is counted from the scheduled time");
    assert_eq!(jobs.published_events().await.len(), 1);
}

#[tokio::test]
async fn user_has_at_most_50_open_jobs() {
    let jobs = Jobs::open().await;
    let mut first = None;
    for _ in 0..MAX_OPEN_JOBS {
        let job = jobs.requested(new_id(), SystemClock.now()).await;
        first.get_or_insert(job.id);
    }
    let refused = jobs.request(&a_report(), "k1").await;
    assert_eq!(refused.error(), (409, "INVALID_STATE"));
    let own = path(&first.unwrap().to_string());
    let cancel = jobs.api.post(&format!("{own}/cancel")).by(seller()).json(&json!({})).await;
    assert_eq!(cancel.status, 200, "{}", cancel.json());
    let created = jobs.request(&a_report(), "k1").await;
    assert_eq!(created.status, 202, "{}", created.json());
    let retry = jobs.api.post(&format!("{own}/retry")).by(seller()).json(&json!({})).await;
    assert_eq!(retry.error(), (409, "INVALID_STATE"));
    // A repetition returns the first response.
    assert_eq!(jobs.request(&a_report(), "k1").await.bytes, created.bytes);
}

#[tokio::test]
async fn all_invalid_fields_are_reported() {
    let jobs = Jobs::open().await;
    let now = SystemClock.now();
    let late = now.saturating_add(Duration::from_hours(24 * 30)).saturating_add(Duration::from_mins(1));
    let period = |from: &str, to: &str| json!({ "marketId": MARKET, "from": from, "to": to });
    for (body, field) in [
        (with("type", json!("unknown")), "type"),
        (with("type", Value::Null), "type"),
        (with("priority", json!("low")), "priority"),
        (with("runAt", json!(now)), "runAt"),
        (with("runAt", json!(late)), "runAt"),
        (with("runAt", json!("tomorrow")), "runAt"),
        (with("params", json!({})), "params.marketId"),
        (with("params", json!({ "marketId": MARKET, "rows": 1 })), "params.rows"),
        (with("params", period("2024-01-02T00:00:00Z", "2024-01-02T00:00:00Z")), "params.to"),
        (with("params", period("2024-01-02", "2024-01-03T00:00:00Z")), "params.from"),
        (with("status", json!("succeeded")), "status"),
    ] {
        let refused = jobs.request(&body, "k1").await;
        assert_eq!(refused.error(), (400, "VALIDATION_ERROR"), "{body}");
        assert!(refused.json()["error"]["fields"][field].is_string(), "{field} in {}", refused.json());
    }
    let unkeyed = jobs.api.post("/v1/jobs").by(seller()).json(&a_report()).await;
    assert_eq!(unkeyed.error(), (400, "IDEMPOTENCY_KEY_REQUIRED"));
    assert!(jobs.published_events().await.is_empty());
}

#[tokio::test]
async fn report_requires_market_ownership_or_permission() {
    let jobs = Jobs::open().await;
    let ask = async |by, body: &Value| {
        let key = unique_key();
        jobs.api.post("/v1/jobs").by(by).key(&key).json(body).await
    };
    assert_eq!(ask(stranger(), &a_report()).await.error(), (403, "FORBIDDEN"));
    assert_eq!(ask(moderator(), &a_report()).await.status, 202);
    // The role in the token is not sufficient.
    let outdated_token = actor(&stranger().user.to_string(), Role::Moderator);
    assert_eq!(ask(outdated_token, &a_report()).await.error(), (403, "FORBIDDEN"));
    let draft = new_id::<shared::domain::market::Market>().to_string();
    jobs.marketplace.market(&draft, seller(), InitialStatus::Draft).await;
    let of = |market: &str| json!({ "type": "sales_report", "params": { "marketId": market } });
    assert_eq!(ask(stranger(), &of(&draft)).await.error(), (404, "NOT_FOUND"));
    assert_eq!(ask(seller(), &of(&draft)).await.status, 202);
    let absent = new_id::<shared::domain::market::Market>().to_string();
    assert_eq!(ask(seller(), &of(&absent)).await.error(), (404, "NOT_FOUND"));
}

/// Unique idempotency key.
fn unique_key() -> String {
    new_id::<shared::domain::job::Job>().to_string()
}
