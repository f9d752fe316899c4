//! Events in the document: one entry of the section `webhooks` for each type.

use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// Type of an event with the schema of its data.
#[derive(Debug, Clone, PartialEq)]
pub struct EventSchema {
    /// Name of the type.
    pub name: String,
    /// Description of the event.
    pub description: String,
    /// Schema of the data, if the event has any.
    pub data: Option<Value>,
}

/// Types of an enum that serialises as `{"type": …, "data": …}`.
#[must_use]
pub fn variants<E: JsonSchema>(schemas: &mut SchemaGenerator) -> Vec<EventSchema> {
    let schema = E::json_schema(schemas).to_value();
    let variants = schema["oneOf"].as_array().cloned().unwrap_or_default();
    variants.iter().filter_map(variant).collect()
}

fn variant(schema: &Value) -> Option<EventSchema> {
    Some(EventSchema {
        name: schema["properties"]["type"]["const"].as_str()?.to_owned(),
        description: schema["description"].as_str().unwrap_or_default().to_owned(),
        data: schema["properties"].get("data").cloned(),
    })
}

/// Section `webhooks`: each event in the envelope `Event`.
pub(super) fn webhooks(events: &[EventSchema]) -> Map<String, Value> {
    events.iter().map(|event| (event.name.clone(), webhook(event))).collect()
}

fn webhook(event: &EventSchema) -> Value {
    let data = event.data.clone().unwrap_or_else(|| json!({ "type": "object", "maxProperties": 0 }));
    let properties = json!({ "type": { "const": event.name }, "data": data });
    let schema = json!({
        "allOf": [{ "$ref": "#/components/schemas/Event" }, { "type": "object", "properties": properties }],
    });
    json!({
        "post": {
            "tags": ["Events"],
            "summary": event.description.trim_end_matches('.'),
            "description": format!("{} Listed by `GET /v1/events`.", event.description),
            "requestBody": { "required": true, "content": { "application/json": { "schema": schema } } },
            "responses": { "200": { "description": "The event was received." } },
        },
    })
}
