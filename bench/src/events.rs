//! Lambda events of API Gateway, SQS and DynamoDB Streams.

use local::system::{arn, aws_ids};
use serde_json::{Value, json};
use shared::kit::aws::dynamodb::write::outbox::OutboxEvent;
use test_support::lambda_event::request_event;

/// Event of an HTTP request with a bearer token.
#[must_use]
pub fn request(method: &str, path: &str, token: &str, body: Option<&Value>) -> Value {
    request_event(method, path, &[("authorization", &format!("Bearer {token}"))], body)
}

/// Adds an idempotency key to a request event.
#[must_use]
pub fn keyed(mut request: Value, key: &str) -> Value {
    request["headers"]["idempotency-key"] = json!(key);
    request
}

/// SQS event with the messages that the relay sends for `events`.
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

/// DynamoDB stream event with the insertions of `events` into the outbox.
#[must_use]
pub fn stream(table: &str, events: &[OutboxEvent]) -> Value {
    let record = |(number, event): (usize, &OutboxEvent)| {
        let image: Value = dynamodb_json(event);
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

/// Outbox item of an event, in DynamoDB JSON.
fn dynamodb_json(event: &OutboxEvent) -> Value {
    let text = |value: &str| json!({ "S": value });
    let attributes = event.attributes.iter().map(|(name, value)| (name.clone(), text(value)));
    json!({
        "pk": text(&event.pk),
        "sk": text(&event.sk),
        "eventId": text(&event.event_id.to_string()),
        "event": text(&event.event),
        "body": text(&event.body),
        "correlationId": text(&event.correlation_id),
        // A redriven message has no scope.
        "scope": event.scope.as_deref().map_or_else(|| json!({ "NULL": true }), text),
        "attributes": { "M": attributes.collect::<serde_json::Map<_, _>>() },
    })
}
