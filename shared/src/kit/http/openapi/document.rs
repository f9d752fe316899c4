//! The whole document.

use axum::handler::Handler;
use http::Method;
use serde_json::{Map, Value, json};

use super::handler::DescribeHandler;
use super::operation::Operation;
use super::problems::{self, Problems};
use super::schemas::Schemas;
use super::{OperationDoc, RouteBuilder};

/// Takes the routes of all functions, and becomes the description of the API.
#[derive(Debug, Default)]
pub struct Document {
    paths: Map<String, Value>,
    tags: Vec<Value>,
    schemas: Schemas,
    problems: Problems,
    tag: &'static str,
    limited: bool,
}

impl Document {
    /// What follows belongs together under this name, and is counted against a caller's limits.
    #[must_use]
    pub fn section(self, tag: &'static str, about: &'static str) -> Self {
        let mut tags = self.tags;
        tags.push(json!({ "name": tag, "description": about }));
        Self { tags, tag, limited: true, ..self }
    }

    /// What follows is not counted against a caller's limits.
    #[must_use]
    pub fn without_rate_limit(self) -> Self {
        Self { limited: false, ..self }
    }

    /// The document, in OpenAPI 3.1.
    #[must_use]
    pub fn render(self, title: &str, version: &str, about: &str) -> Value {
        let mut schemas = self.schemas.into_components();
        schemas.insert("Problem".to_owned(), problems::schema());
        let (responses, examples) = self.problems.into_components();
        json!({
            "openapi": "3.1.0",
            "info": { "title": title, "version": version, "description": about },
            "servers": [{ "url": "/" }],
            "tags": self.tags,
            "paths": self.paths,
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

impl<S> RouteBuilder<S> for Document {
    fn with<H, T>(mut self, method: Method, path: &'static str, _: H, about: OperationDoc) -> Self
    where
        H: Handler<T, S> + DescribeHandler<T>,
        T: 'static,
    {
        let mut operation = Operation::new(&method, path, &mut self.schemas);
        operation.add_errors(about.refusals);
        H::describe(&mut operation);
        let id = camel_case(H::name());
        let described = operation.render(&id, about.summary, self.tag, (&mut self.problems, self.limited));
        let methods = self.paths.entry(path).or_insert_with(|| json!({}));
        methods[method.as_str().to_ascii_lowercase()] = described;
        self
    }
}

/// `place_order` as `placeOrder`.
fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (initial, rest) = word.split_at(word.len().min(1));
        name + &initial.to_ascii_uppercase() + rest
    })
}

/// The headers that answers have in common.
fn headers() -> Value {
    let number = |about: &str| json!({ "description": about, "schema": { "type": "integer", "minimum": 0 } });
    let text = |about: &str| json!({ "description": about, "schema": { "type": "string" } });
    json!({
        "x-request-id": text("The request's id."),
        "x-correlation-id": text("The id of the work that the request is part of: the caller's, or the request's."),
        "x-ratelimit-limit": number("How many requests of this kind the caller may send in a window."),
        "x-ratelimit-remaining": number("How many are left in this window."),
        "x-ratelimit-reset": number("Seconds until the next window."),
        "ratelimit": text("What is left, and seconds until the next window (draft-ietf-httpapi-ratelimit-headers)."),
        "ratelimit-policy": text("The limit, and the length of its window in seconds (the same draft)."),
        "retry-after": number("Seconds to wait before the next attempt."),
        "www-authenticate": text("`Bearer`."),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_called_as_its_handler_is() {
        assert_eq!(camel_case("place_order"), "placeOrder");
        assert_eq!(camel_case("refresh"), "refresh");
    }
}
