//! Catalogue of the events in the event log, generated from the event types.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::domain::job::JobEvent;
use crate::domain::market::MarketEvent;
use crate::domain::order::OrderEvent;
use crate::domain::order::payment::PaymentEvent;
use crate::domain::product::ProductEvent;
use crate::domain::user::UserEvent;
use crate::domain::user::password_reset::PasswordResetEvent;
use crate::kit::http::openapi::Document;
use crate::kit::http::openapi::events::{EventSchema, variants};
use crate::messaging::dead_letter::DeadLetterEvent;

/// Type of an event whose message is a redriven one, which is not logged.
const NOT_LOGGED: &str = "dead_letter.redriven";

/// Events in the log, sorted by type.
#[must_use]
pub fn logged_events(schemas: &mut SchemaGenerator) -> Vec<EventSchema> {
    let mut events = [
        variants::<OrderEvent>(schemas),
        variants::<PaymentEvent>(schemas),
        variants::<MarketEvent>(schemas),
        variants::<ProductEvent>(schemas),
        variants::<UserEvent>(schemas),
        variants::<PasswordResetEvent>(schemas),
        variants::<JobEvent>(schemas),
        variants::<DeadLetterEvent>(schemas),
    ]
    .concat();
    events.retain(|event| event.name != NOT_LOGGED);
    events.sort_by(|a, b| a.name.cmp(&b.name));
    events
}

/// Adds the catalogue to the API description.
#[must_use]
pub fn describe(document: Document) -> Document {
    document.with_events(logged_events)
}

static NAMES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let events = logged_events(&mut SchemaGenerator::default());
    events.into_iter().map(|event| event.name).collect()
});

/// Type of a logged event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventType(String);

/// The text is not the type of a logged event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an event type, such as order.created")]
pub struct EventTypeError;

impl FromStr for EventType {
    type Err = EventTypeError;

    fn from_str(text: &str) -> Result<Self, EventTypeError> {
        if NAMES.contains(text) { Ok(Self(text.to_owned())) } else { Err(EventTypeError) }
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl JsonSchema for EventType {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "EventType".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "Type of an event: the resource, and what happened to it.",
            "enum": *NAMES,
        })
    }
}

/// Id of the resource that an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSubject(String);

/// The text is not the id of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the id of a resource, such as ord_01J8Z3K5V0ABCDEFGHJKMNPQRS")]
pub struct EventSubjectError;

impl FromStr for EventSubject {
    type Err = EventSubjectError;

    fn from_str(text: &str) -> Result<Self, EventSubjectError> {
        let (prefix, id) = text.split_once('_').ok_or(EventSubjectError)?;
        let is_id = prefix.len() == 3 && prefix.bytes().all(|byte| byte.is_ascii_lowercase());
        let is_id = is_id && id.len() == 26 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if is_id { Ok(Self(text.to_owned())) } else { Err(EventSubjectError) }
    }
}

impl fmt::Display for EventSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl JsonSchema for EventSubject {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "EventSubject".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[a-z]{3}_[0-9A-Za-z]{26}$" })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// Parts of field names that would hold personal data or a token.
    const PERSONAL: [&str; 9] =
        ["address", "email", "name", "phone", "ip", "password", "token", "secret", "text"];

    /// Names of all fields of a schema and of the schemas that it references.
    fn fields(schema: &Value, definitions: &Value, found: &mut BTreeSet<String>) {
        match schema {
            Value::Object(object) => {
                if let Some(Value::String(reference)) = object.get("$ref") {
                    let name = reference.rsplit('/').next().unwrap_or_default();
                    fields(&definitions[name], definitions, found);
                }
                if let Some(Value::Object(properties)) = object.get("properties") {
                    found.extend(properties.keys().cloned());
                }
                object.values().for_each(|value| fields(value, definitions, found));
            }
            Value::Array(values) => values.iter().for_each(|value| fields(value, definitions, found)),
            _ => {}
        }
    }

    #[test]
    fn only_known_types_are_parsed() {
        for known in ["order.created", "payment.captured", "job.scheduled", "dead_letter.recorded"] {
            assert_eq!(known.parse::<EventType>().unwrap().to_string(), known);
        }
        for unknown in ["order", "order.*", "job.requested.high", "dead_letter.redriven", ""] {
            assert_eq!(unknown.parse::<EventType>(), Err(EventTypeError), "{unknown}");
        }
        assert_eq!(NAMES.len(), 45, "{NAMES:?}");
    }

    #[test]
    fn no_event_carries_personal_data_or_a_token() {
        let mut schemas = SchemaGenerator::default();
        let events = logged_events(&mut schemas);
        let definitions = Value::Object(schemas.take_definitions(true));
        let mut found = BTreeSet::new();
        for event in events {
            fields(&event.data.unwrap_or_default(), &definitions, &mut found);
        }
        assert!(found.contains("orderId") && found.contains("amount"), "{found:?}");
        for field in &found {
            let words: Vec<String> = words(field);
            assert!(!words.iter().any(|word| PERSONAL.contains(&word.as_str())), "{field}");
        }
    }

    /// Words of a name in camel case, in lower case.
    fn words(field: &str) -> Vec<String> {
        let mut words = vec![String::new()];
        for character in field.chars() {
            if character.is_ascii_uppercase() {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.push(character.to_ascii_lowercase());
            }
        }
        words
    }
}
