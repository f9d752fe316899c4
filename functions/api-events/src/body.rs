//! Response body of an event.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use shared::kit::aws::dynamodb::event_log::{AnyEvent, LoggedEvent};
use shared::kit::command::{Envelope, MalformedItem};
use shared::kit::system::clock::Timestamp;

/// Event: a change of a resource.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    rename = "Event",
    extend("examples" = [{
        "id": "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRS.2",
        "type": "market.changed",
        "version": 1,
        "subject": "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRS",
        "sequence": 2,
        "occurredAt": "2027-01-15T08:00:00.000Z",
        "correlationId": "checkout-7f3a",
        "data": { "marketId": "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRS" },
    }])
)]
pub(crate) struct EventBody {
    /// Id of the event: `subject` and `sequence`. It never changes.
    id: String,
    /// Type of the event.
    #[serde(rename = "type")]
    event_type: String,
    /// Version of the schema of this event.
    version: u32,
    /// Id of the resource that changed.
    subject: String,
    /// Version of the resource after the change; consecutive, from 1.
    sequence: u64,
    /// Time of the change.
    occurred_at: Timestamp,
    /// Correlation id of the request that caused the change.
    correlation_id: String,
    /// Data of the event, by its type; empty for a type without data.
    data: Map<String, Value>,
}

impl TryFrom<LoggedEvent> for EventBody {
    type Error = MalformedItem;

    fn try_from(logged: LoggedEvent) -> Result<Self, MalformedItem> {
        let Envelope { id, schema, subject, sequence, occurred_at, correlation_id, event } =
            logged.envelope()?;
        let AnyEvent { event_type, data } = event;
        Ok(Self {
            id: id.to_string(),
            event_type,
            version: schema,
            subject,
            sequence: sequence.get(),
            occurred_at,
            correlation_id: correlation_id.to_string(),
            data,
        })
    }
}
