//! `GET /v1/jobs/{id}/result`.

use shared::domain::job::output::chunk::CHUNKS_PER_PART;
use test_support::fixture::seller;

use super::{JOB, Jobs, path, the_job};

fn result(query: &str) -> String {
    format!("{}/result{query}", path(JOB))
}

#[tokio::test]
async fn small_result_is_one_part() {
    let jobs = Jobs::open().await;
    jobs.succeeded(the_job(), "a,b\r\n1,2\r\n").await;
    let response = jobs.api.get(&result("")).by(seller()).header("accept", "text/csv").await;
    assert_eq!((response.status.as_u16(), response.bytes.as_slice()), (200, b"a,b\r\n1,2\r\n".as_slice()));
    assert_eq!(response.header("content-type").unwrap(), "text/csv");
    let name = format!("attachment; filename=\"sales-{JOB}.csv\"");
    assert_eq!((response.header("content-disposition").unwrap(), response.header("link")), (name, None));
}

#[tokio::test]
async fn parts_of_a_large_result_are_linked_and_complete() {
    let jobs = Jobs::open().await;
    let mut job = jobs.started(the_job()).await;
    let mut whole = String::new();
    let chunks = 2 * CHUNKS_PER_PART + 1;
    for number in 1..=chunks {
        let row = format!("{number}\r\n");
        job = jobs.advanced(&job, &row, number == chunks).await;
        whole.push_str(&row);
    }
    let (mut read, mut next, mut parts) = (Vec::new(), Some(result("")), 0);
    while let Some(path) = next {
        let response = jobs.get_as_seller(&path).await;
        assert_eq!(response.status, 200);
        read.extend(response.bytes.clone());
        next = response.header("link").map(|link| {
            let address = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\""));
            address.unwrap().to_owned()
        });
        parts += 1;
    }
    assert_eq!((parts, String::from_utf8(read).unwrap()), (3, whole));
    assert_eq!(jobs.get_as_seller(&path(JOB)).await.json()["data"]["result"]["parts"], 3);
    let beyond = jobs.get_as_seller(&result("?part=4")).await;
    assert_eq!(beyond.error(), (400, "VALIDATION_ERROR"));
    assert_eq!(beyond.json()["error"]["fields"]["part"], "must be at most 3, the number of the last part");
    for part in ["0", "-1", "x", "99999999999"] {
        let refused = jobs.get_as_seller(&result(&format!("?part={part}"))).await;
        assert_eq!(refused.error(), (400, "VALIDATION_ERROR"), "{part}");
    }
}

#[tokio::test]
async fn unfinished_or_cancelled_job_has_no_result() {
    let jobs = Jobs::open().await;
    let job = jobs.started(the_job()).await;
    jobs.advanced(&job, "first chunk", false).await;
    assert_eq!(jobs.get_as_seller(&result("")).await.error(), (409, "INVALID_STATE"));
    assert_eq!(jobs.act(JOB, "cancel").await.status, 200);
    assert_eq!(jobs.get_as_seller(&result("")).await.error(), (409, "INVALID_STATE"));
}
