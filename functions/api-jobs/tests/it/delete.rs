//! `DELETE /v1/dead-letters/{id}`.

use serde_json::json;
use test_support::fixture::{id, moderator};

use super::{DEAD_LETTER, Jobs, admin, error, path};

#[tokio::test]
async fn removal_requires_permission_and_version() {
    let jobs = Jobs::open().await;
    let path = path(DEAD_LETTER);
    for (by, headers, status, code) in [
        (moderator(), vec![("if-match", "*")], 403, "FORBIDDEN"),
        (admin(), vec![], 428, "PRECONDITION_REQUIRED"),
        (admin(), vec![("if-match", "\"2\"")], 412, "VERSION_MISMATCH"),
    ] {
        let refused = jobs.ask(by, ("DELETE", &path), &headers, None).await;
        assert_eq!(error(&refused), (status, code.to_owned()));
    }
    assert!(jobs.stored(id(DEAD_LETTER)).await.is_some());
    let removed = jobs.ask(admin(), ("DELETE", &path), &[("if-match", "\"1\"")], None).await;
    assert_eq!((removed.status.as_u16(), removed.bytes.len()), (204, 0));
    assert_eq!(error(&jobs.get(&path).await), (404, "NOT_FOUND".to_owned()));
    let stored = jobs.stored(id(DEAD_LETTER)).await.unwrap();
    assert_eq!((stored.body.as_str(), stored.attributes.len()), ("", 0));
    assert_eq!(stored.removed.unwrap().by, admin().user);
    assert!(jobs.sent().await.is_empty());
    let removed = jobs.get("/v1/dead-letters?status=removed").await.json();
    assert_eq!(removed["data"][0]["removed"]["by"], admin().user.to_string());
    assert_eq!(jobs.get("/v1/dead-letters?queue=fulfilment").await.json()["pagination"]["total"], 0);
    let redrive = ("POST", &*format!("{path}/redrive"));
    let refused = jobs.ask(admin(), redrive, &[("idempotency-key", "k")], Some(&json!({}))).await;
    assert_eq!(error(&refused), (404, "NOT_FOUND".to_owned()));
    let again = jobs.ask(admin(), ("DELETE", &path), &[("if-match", "*")], None).await;
    assert_eq!(error(&again), (404, "NOT_FOUND".to_owned()));
}
