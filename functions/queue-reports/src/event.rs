//! Events that the function consumes.

use serde::Deserialize;
use serde_json::Value;
use shared::domain::job::JobId;
use shared::domain::job::event::RemainingOutput;

/// Event of the report queues.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", content = "data", rename_all_fields = "camelCase")]
pub enum ReportEvent {
    /// A job was requested.
    #[serde(rename = "job.requested")]
    Requested {
        /// Id of the job.
        job_id: JobId,
        /// Job type, or one that only a later release knows.
        job_type: Value,
    },
    /// A job was deleted whose output did not fit into the transaction.
    #[serde(rename = "job.output_deletion_requested")]
    OutputDeletionRequested(RemainingOutput),
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use test_support::lambda_event::assert_parse_errors;

    use super::*;

    #[test]
    fn malformed_event_is_reported_with_its_field() {
        assert_parse_errors::<ReportEvent>(&[
            (
                "job.requested",
                json!({ "jobType": "sales_report" }),
                "job.requested: missing field data.jobId",
            ),
            ("job.requested", json!({ "jobId": "ord_1" }), "job.requested: invalid field data.jobId"),
            ("order.created", json!({}), "unknown event order.created"),
        ]);
    }
}
