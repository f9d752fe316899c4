//! `GET /v1/jobs/{id}/result`.

use shared::domain::job::output::chunk::CHUNKS_PER_PART;
use test_support::fixture::seller;

use super::{JOB, Jobs, path, the_job};
use crate::error;

fn result(query: &str) -> String {
    format!("{}/result{query}", path(JOB))
}

#[tokio::test]
async fn a_small_result_is_one_file() {
    let jobs = Jobs::open().await;
    jobs.succeeded(the_job(), "a,b\r\n1,2\r\n").await;
    let answer = jobs.ask(seller(), ("GET", &result("")), &[("accept", "text/csv")], None).await;
    assert_eq!((answer.status.as_u16(), answer.bytes.as_slice()), (200, b"a,b\r\n1,2\r\n".as_slice()));
    assert_eq!(answer.header("content-type").unwrap(), "text/csv");
    let name = format!("attachment; filename=\"sales-{JOB}.csv\"");
    assert_eq!((answer.header("content-disposition").unwrap(), answer.header("link")), (name, None));
}

#[tokio::test]
async fn the_parts_of_a_large_result_lead_from_one_to_the_next_and_are_the_whole_together() {
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
        let answer = jobs.look(&path).await;
        assert_eq!(answer.status, 200);
        read.extend(answer.bytes.clone());
        next = answer.header("link").map(|link| {
            let address = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\""));
            address.unwrap().to_owned()
        });
        parts += 1;
    }
    assert_eq!((parts, String::from_utf8(read).unwrap()), (3, whole));
    assert_eq!(jobs.look(&path(JOB)).await.json()["data"]["result"]["parts"], 3);
    let beyond = jobs.look(&result("?part=4")).await;
    assert_eq!(error(&beyond), (400, "VALIDATION_ERROR".to_owned()));
    assert_eq!(beyond.json()["error"]["fields"]["part"], "must be at most 3, the number of the last part");
    for part in ["0", "-1", "x", "99999999999"] {
        let refused = jobs.look(&result(&format!("?part={part}"))).await;
        assert_eq!(error(&refused), (400, "VALIDATION_ERROR".to_owned()), "{part}");
    }
}

#[tokio::test]
async fn a_job_that_has_not_succeeded_has_no_result_whatever_it_has_written() {
    let jobs = Jobs::open().await;
    let job = jobs.started(the_job()).await;
    jobs.advanced(&job, "half of it", false).await;
    assert_eq!(error(&jobs.look(&result("")).await), (409, "INVALID_STATE".to_owned()));
    assert_eq!(jobs.act(JOB, "cancel").await.status, 200);
    assert_eq!(error(&jobs.look(&result("")).await), (409, "INVALID_STATE".to_owned()));
}
