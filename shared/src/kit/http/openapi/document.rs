//! The OpenAPI document.

use axum::handler::Handler;
use http::Method;
use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use super::events::{self, EventSchema};
use super::handler::DescribeHandler;
use super::operation::Operation;
use super::problems::{self, Problems};
use super::schemas::Schemas;
use super::{OperationDoc, RouteBuilder, RouterState};

/// Collects the routes of all functions and renders the API description.
#[derive(Debug, Default)]
pub struct Document {
    paths: Map<String, Value>,
    tags: Vec<Value>,
    schemas: Schemas,
    problems: Problems,
    webhooks: Map<String, Value>,
    tag: &'static str,
    limited: bool,
}

impl Document {
    /// Starts a section: the routes that follow have this tag and count against the rate limits.
    #[must_use]
    pub fn section(self, tag: &'static str, description: &'static str) -> Self {
        let mut tags = self.tags;
        tags.push(json!({ "name": tag, "description": description }));
        Self { tags, tag, limited: true, ..self }
    }

    /// Exempts the routes that follow from the rate limits.
    #[must_use]
    pub fn without_rate_limit(self) -> Self {
        Self { limited: false, ..self }
    }

    /// Adds the events that `catalogue` describes, as webhooks.
    #[must_use]
    pub fn with_events(mut self, catalogue: fn(&mut SchemaGenerator) -> Vec<EventSchema>) -> Self {
        self.webhooks = events::webhooks(&self.schemas.events(catalogue));
        self
    }

    /// Renders the document in OpenAPI 3.1.
    #[must_use]
    pub fn render(self, title: &str, version: &str, description: &str) -> Value {
        let mut schemas = self.schemas.into_components();
        schemas.insert("Problem".to_owned(), problems::schema());
        let (responses, examples) = self.problems.into_components();
        json!({
            "openapi": "3.1.0",
            "info": { "title": title, "version": version, "description": description },
            "servers": [{ "url": "/" }],
            "tags": self.tags,
            "paths": self.paths,
            "webhooks": self.webhooks,
            "components": {
                "schemas": schemas,
                "responses": responses,
                "examples": examples,
                "headers": headers(),
                "securitySchemes": {
                    "accessToken": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
                },
            },
        })
    }
}

impl<S: RouterState> RouteBuilder<S> for Document {
    fn with<H, T>(mut self, method: Method, path: &'static str, _: H, doc: OperationDoc) -> Self
    where
        H: Handler<T, S> + DescribeHandler<T>,
        T: 'static,
    {
        let mut operation = Operation::new(&method, path, &mut self.schemas);
        operation.add_errors(doc.errors);
        H::describe(&mut operation);
        let id = doc.operation_id.map_or_else(|| camel_case(H::name()), str::to_owned);
        let rendered = operation.render(&id, &doc, self.tag, &mut self.problems, self.limited);
        let methods = self.paths.entry(path).or_insert_with(|| json!({}));
        methods[method.as_str().to_ascii_lowercase()] = rendered;
        self
    }
}

/// Converts `place_order` to `placeOrder`.
fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (initial, rest) = word.split_at(word.len().min(1));
        name + &initial.to_ascii_uppercase() + rest
    })
}

/// Headers common to all responses.
fn headers() -> Value {
    let number = |about: &str| json!({ "description": about, "schema": { "type": "integer", "minimum": 0 } });
    let text = |about: &str| json!({ "description": about, "schema": { "type": "string" } });
    json!({
        "x-request-id": text("Id of the request."),
        "x-correlation-id": text("Correlation id: the caller's value of this header, or else the request id."),
        "x-ratelimit-limit": number("Number of requests of this kind that the caller may send per window."),
        "x-ratelimit-remaining": number("Number of requests left in the window."),
        "x-ratelimit-reset": number("Seconds until the oldest counted requests leave the window."),
        "ratelimit":
            text("Requests left, and seconds until the oldest counted ones leave the window \
                (draft-ietf-httpapi-ratelimit-headers)."),
        "ratelimit-policy":
            text("Limit and length of the window in seconds (draft-ietf-httpapi-ratelimit-headers)."),
        "retry-after": number("Seconds to wait before the next attempt."),
        "accept-encoding": text("`identity`, if the request body has a `Content-Encoding`."),
        "www-authenticate": text("Authentication scheme: `Bearer`."),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operation_id_is_the_handler_name_in_camel_case() {
        assert_eq!(camel_case("place_order"), "placeOrder");
        assert_eq!(camel_case("refresh"), "refresh");
    }
}
