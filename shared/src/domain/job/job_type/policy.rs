//! Execution policies of the job types: attempts, delays, priority and retention.

use std::time::Duration;

use super::JobType;
use super::priority::Priority;
use crate::domain::job::output::retention::Retention;

/// Execution policy of a job type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobPolicy {
    /// Number of failed attempts after which a job is dead. Limited by the maximum receive count of the queue.
    pub max_attempts: u32,
    /// Maximum delay after the first failed attempt. Each further failure doubles it.
    pub backoff: Duration,
    /// Maximum delay after any failed attempt.
    pub max_backoff: Duration,
    /// Time from the creation to the execution, unless the request schedules the job.
    pub delay: Duration,
    /// Priority, unless the request selects one.
    pub priority: Priority,
    /// Retention period of the job and its output.
    pub retention: Retention,
}

/// Sales report: as many attempts as the queue allows, short delays, and a week to download the result.
const SALES_REPORT: JobPolicy = JobPolicy {
    max_attempts: 5,
    backoff: Duration::from_secs(2),
    max_backoff: Duration::from_mins(15),
    delay: Duration::ZERO,
    priority: Priority::Normal,
    retention: Retention::of_days(7),
};

/// Reindex: long delays between attempts, because it puts load on the table. Its start is delayed, so that a
/// mistaken request can be cancelled. Its priority is high, because it repairs data that users see.
const REINDEX: JobPolicy = JobPolicy {
    max_attempts: 4,
    backoff: Duration::from_secs(30),
    max_backoff: Duration::from_mins(10),
    delay: Duration::from_secs(10),
    priority: Priority::High,
    retention: Retention::of_days(30),
};

/// Data export: kept only for two days, because its output is personal data.
const DATA_EXPORT: JobPolicy = JobPolicy {
    max_attempts: 3,
    backoff: Duration::from_secs(5),
    max_backoff: Duration::from_mins(1),
    delay: Duration::ZERO,
    priority: Priority::Normal,
    retention: Retention::of_days(2),
};

impl JobType {
    /// Execution policy of the type. The worker, the API and the documentation take all values from here.
    #[must_use]
    pub const fn policy(self) -> JobPolicy {
        match self {
            Self::SalesReport => SALES_REPORT,
            Self::Reindex => REINDEX,
            Self::DataExport => DATA_EXPORT,
        }
    }
}
