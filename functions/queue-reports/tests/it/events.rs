//! Every event in `events/queue-reports/`.

use shared::domain::job::JobStatus;
use test_support::lambda_event::{cases, of_file};

use super::Fixture;

/// What becomes of each event: the status of the job that they name, and why the message is dead, if it is.
const ENDS: [(&str, JobStatus, Option<&str>); 5] = [
    ("job-requested", JobStatus::Succeeded, None),
    ("job-requested-urgently", JobStatus::Succeeded, None),
    ("absent-job", JobStatus::Queued, None),
    ("job-of-an-unknown-type", JobStatus::Queued, Some("there is no such kind of job")),
    ("unreadable", JobStatus::Queued, Some("the message does not read: Data error, column 24")),
];

#[tokio::test]
async fn every_event_ends_as_its_name_says() {
    for (case, status, dead) in ENDS {
        let desk = Fixture::open("250", "10").await;
        desk.requested(None, None).await;
        let ended = desk.handle(&of_file("queue-reports", case)).await;
        match dead {
            Some(reason) => assert_eq!(ended.dead(), reason, "{case}"),
            None => assert!(ended.is_done(), "{case}: {ended:?}"),
        }
        assert_eq!(desk.job().await.status, status, "{case}");
    }
    let mut all = ENDS.map(|(case, ..)| case);
    all.sort_unstable();
    assert_eq!(all.to_vec(), cases("queue-reports"), "an event is not handled, or does not exist");
}
