//! `DELETE /v1/dead-letters/{id}`.

use serde_json::json;
use test_support::fixture::{admin, id, moderator};

use super::{DEAD_LETTER, Jobs, path};

#[tokio::test]
async fn removal_requires_permission_and_version() {
    let jobs = Jobs::open().await;
    let path = path(DEAD_LETTER);
    for (by, headers, status, code) in [
        (moderator(), vec![("if-match", "*")], 403, "FORBIDDEN"),
        (admin(), vec![], 428, "PRECONDITION_REQUIRED"),
        (admin(), vec![("if-match", "\"2\"")], 412, "VERSION_MISMATCH"),
    ] {
        let refused = jobs.api.delete(&path).by(by).headers(&headers).await;
        assert_eq!(refused.error(), (status, code));
    }
    assert!(jobs.stored(id(DEAD_LETTER)).await.is_some());
    let removed = jobs.api.delete(&path).by(admin()).if_match("\"1\"").await;
    assert_eq!((removed.status.as_u16(), removed.bytes.len()), (204, 0));
    assert_eq!(jobs.get(&path).await.error(), (404, "NOT_FOUND"));
    let stored = jobs.stored(id(DEAD_LETTER)).await.unwrap();
    assert_eq!((stored.body.as_str(), stored.attributes.len()), ("", 0));
    assert_eq!(stored.removed.unwrap().by, admin().user);
    assert!(jobs.unpublished("dead_letter.").await.is_empty());
    let removed = jobs.get("/v1/dead-letters?status=removed").await.json();
    assert_eq!(removed["data"][0]["removed"]["by"], admin().user.to_string());
    assert_eq!(jobs.get("/v1/dead-letters?queue=fulfilment").await.json()["pagination"]["total"], 0);
    let refused = jobs.api.post(&format!("{path}/redrive")).by(admin()).key("k").json(&json!({})).await;
    assert_eq!(refused.error(), (404, "NOT_FOUND"));
    let again = jobs.api.delete(&path).by(admin()).if_match("*").await;
    assert_eq!(again.error(), (404, "NOT_FOUND"));
}

#[tokio::test]
async fn repeated_deletion_with_the_same_key_is_replayed() {
    let jobs = Jobs::open().await;
    let delete = || jobs.api.delete(&path(DEAD_LETTER)).by(admin()).if_match("*").key("k1");
    let (first, second) = (delete().await, delete().await);
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (204, 204));
    assert_eq!(first.header("idempotent-replay"), None);
    assert_eq!(second.header("idempotent-replay").unwrap(), "true");
}
