//! `GET /v1/jobs` and `GET /v1/jobs/{id}`.

use std::time::Duration;

use futures::future::join_all;
use insta::assert_json_snapshot;
use serde_json::json;
use shared::domain::job::JobId;
use shared::kit::system::clock::{Clock, SystemClock};
use test_support::fixture::{buyer, moderator, new_id, seller};
use test_support::lambda_event::{masked, page_ids};

use super::{JOB, Jobs, expired_creation_time, path, the_job};

#[tokio::test]
async fn job_is_returned_with_progress_and_result() {
    let jobs = Jobs::open().await;
    let job = jobs.started(the_job()).await;
    let job = jobs.advanced(&job, "heading\r\n1\r\n", false).await;
    let shown = jobs.get_as_seller(&path(JOB)).await.json();
    assert_eq!(shown["data"]["params"]["to"], shown["data"]["createdAt"]);
    assert_eq!(shown["data"]["expiresAt"], json!(job.expires_at));
    assert_json_snapshot!("running-job", masked(&shown, None));
    jobs.advanced(&job, "2\r\n", true).await;
    let response = jobs.get_as_seller(&path(JOB)).await;
    let succeeded = response.json()["data"].clone();
    assert_eq!(succeeded["result"], json!({ "rows": 2, "bytes": 15, "parts": 1 }));
    assert_eq!(
        (&succeeded["status"], &succeeded["progress"]),
        (&json!("succeeded"), &json!({ "done": 2, "total": 2 }))
    );
    assert!(succeeded["finishedAt"].is_string());
    let tag = response.header("etag").unwrap();
    let unchanged = jobs.api.get(&path(JOB)).by(seller()).if_none_match(&tag).await;
    assert_eq!((unchanged.status.as_u16(), unchanged.bytes.len()), (304, 0));
}

#[tokio::test]
async fn other_users_and_expired_jobs_are_not_found() {
    let jobs = Jobs::open().await;
    jobs.succeeded(the_job(), "heading\r\n").await;
    let expired: JobId = new_id();
    jobs.requested(expired, expired_creation_time()).await;
    let absent = new_id::<shared::domain::job::Job>().to_string();
    let not_found = jobs.get_as_seller(&path(&absent)).await.json()["error"].to_string();
    for (by, job) in
        [(buyer(), JOB.to_owned()), (moderator(), JOB.to_owned()), (seller(), expired.to_string())]
    {
        for (method, rest) in [("GET", ""), ("GET", "/result"), ("POST", "/cancel"), ("POST", "/retry")] {
            let response = jobs.api.request(method, &format!("{}{rest}", path(&job))).by(by).await;
            assert_eq!(response.error(), (404, "NOT_FOUND"), "{method} {rest}");
            assert_eq!(response.json()["error"].to_string(), not_found.replace(&absent, &job));
        }
    }
    let own = jobs.get_as_seller("/v1/jobs").await.json();
    assert_eq!((page_ids(&own), &own["pagination"]["total"]), (vec![JOB.to_owned()], &json!(1)));
    let others = jobs.api.get("/v1/jobs").by(buyer()).await.json();
    assert_eq!((page_ids(&others).len(), &others["pagination"]["total"]), (0, &json!(0)));
}

#[tokio::test]
async fn list_has_status_filter_sort_order_pages_and_total() {
    let jobs = Jobs::open().await;
    let mut all: Vec<JobId> = (0..5).map(|_| new_id()).collect();
    all.sort();
    let (queued, succeeded) = all.split_at(3);
    let now = SystemClock.now().saturating_sub(Duration::from_secs(1));
    join_all(queued.iter().map(|id| jobs.requested(*id, now))).await;
    join_all(succeeded.iter().map(|id| jobs.succeeded(*id, "heading\r\n"))).await;
    let texts = |ids: &[JobId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut newest = texts(&all);
    newest.reverse();
    assert_eq!(page_ids(&jobs.get_as_seller("/v1/jobs").await.json()), newest);
    assert_eq!(page_ids(&jobs.get_as_seller("/v1/jobs?sort=createdAt").await.json()), texts(&all));
    let some = jobs.get_as_seller("/v1/jobs?status=queued&sort=createdAt").await.json();
    assert_eq!((page_ids(&some), &some["pagination"]["total"]), (texts(queued), &json!(3)));
    assert_eq!(page_ids(&jobs.get_as_seller("/v1/jobs?status=succeeded&fields=id").await.json()).len(), 2);
    let (mut listed, mut query) = (Vec::new(), "limit=2".to_owned());
    loop {
        let page = jobs.get_as_seller(&format!("/v1/jobs?{query}")).await.json();
        assert_eq!(page["pagination"]["total"], 5);
        listed.extend(page_ids(&page));
        let Some(cursor) = page["pagination"]["nextCursor"].as_str() else { break };
        query = format!("limit=2&cursor={cursor}");
    }
    assert_eq!(listed, newest);
    let third = jobs.get_as_seller("/v1/jobs?page=3&limit=2").await.json();
    assert_eq!((page_ids(&third), &third["pagination"]["totalPages"]), (newest[4..].to_vec(), &json!(3)));
}

#[tokio::test]
async fn fields_that_no_summary_has_are_read_from_the_jobs() {
    let jobs = Jobs::open().await;
    jobs.requested(JOB.parse().unwrap(), SystemClock.now()).await;
    let whole = jobs.get_as_seller(&path(JOB)).await.json()["data"].clone();
    let details = ["attempts", "progress", "updatedAt", "version"];
    let mut summary = whole.clone();
    summary.as_object_mut().unwrap().retain(|field, _| !details.contains(&field.as_str()));
    let list = jobs.get_as_seller("/v1/jobs").await.json();
    assert_eq!(list["data"], json!([summary]));
    for field in details {
        let list = jobs.get_as_seller(&format!("/v1/jobs?fields={field}")).await.json();
        assert_eq!(list["data"], json!([{ field: whole[field] }]));
    }
}
