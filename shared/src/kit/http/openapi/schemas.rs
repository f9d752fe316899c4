//! The schemas that a document refers to.

use schemars::generate::{Contract, SchemaGenerator, SchemaSettings};
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

/// Collects schemas (JSON Schema 2020-12, as OpenAPI 3.1 has them) of what is asked and of what is answered.
#[derive(Debug)]
pub struct Schemas {
    request_schema: SchemaGenerator,
    response_schema: SchemaGenerator,
}

impl Default for Schemas {
    fn default() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = "/components/schemas".into();
                settings.meta_schema = None;
            })
        };
        let answered = settings().with_transform(RecursiveTransform(exact));
        Self {
            request_schema: settings()
                .with(|settings| settings.contract = Contract::Deserialize)
                .into_generator(),
            response_schema: answered
                .with(|settings| settings.contract = Contract::Serialize)
                .into_generator(),
        }
    }
}

impl Schemas {
    /// What callers may send as a `T`.
    pub fn request_schema<T: JsonSchema>(&mut self) -> Value {
        self.request_schema.subschema_for::<T>().to_value()
    }

    /// What callers get as a `T`.
    pub fn response_schema<T: JsonSchema>(&mut self) -> Value {
        let mut schema = self.response_schema.subschema_for::<T>();
        RecursiveTransform(exact).transform(&mut schema);
        schema.to_value()
    }

    /// The fields of a `T` that callers may send, each with its schema, and whether it must be there.
    pub fn request_fields<T: JsonSchema>(&mut self) -> Vec<(String, Value, bool)> {
        let schema = T::json_schema(&mut self.request_schema).to_value();
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let fields = schema["properties"].as_object().into_iter().flatten();
        fields.map(|(name, field)| (name.clone(), field.clone(), required.contains(&name.as_str()))).collect()
    }

    /// All schemas that were referred to, by name. What is sent and got under one name is one thing, or it is sent as
    /// something of another name.
    #[must_use]
    pub fn into_components(mut self) -> Map<String, Value> {
        let mut components = self.response_schema.take_definitions(true);
        for (name, schema) in self.request_schema.take_definitions(true) {
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

/// What is answered is exactly this: no field that is not declared; and a field that may be left out is left out, never
/// null.
fn exact(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    if !object.contains_key("properties") {
        return;
    }
    object.entry("additionalProperties").or_insert(json!(false));
    let required: Vec<String> =
        object.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(named).collect();
    if let Some(Value::Object(properties)) = object.get_mut("properties") {
        for (_, field) in properties.iter_mut().filter(|(name, _)| !required.contains(name)) {
            never_null(field);
        }
    }
}

fn named(name: &Value) -> Option<String> {
    name.as_str().map(str::to_owned)
}

fn never_null(field: &mut Value) {
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
