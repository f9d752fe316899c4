//! Schemas that the document references.

use schemars::generate::{Contract, SchemaGenerator, SchemaSettings};
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use super::events::EventSchema;

/// Collects the schemas of requests and responses (JSON Schema 2020-12, as in OpenAPI 3.1).
#[derive(Debug)]
pub struct Schemas {
    requests: SchemaGenerator,
    responses: SchemaGenerator,
}

impl Default for Schemas {
    fn default() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = "/components/schemas".into();
                settings.meta_schema = None;
            })
        };
        let response_settings = settings().with_transform(RecursiveTransform(make_exact));
        Self {
            requests: settings().with(|settings| settings.contract = Contract::Deserialize).into_generator(),
            responses: response_settings
                .with(|settings| settings.contract = Contract::Serialize)
                .into_generator(),
        }
    }
}

impl Schemas {
    /// Schema of a `T` in requests.
    pub fn request_schema<T: JsonSchema>(&mut self) -> Value {
        self.requests.subschema_for::<T>().to_value()
    }

    /// Description of a `T`; empty if it has none.
    pub fn description<T: JsonSchema>(&mut self) -> String {
        let schema = T::json_schema(&mut self.requests).to_value();
        schema["description"].as_str().unwrap_or_default().to_owned()
    }

    /// Schema of a `T` in responses.
    pub fn response_schema<T: JsonSchema>(&mut self) -> Value {
        let mut schema = self.responses.subschema_for::<T>();
        RecursiveTransform(make_exact).transform(&mut schema);
        schema.to_value()
    }

    /// Events that `catalogue` describes, with schemas of responses.
    pub(super) fn events(
        &mut self,
        catalogue: fn(&mut SchemaGenerator) -> Vec<EventSchema>,
    ) -> Vec<EventSchema> {
        catalogue(&mut self.responses)
    }

    /// Fields of a `T` in requests: the name, the schema, and true if the field is required.
    pub fn request_fields<T: JsonSchema>(&mut self) -> Vec<(String, Value, bool)> {
        let schema = T::json_schema(&mut self.requests).to_value();
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let fields = schema["properties"].as_object().into_iter().flatten();
        fields.map(|(name, field)| (name.clone(), field.clone(), required.contains(&name.as_str()))).collect()
    }

    /// Returns all referenced schemas by name. If a type has different schemas in requests and responses, the
    /// request schema gets the suffix `Input`.
    #[must_use]
    pub fn into_components(mut self) -> Map<String, Value> {
        let mut components = self.responses.take_definitions(true);
        for (name, schema) in self.requests.take_definitions(true) {
            match components.get(&name) {
                Some(known) if *known != schema => {
                    components.insert(format!("{name}Input"), schema);
                }
                _ => {
                    components.insert(name, schema);
                }
            }
        }
        components
    }
}

/// Makes a response schema exact: fields that are not declared are not allowed, and optional fields are
/// absent, never null.
fn make_exact(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    if !object.contains_key("properties") {
        return;
    }
    object.entry("additionalProperties").or_insert(json!(false));
    let required: Vec<String> =
        object.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(to_text).collect();
    if let Some(Value::Object(properties)) = object.get_mut("properties") {
        for (_, field) in properties.iter_mut().filter(|(name, _)| !required.contains(name)) {
            remove_null(field);
        }
    }
}

fn to_text(name: &Value) -> Option<String> {
    name.as_str().map(str::to_owned)
}

fn remove_null(field: &mut Value) {
    if let Some(Value::Array(kinds)) = field.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [only] = kinds.as_slice() {
            field["type"] = only.clone();
        }
    }
    if let Some(Value::Array(choices)) = field.get_mut("anyOf") {
        choices.retain(|choice| choice["type"] != "null");
        if let [only] = choices.as_slice()
            && let (Some(only), Some(field)) = (only.clone().as_object(), field.as_object_mut())
        {
            field.remove("anyOf");
            field.extend(only.clone());
        }
    }
}
