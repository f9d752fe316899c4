//! One operation: a method of a path.

use std::collections::{BTreeMap, BTreeSet};

use http::{HeaderName, Method, StatusCode};
use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use super::problems::Problems;
use super::schemas::Schemas;
use crate::kit::error::error_code::ErrorCode;

/// What is said of an operation so far.
#[derive(Debug)]
pub struct Operation<'a> {
    method: &'a Method,
    path: &'a str,
    schemas: &'a mut Schemas,
    parameters: BTreeMap<(&'static str, String), Value>,
    body: Option<Value>,
    credentials: Option<Credentials>,
    permissions: BTreeSet<String>,
    response: BTreeMap<StatusCode, Option<(&'static str, Value)>>,
    answer_headers: Map<String, Value>,
    refusals: BTreeSet<ErrorCode>,
}

/// What a caller shows to be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Credentials {
    /// An access token, if the caller likes.
    Optional,
    /// An access token.
    Required,
}

impl<'a> Operation<'a> {
    /// Nothing is said yet but how it is reached.
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
            answer_headers: Map::new(),
            refusals: BTreeSet::new(),
        }
    }

    /// Where schemas are collected.
    pub const fn schemas(&mut self) -> &mut Schemas {
        self.schemas
    }

    /// It may end in these errors.
    pub fn add_errors(&mut self, codes: &[ErrorCode]) {
        self.refusals.extend(codes);
    }

    /// It wants an access token.
    pub fn require_auth(&mut self) {
        self.credentials = Some(Credentials::Required);
    }

    /// It takes an access token, and does without one.
    pub fn optional_auth(&mut self) {
        self.credentials.get_or_insert(Credentials::Optional);
    }

    /// It wants somebody who holds this permission.
    pub fn require_permission(&mut self, permission: impl Into<String>) {
        self.permissions.insert(permission.into());
    }

    /// It takes a header.
    pub fn header(&mut self, name: &str, required: bool, about: &str, schema: Value) {
        self.parameter("header", name, required, about, schema);
    }

    /// It takes a parameter of the query.
    pub fn query_parameter(&mut self, name: &str, about: &str, schema: Value) {
        self.parameter("query", name, false, about, schema);
    }

    /// It takes the path's parameter, as a `T`.
    pub fn path_parameter<T: JsonSchema>(&mut self) {
        let name = self.path.split_once('{').and_then(|(_, rest)| rest.split_once('}'));
        let name = name.map(|(name, _)| name.to_owned()).unwrap_or_default();
        let schema = self.schemas.request_schema::<T>();
        self.parameter("path", &name, true, "", schema);
    }

    /// It takes the fields of a `T` in the query.
    pub fn query<T: JsonSchema>(&mut self) {
        for (name, mut schema, required) in self.schemas.request_fields::<T>() {
            let about = schema.as_object_mut().and_then(|schema| schema.remove("description"));
            let about = about.as_ref().and_then(Value::as_str).unwrap_or_default();
            self.parameter("query", &name, required, about, without_null(schema));
        }
    }

    fn parameter(&mut self, place: &'static str, name: &str, required: bool, about: &str, schema: Value) {
        let mut parameter = json!({ "in": place, "name": name, "required": required, "schema": schema });
        if !about.is_empty() {
            parameter["description"] = json!(about);
        }
        self.parameters.insert((place, name.to_owned()), parameter);
    }

    /// It takes a `T` as its body. One whose fields may all be left out may be left out itself.
    pub fn body<T: JsonSchema>(&mut self) {
        let required = self.schemas.request_fields::<T>().iter().any(|(_, _, required)| *required);
        let content = json!({ "schema": self.schemas.request_schema::<T>() });
        let media = if *self.method == Method::PATCH { "application/merge-patch+json" } else { "" };
        let taken = [media, "application/json"].into_iter().filter(|media| !media.is_empty());
        let content: Map<String, Value> = taken.map(|media| (media.to_owned(), content.clone())).collect();
        self.body = Some(json!({ "required": required, "content": content }));
    }

    /// It takes a body that somebody else describes.
    pub fn external_body(&mut self, about: &str) {
        let content = json!({ "application/json": { "schema": { "type": "object" } } });
        self.body = Some(json!({ "required": true, "description": about, "content": content }));
    }

    /// All going well, it answers this.
    pub fn response(&mut self, status: StatusCode, schema: Option<Value>) {
        self.response.insert(status, schema.map(|schema| ("application/json", schema)));
    }

    /// All going well, it answers 200 with text of this media type.
    pub fn text_response(&mut self, media: &'static str, about: &str) {
        let schema = json!({ "type": "string", "description": about });
        self.response.insert(StatusCode::OK, Some((media, schema)));
    }

    /// All going well, the answer has this header.
    pub fn response_header(&mut self, name: HeaderName, about: &str) {
        let header = json!({ "description": about, "schema": { "type": "string" } });
        self.answer_headers.insert(name.as_str().to_owned(), header);
    }

    /// The operation as OpenAPI has it.
    pub(super) fn render(
        mut self,
        id: &str,
        summary: &str,
        tag: &str,
        (problems, limited): (&mut Problems, bool),
    ) -> Value {
        self.add_errors(&[ErrorCode::NotAcceptable, ErrorCode::InternalError, ErrorCode::ServiceUnavailable]);
        if self.body.is_some() {
            self.add_errors(&[ErrorCode::PayloadTooLarge]);
        }
        if limited {
            self.add_errors(&[ErrorCode::RateLimited]);
        }
        let mut operation = json!({
            "operationId": id,
            "summary": summary,
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
        if !self.permissions.is_empty() {
            let permissions: Vec<String> = self.permissions.into_iter().collect();
            operation["description"] = json!(format!("Needs the permission `{}`.", permissions.join("`, `")));
        }
        operation
    }

    fn responses(&self, problems: &mut Problems, limited: bool) -> Map<String, Value> {
        let always = headers_of_every_answer(limited);
        let good = self.response.iter().map(|(status, schema)| {
            let mut headers = always.clone();
            headers.extend(self.answer_headers.clone());
            let mut answer = json!({ "description": reason(*status), "headers": headers });
            if let Some((media, schema)) = schema {
                answer["content"] = json!({ *media: { "schema": schema } });
            }
            (status.as_str().to_owned(), answer)
        });
        let statuses: BTreeSet<StatusCode> = self.refusals.iter().map(|code| code.status()).collect();
        let bad = statuses.into_iter().map(|status| {
            let codes: Vec<ErrorCode> =
                self.refusals.iter().copied().filter(|code| code.status() == status).collect();
            (status.as_str().to_owned(), problems.reference(status, &codes, limited))
        });
        good.chain(bad).collect()
    }
}

/// A query can leave a parameter out, and cannot say null.
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

/// The headers of every answer, as references to what the document says of them once.
pub(super) fn headers_of_every_answer(limited: bool) -> Map<String, Value> {
    let always = ["x-request-id", "x-correlation-id"];
    let limits =
        ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "ratelimit", "ratelimit-policy"];
    let names = always.into_iter().chain(limits.into_iter().filter(|_| limited));
    names.map(|name| (name.to_owned(), json!({ "$ref": format!("#/components/headers/{name}") }))).collect()
}

/// What a status is called.
pub(super) fn reason(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or_default()
}
