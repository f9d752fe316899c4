//! Parses the event of a message.

use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Map, Value};

use crate::kit::command::Envelope;

/// Maximum length of an event name that an error contains.
const MAX_NAME_LENGTH: usize = 64;

/// A message that is not an event of its consumer. Names the event and the invalid field; quotes no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the message cannot be parsed: {0}")]
pub struct MalformedEvent(String);

/// Parses the event in the body of a message.
///
/// # Errors
/// [`MalformedEvent`] if the body is not an event of type `E`.
pub fn parse_event<E: DeserializeOwned>(body: &str) -> Result<Envelope<E>, MalformedEvent> {
    serde_json::from_str(body).map_err(|error| {
        let syntax_error = || format!("{:?} error, column {}", error.classify(), error.column());
        MalformedEvent(invalid_field::<E>(body).unwrap_or_else(syntax_error))
    })
}

/// Returns the event and its first invalid field, if the body is a JSON object.
fn invalid_field<E: DeserializeOwned>(body: &str) -> Option<String> {
    let message: Map<String, Value> = serde_json::from_str(body).ok()?;
    let name = message.get("type").and_then(Value::as_str).filter(|name| is_event_name(name));
    let name = name.map(str::to_owned);
    // The type first: serde buffers data that precede their type, and loses their path.
    let event: Vec<_> =
        ["type", "data"].into_iter().filter_map(|key| Some((key, message.get(key)?.clone()))).collect();
    let envelope = serde_path_to_error::deserialize::<_, Envelope<IgnoredAny>>(Value::Object(message));
    let event = serde_path_to_error::deserialize::<_, E>(MapDeserializer::new(event.into_iter()));
    let error = envelope.map(drop).and(event.map(drop)).err()?;
    // serde's message may quote the body, unless a field is missing.
    let (path, cause) = (error.path().to_string(), error.inner().to_string());
    let missing = cause.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
    let field = match (missing, path.as_str()) {
        (Some(field), ".") => format!("missing field {field}"),
        (Some(field), path) => format!("missing field {path}.{field}"),
        (None, path) => format!("invalid field {path}"),
    };
    Some(match name {
        Some(name) if path == "type" => format!("unknown event {name}"),
        Some(name) => format!("{name}: {field}"),
        None => field,
    })
}

/// Returns true for a text of the form of an event name, which is therefore no personal data.
fn is_event_name(text: &str) -> bool {
    text.len() <= MAX_NAME_LENGTH && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(tag = "type", content = "data", rename_all_fields = "camelCase")]
    enum OrderEvent {
        #[serde(rename = "order.created")]
        Created { buyer_id: u32, total: Total },
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Total {
        amount: u32,
    }

    fn message() -> Value {
        json!({
            "id": "ord_1.1",
            "schema": 1,
            "subject": "ord_1",
            "sequence": 1,
            "occurredAt": "2027-01-15T08:00:00.000Z",
            "correlationId": "a-test",
            "type": "order.created",
            "data": { "buyerId": 7, "total": { "amount": 100 } },
        })
    }

    /// Error after the field at `pointer` is replaced by `value`, or removed.
    fn error_with(pointer: &str, value: Option<&str>) -> String {
        let mut message = message();
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        let parent = message.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match value {
            Some(value) => parent.insert(field.to_owned(), json!(value)),
            None => parent.remove(field),
        };
        parse_event::<OrderEvent>(&message.to_string()).unwrap_err().0
    }

    #[test]
    fn invalid_field_is_named_and_its_value_is_not_quoted() {
        let event = parse_event::<OrderEvent>(&message().to_string()).unwrap().event;
        assert_eq!(event, OrderEvent::Created { buyer_id: 7, total: Total { amount: 100 } });
        for (pointer, value, expected) in [
            ("/data/buyerId", None, "order.created: missing field data.buyerId"),
            ("/data/buyerId", Some("hunter2"), "order.created: invalid field data.buyerId"),
            ("/data/total/amount", Some("hunter2"), "order.created: invalid field data.total.amount"),
            ("/data", None, "order.created: missing field data"),
            ("/occurredAt", Some("hunter2"), "order.created: invalid field occurredAt"),
            ("/sequence", None, "order.created: missing field sequence"),
        ] {
            assert_eq!(error_with(pointer, value), expected);
        }
    }

    #[test]
    fn unknown_event_is_named_if_it_has_the_form_of_a_name() {
        assert_eq!(error_with("/type", Some("order.eaten")), "unknown event order.eaten");
        assert_eq!(error_with("/type", Some("ada@example.com")), "invalid field type");
        assert_eq!(error_with("/type", Some(&"a".repeat(65))), "invalid field type");
        assert_eq!(error_with("/type", None), "missing field type");
    }

    #[test]
    fn text_that_is_not_an_object_is_reported_with_its_column() {
        let error = |body| parse_event::<OrderEvent>(body).unwrap_err().0;
        assert_eq!(error("{\"id\": \"hunter2\""), "Eof error, column 16");
        assert_eq!(error("hunter2"), "Syntax error, column 1");
    }
}
