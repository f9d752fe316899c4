//! Every event in `events/queue-reports/`.

use shared::domain::job::JobStatus;
use test_support::lambda_event::{assert_all_cases, event_from_file};

use super::Fixture;

/// The result of each event: the status of the job, and the reason if the message is
/// dead-lettered.
const EXPECTED: [(&str, JobStatus, Option<&str>); 6] = [
    ("job-requested", JobStatus::Succeeded, None),
    ("job-requested-urgently", JobStatus::Succeeded, None),
    ("absent-job", JobStatus::Queued, None),
    ("output-deletion-requested", JobStatus::Queued, None),
    ("job-of-an-unknown-type", JobStatus::Queued, Some("unknown job type")),
    ("unreadable", JobStatus::Queued, Some("the message cannot be parsed: job.requested: missing field id")),
];

#[tokio::test]
async fn every_event_has_its_expected_effect() {
    for (case, status, dead_letter_reason) in EXPECTED {
        let fixture = Fixture::open("250", "10").await;
        fixture.request_report(None, None).await;
        let result = fixture.handle(&event_from_file("queue-reports", case)).await;
        match dead_letter_reason {
            Some(reason) => assert_eq!(result.dead_letter_reason(), reason, "{case}"),
            None => assert!(result.is_success(), "{case}: {result:?}"),
        }
        assert_eq!(fixture.job().await.status, status, "{case}");
    }
    assert_all_cases("queue-reports", EXPECTED.map(|(case, ..)| case));
}
