//! Description of an operation: a method of a path.

use std::collections::{BTreeMap, BTreeSet};

use http::{HeaderName, Method, StatusCode};
use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use super::OperationDoc;
use super::problems::Problems;
use super::responses::{common_response_headers, reason};
use super::schemas::Schemas;
use crate::kit::error::error_code::ErrorCode;

/// Description of an operation under construction.
#[derive(Debug)]
pub struct Operation<'a> {
    method: &'a Method,
    path: &'a str,
    schemas: &'a mut Schemas,
    parameters: BTreeMap<(&'static str, String), Value>,
    body: Option<Value>,
    credentials: Option<Credentials>,
    permissions: BTreeSet<String>,
    response: BTreeMap<StatusCode, BTreeMap<&'static str, Value>>,
    response_headers: Map<String, Value>,
    errors: BTreeSet<ErrorCode>,
}

/// Credentials that an operation accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Credentials {
    /// Optional access token.
    Optional,
    /// Required access token.
    Required,
}

impl<'a> Operation<'a> {
    /// Creates an operation without inputs and responses.
    pub(super) fn new(method: &'a Method, path: &'a str, schemas: &'a mut Schemas) -> Self {
        Self {
            method,
            path,
            schemas,
            parameters: BTreeMap::new(),
            body: None,
            credentials: None,
            permissions: BTreeSet::new(),
            response: BTreeMap::new(),
            response_headers: Map::new(),
            errors: BTreeSet::new(),
        }
    }

    /// Collector of the schemas.
    pub const fn schemas(&mut self) -> &mut Schemas {
        self.schemas
    }

    /// Adds possible errors.
    pub fn add_errors(&mut self, codes: &[ErrorCode]) {
        self.errors.extend(codes);
    }

    /// Requires an access token.
    pub fn require_auth(&mut self) {
        self.credentials = Some(Credentials::Required);
    }

    /// Accepts an access token without requiring one.
    pub fn optional_auth(&mut self) {
        self.credentials.get_or_insert(Credentials::Optional);
    }

    /// Requires `permission`.
    pub fn require_permission(&mut self, permission: impl Into<String>) {
        self.permissions.insert(permission.into());
    }

    /// Adds a header.
    pub fn header(&mut self, name: &str, required: bool, description: &str, schema: Value) {
        self.parameter("header", name, required, description, schema);
    }

    /// Adds a query parameter.
    pub fn query_parameter(&mut self, name: &str, description: &str, schema: Value) {
        self.parameter("query", name, false, description, schema);
    }

    /// Adds the path parameter, with the schema and description of `T`.
    pub fn path_parameter<T: JsonSchema>(&mut self) {
        let name = self.path.split_once('{').and_then(|(_, rest)| rest.split_once('}'));
        let name = name.map(|(name, _)| name.to_owned()).unwrap_or_default();
        let description = self.schemas.description::<T>();
        let schema = self.schemas.request_schema::<T>();
        self.parameter("path", &name, true, &description, schema);
    }

    /// Adds the fields of `T` as query parameters.
    pub fn query<T: JsonSchema>(&mut self) {
        for (name, mut schema, required) in self.schemas.request_fields::<T>() {
            let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
            let description = description.as_ref().and_then(Value::as_str).unwrap_or_default();
            self.parameter("query", &name, required, description, without_null(schema));
        }
    }

    fn parameter(
        &mut self,
        location: &'static str,
        name: &str,
        required: bool,
        description: &str,
        schema: Value,
    ) {
        let mut parameter = json!({ "in": location, "name": name, "required": required, "schema": schema });
        if !description.is_empty() {
            parameter["description"] = json!(description);
        }
        self.parameters.insert((location, name.to_owned()), parameter);
    }

    /// Adds a `T` as the request body. The body is optional if all of its fields are.
    pub fn body<T: JsonSchema>(&mut self) {
        let required = self.schemas.request_fields::<T>().iter().any(|(_, _, required)| *required);
        let content = json!({ "schema": self.schemas.request_schema::<T>() });
        let media_type = if *self.method == Method::PATCH { "application/merge-patch+json" } else { "" };
        let media_types =
            [media_type, "application/json"].into_iter().filter(|media_type| !media_type.is_empty());
        let content: Map<String, Value> =
            media_types.map(|media_type| (media_type.to_owned(), content.clone())).collect();
        self.body = Some(json!({ "required": required, "content": content }));
    }

    /// Adds a JSON request body whose format is specified elsewhere.
    pub fn external_body(&mut self, description: &str, example: &Value) {
        let schema = json!({ "type": "object", "examples": [example] });
        let content = json!({ "application/json": { "schema": schema } });
        self.body = Some(json!({ "required": true, "description": description, "content": content }));
    }

    /// Adds a successful response, with a JSON body if there is a schema.
    pub fn response(&mut self, status: StatusCode, schema: Option<Value>) {
        self.response.entry(status).or_default().extend(schema.map(|schema| ("application/json", schema)));
    }

    /// Adds a successful response (200) with text of this media type.
    pub fn text_response(&mut self, media_type: &'static str, description: &str) {
        let schema = json!({ "type": "string", "description": description });
        self.response.entry(StatusCode::OK).or_default().insert(media_type, schema);
    }

    /// Adds a header to the successful responses.
    pub fn response_header(&mut self, name: HeaderName, description: &str) {
        let header = json!({ "description": description, "schema": { "type": "string" } });
        self.response_headers.insert(name.as_str().to_owned(), header);
    }

    /// Renders the operation for OpenAPI.
    pub(super) fn render(
        mut self,
        id: &str,
        doc: &OperationDoc,
        tag: &str,
        problems: &mut Problems,
        limited: bool,
    ) -> Value {
        self.add_errors(&[ErrorCode::InternalError, ErrorCode::ServiceUnavailable]);
        // A response without content is acceptable for every caller.
        if self.response.values().any(|contents| !contents.is_empty()) {
            self.add_errors(&[ErrorCode::NotAcceptable]);
        }
        if self.body.is_some() {
            self.add_errors(&[ErrorCode::PayloadTooLarge, ErrorCode::UnsupportedContentEncoding]);
        }
        if limited {
            self.add_errors(&[ErrorCode::RateLimited]);
        }
        let mut operation = json!({
            "operationId": id,
            "summary": doc.summary,
            "tags": [tag],
            "responses": self.responses(problems, limited),
        });
        if !self.parameters.is_empty() {
            operation["parameters"] = self.parameters.into_values().collect();
        }
        if let Some(body) = self.body {
            operation["requestBody"] = body;
        }
        operation["security"] = match self.credentials {
            None => json!([]),
            Some(Credentials::Optional) => json!([{}, { "accessToken": [] }]),
            Some(Credentials::Required) => json!([{ "accessToken": [] }]),
        };
        let mut paragraphs = vec![doc.description.to_owned()];
        if !self.permissions.is_empty() {
            let permissions: Vec<String> = self.permissions.into_iter().collect();
            paragraphs.push(format!("Required permission: `{}`.", permissions.join("`, `")));
        }
        paragraphs.retain(|paragraph| !paragraph.is_empty());
        if !paragraphs.is_empty() {
            operation["description"] = json!(paragraphs.join("\n\n"));
        }
        operation
    }

    fn responses(&self, problems: &mut Problems, limited: bool) -> Map<String, Value> {
        let common_headers = common_response_headers(limited);
        let successes = self.response.iter().map(|(status, contents)| {
            let mut headers = common_headers.clone();
            headers.extend(self.response_headers.clone());
            let mut response = json!({ "description": reason(*status), "headers": headers });
            for (media_type, schema) in contents {
                response["content"][*media_type] = json!({ "schema": schema });
            }
            (status.as_str().to_owned(), response)
        });
        let statuses: BTreeSet<StatusCode> = self.errors.iter().map(|code| code.status()).collect();
        let failures = statuses.into_iter().map(|status| {
            let codes: Vec<ErrorCode> =
                self.errors.iter().copied().filter(|code| code.status() == status).collect();
            (status.as_str().to_owned(), problems.reference(status, &codes, limited))
        });
        successes.chain(failures).collect()
    }
}

/// Removes `null` from a schema: a query parameter can be absent, but not null.
fn without_null(mut schema: Value) -> Value {
    if let Some(Value::Array(kinds)) = schema.get("type")
        && let [kind, null] = kinds.as_slice()
        && null == "null"
    {
        schema["type"] = kind.clone();
    }
    if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
        choices.retain(|choice| choice["type"] != "null");
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    schema
}
