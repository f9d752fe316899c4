//! Faults of calls and their probabilities.

use bytes::Bytes;
use fastrand::Rng;
use serde_json::{Value, json};

use crate::network::Service;
use crate::payments::GatewayMode;
use crate::rng::{DecisionStream, one_of, percent};

/// Fault probabilities of a schedule. Profiles range from no faults to a fault in a quarter of the calls.
#[derive(Debug, Clone, Copy)]
pub struct FaultProfile {
    /// Faulty calls per thousand.
    pub faults: u64,
    /// Weight of the passing of time among the possible steps.
    pub time_pressure: u64,
    /// True if the stream may lose events.
    pub loses_events: bool,
    /// Lost webhooks per thousand.
    pub lost_webhooks: u64,
}

impl FaultProfile {
    /// Draws a profile.
    pub fn of(rng: &mut Rng) -> Self {
        Self {
            faults: one_of(rng, &[0, 10, 30, 60, 120, 250]),
            time_pressure: one_of(rng, &[0, 1, 2, 5]),
            loses_events: percent(rng, 25),
            lost_webhooks: one_of(rng, &[0, 0, 100, 500, 1_000]),
        }
    }
}

/// Fault of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallFault {
    /// No fault.
    Succeeds,
    /// The connection fails.
    NotSent,
    /// The call is executed, and the response is lost.
    ResponseLost,
    /// The caller crashes before the call is sent.
    CrashBefore,
    /// The caller crashes before it receives the response.
    CrashAfter,
    /// The table throttles the call.
    Throttled,
    /// The service fails with an internal error and does nothing.
    ServiceError,
    /// A concurrent transaction holds one of the items.
    Conflict,
    /// A queue accepts a part of a batch.
    PartialBatch,
    /// The table reads the halves of a batch at different times: DynamoDB batch reads are not isolated.
    PartialRead,
    /// The gateway misbehaves.
    Gateway(GatewayMode),
}

const COMMON: [CallFault; 4] =
    [CallFault::NotSent, CallFault::ResponseLost, CallFault::CrashBefore, CallFault::CrashAfter];

/// Chooses the fault of a call to `service`.
pub fn choose(
    decisions: &mut DecisionStream,
    profile: &FaultProfile,
    service: Service,
    operation: &str,
) -> CallFault {
    if !decisions.happens(profile.faults) {
        return CallFault::Succeeds;
    }
    let specific: &[CallFault] = match (service, operation) {
        (Service::Table, "TransactWriteItems") => {
            &[CallFault::Throttled, CallFault::ServiceError, CallFault::Conflict]
        }
        (Service::Table, "BatchGetItem") => {
            &[CallFault::Throttled, CallFault::ServiceError, CallFault::PartialRead, CallFault::PartialRead]
        }
        (Service::Table, _) => &[CallFault::Throttled, CallFault::ServiceError],
        (Service::Queues, "SendMessageBatch") => &[CallFault::PartialBatch, CallFault::PartialBatch],
        (Service::Queues | Service::Mail | Service::Model, _) => &[],
        (Service::Gateway, _) => &[
            CallFault::Gateway(GatewayMode::Fails(503)),
            CallFault::Gateway(GatewayMode::Fails(429)),
            CallFault::Gateway(GatewayMode::Fails(500)),
            CallFault::Gateway(GatewayMode::StoresError),
            CallFault::Gateway(GatewayMode::StoresError),
        ],
    };
    let faults: Vec<CallFault> = COMMON.iter().chain(specific).copied().collect();
    faults[decisions.weigh(&vec![1; faults.len()])]
}

/// Response of the table to a throttled call.
#[must_use]
pub fn throttled() -> (u16, Bytes) {
    let kind = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException";
    (400, json!({ "__type": kind, "message": "too much" }).to_string().into())
}

/// Response of an AWS service with an internal error.
#[must_use]
pub fn failed() -> (u16, Bytes) {
    let kind = "com.amazonaws.dynamodb.v20120810#InternalServerError";
    (500, json!({ "__type": kind, "message": "internal" }).to_string().into())
}

/// Response of the table to a transaction that conflicts at the item `index`.
pub fn conflict(body: &Value, index: usize) -> (u16, Bytes) {
    let items = body["TransactItems"].as_array().map_or(1, Vec::len);
    let mut reasons = vec![json!({ "Code": "None" }); items.max(1)];
    reasons[index % items.max(1)] = json!({ "Code": "TransactionConflict", "Message": "ongoing" });
    let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
    let message = "Transaction cancelled, please refer cancellation reasons for specific reasons";
    let body = json!({ "__type": kind, "Message": message, "CancellationReasons": reasons });
    (400, body.to_string().into())
}
