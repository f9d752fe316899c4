//! Extracts the requested job from a dead-lettered message.

use crate::domain::job::{JobId, JobRequest};
use crate::kit::command::Version;
use crate::messaging::event_routing::Subscriber;
use serde::Deserialize;

/// The fields of a message that identify its job. All others are ignored: the message may be malformed.
#[derive(Deserialize)]
struct Message {
    sequence: Version,
    data: RequestedJob,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestedJob {
    job_id: JobId,
}

/// Returns the job that a message of this queue requested, with the requesting version; `None` if it requests
/// no job or cannot be parsed.
#[must_use]
pub fn requested_job(queue: Subscriber, body: &str) -> Option<JobRequest> {
    match queue {
        Subscriber::Reports | Subscriber::UrgentReports => {
            let message: Message = serde_json::from_str(body).ok()?;
            Some(JobRequest { id: message.data.job_id, version: message.sequence })
        }
        Subscriber::Fulfilment | Subscriber::Analytics | Subscriber::SearchIndex | Subscriber::Emails => None,
    }
}
