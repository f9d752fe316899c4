//! Events as Lambda hands them to a function.

use local::system::{arn, aws_ids};
use serde_json::{Value, json};
use shared::kit::aws::dynamodb::write::outbox::OutboxEvent;
use test_support::lambda_event::of_request;

/// A request over HTTP on somebody's behalf.
#[must_use]
pub fn request(method: &str, path: &str, token: &str, body: Option<&Value>) -> Value {
    of_request(method, path, &[("authorization", &format!("Bearer {token}"))], body)
}

/// The same request under an idempotency key.
#[must_use]
pub fn keyed(mut request: Value, key: &str) -> Value {
    request["headers"]["idempotency-key"] = json!(key);
    request
}

/// A batch of messages, as a queue delivers what the relay has sent.
#[must_use]
pub fn batch(queue: &str, events: &[OutboxEvent]) -> Value {
    let record = |event: &OutboxEvent| {
        json!({
            "messageId": aws_ids::uuid(),
            "receiptHandle": format!("handle of {}", aws_ids::uuid()),
            "body": event.body,
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": local::system::clock::now_millis().to_string(),
            },
            "messageAttributes": {
                "correlationId": { "stringValue": event.correlation_id, "dataType": "String" },
                "event": { "stringValue": event.event, "dataType": "String" },
            },
            "eventSource": "aws:sqs",
            "eventSourceARN": arn::queue_arn(queue),
            "awsRegion": arn::REGION,
        })
    };
    json!({ "Records": events.iter().map(record).collect::<Vec<_>>() })
}

/// What the table's stream shows of events that were inserted into the outbox.
#[must_use]
pub fn stream(table: &str, events: &[OutboxEvent]) -> Value {
    let record = |(number, event): (usize, &OutboxEvent)| {
        let image: Value = in_dynamodbs_json(event);
        json!({
            "eventID": aws_ids::uuid(),
            "eventName": "INSERT",
            "eventSource": "aws:dynamodb",
            "awsRegion": arn::REGION,
            "dynamodb": {
                "ApproximateCreationDateTime": local::system::clock::now().as_second(),
                "Keys": { "pk": image["pk"], "sk": image["sk"] },
                "NewImage": image,
                "SequenceNumber": (number + 1).to_string(),
                "SizeBytes": event.body.len(),
                "StreamViewType": "NEW_IMAGE",
            },
            "eventSourceARN": arn::stream_arn(table),
        })
    };
    json!({ "Records": events.iter().enumerate().map(record).collect::<Vec<_>>() })
}

/// An event of the outbox in DynamoDB's JSON: texts, and a map of texts.
fn in_dynamodbs_json(event: &OutboxEvent) -> Value {
    let text = |text: &str| json!({ "S": text });
    let beside = event.attributes.iter().map(|(name, value)| (name.clone(), text(value)));
    json!({
        "pk": text(&event.pk),
        "sk": text(&event.sk),
        "eventId": text(&event.event_id.to_string()),
        "event": text(&event.event),
        "body": text(&event.body),
        "correlationId": text(&event.correlation_id),
        "attributes": { "M": beside.collect::<serde_json::Map<_, _>>() },
    })
}
