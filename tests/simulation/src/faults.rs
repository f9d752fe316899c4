//! What can become of a call, and how likely that is.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::network::Service;
use crate::payments::GatewayMode;
use crate::rng::{DecisionStream, Random};

/// How bad a schedule is. Some are calm, so that orders get far; some are storms, in which hardly anything gets through.
#[derive(Debug, Clone, Copy)]
pub struct FaultProfile {
    /// Of a thousand calls so many go wrong.
    pub faults: u64,
    /// How much rather time passes than that something happens.
    pub haste: u64,
    /// Whether the stream may lose what it shows.
    pub forgetful: bool,
    /// Of a thousand webhooks so many never come.
    pub lost_reports: u64,
}

impl FaultProfile {
    /// As `random` has it.
    pub fn of(random: &mut Random) -> Self {
        Self {
            faults: random.one_of(&[0, 10, 30, 60, 120, 250]),
            haste: random.one_of(&[0, 1, 2, 5]),
            forgetful: random.percent(25),
            lost_reports: random.one_of(&[0, 0, 100, 500, 1_000]),
        }
    }
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallFault {
    /// It arrives, is done, and is answered.
    Arrives,
    /// There is no connection.
    NotSent,
    /// It is done, and the answer is lost.
    AnswerLost,
    /// The caller dies before it is sent.
    CrashBefore,
    /// The caller dies before it hears that it was done.
    CrashAfter,
    /// The table is asked for too much.
    Throttled,
    /// The service fails by itself, and does nothing.
    Fails,
    /// Another transaction is at one of the items.
    Conflict,
    /// A queue takes a part of a batch.
    Partly,
    /// The table reads a part of a batch now, and the rest later: DynamoDB reads each item as it is, and not all at one moment.
    Torn,
    /// The gateway misbehaves in its own way.
    Gateway(GatewayMode),
}

const ANYWHERE: [CallFault; 4] =
    [CallFault::NotSent, CallFault::AnswerLost, CallFault::CrashBefore, CallFault::CrashAfter];

/// What becomes of a call to `service`.
pub fn fate(
    chance: &mut DecisionStream,
    storm: &FaultProfile,
    service: Service,
    operation: &str,
) -> CallFault {
    if !chance.happens(storm.faults) {
        return CallFault::Arrives;
    }
    let own: &[CallFault] = match (service, operation) {
        (Service::Table, "TransactWriteItems") => {
            &[CallFault::Throttled, CallFault::Fails, CallFault::Conflict]
        }
        (Service::Table, "BatchGetItem") => {
            &[CallFault::Throttled, CallFault::Fails, CallFault::Torn, CallFault::Torn]
        }
        (Service::Table, _) => &[CallFault::Throttled, CallFault::Fails],
        (Service::Queues, "SendMessageBatch") => &[CallFault::Partly, CallFault::Partly],
        (Service::Queues, _) => &[],
        (Service::Gateway, _) => &[
            CallFault::Gateway(GatewayMode::Refuses(503)),
            CallFault::Gateway(GatewayMode::Refuses(429)),
            CallFault::Gateway(GatewayMode::Refuses(500)),
            CallFault::Gateway(GatewayMode::Forgets),
            CallFault::Gateway(GatewayMode::Forgets),
        ],
    };
    let fates: Vec<CallFault> = ANYWHERE.iter().chain(own).copied().collect();
    fates[chance.weigh(&vec![1; fates.len()])]
}

/// What the table answers when it is asked for too much.
pub(crate) fn throttled() -> (u16, Bytes) {
    let kind = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException";
    (400, json!({ "__type": kind, "message": "too much" }).to_string().into())
}

/// What a service of AWS answers when it fails.
pub(crate) fn failed() -> (u16, Bytes) {
    let kind = "com.amazonaws.dynamodb.v20120810#InternalServerError";
    (500, json!({ "__type": kind, "message": "internal" }).to_string().into())
}

/// What the table answers when another transaction is at the item at `place`.
pub(crate) fn conflict(body: &Value, place: usize) -> (u16, Bytes) {
    let items = body["TransactItems"].as_array().map_or(1, Vec::len);
    let mut reasons = vec![json!({ "Code": "None" }); items.max(1)];
    reasons[place % items.max(1)] = json!({ "Code": "TransactionConflict", "Message": "ongoing" });
    let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
    let message = "Transaction cancelled, please refer cancellation reasons for specific reasons";
    let body = json!({ "__type": kind, "Message": message, "CancellationReasons": reasons });
    (400, body.to_string().into())
}
