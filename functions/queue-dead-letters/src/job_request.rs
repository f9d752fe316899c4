//! Which job a message asked for.

use serde::Deserialize;
use shared::domain::job::{JobId, JobRequest};
use shared::kit::command::Version;
use shared::messaging::event_routing::Subscriber;

/// What is read of a message: as little as it takes, since what else it says may be why it is dead.
#[derive(Deserialize)]
struct Message {
    sequence: Version,
    data: Asked,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    job_id: JobId,
}

/// The job that a message of this queue asked for, and the version that did; none, if nobody can tell.
pub(crate) fn requested_job(queue: Subscriber, body: &str) -> Option<JobRequest> {
    match queue {
        Subscriber::Reports | Subscriber::UrgentReports => {
            let message: Message = serde_json::from_str(body).ok()?;
            Some(JobRequest { id: message.data.job_id, version: message.sequence })
        }
        Subscriber::Fulfilment | Subscriber::Analytics | Subscriber::SearchIndex | Subscriber::Emails => None,
    }
}
