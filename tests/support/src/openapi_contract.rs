//! The API's description as a promise: every answer that a test gets is held against it, whatever the test is about.

use std::collections::HashMap;
use std::fs;
use std::sync::{LazyLock, Mutex, PoisonError};

use http::{HeaderMap, Method, StatusCode};
use jsonschema::Validator;
use serde_json::{Value, json};
use shared::kit::http::middleware::REQUEST_ID;

use crate::workspace;

/// What is promised.
static PROMISED: LazyLock<Contract> = LazyLock::new(Contract::read);

struct Contract {
    document: Value,
    validators: Mutex<HashMap<String, Validator>>,
}

/// Holds an answer against the description. Requests that it does not describe (wrong methods, paths that lead nowhere,
/// the documentation page) promise nothing.
///
/// # Panics
/// If the answer is not one that is promised.
pub fn assert_conforms(method: &Method, path: &str, status: StatusCode, headers: &HeaderMap, body: &[u8]) {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    // Of a body with chosen fields, less is promised than a schema can say.
    if status.is_success() && query.split('&').any(|parameter| parameter.starts_with("fields=")) {
        return;
    }
    // What the gateway answers in a function's place is not the function's to promise.
    let is_ours = headers.contains_key(&REQUEST_ID);
    if let Some(operation) = PROMISED.operation(method, path).filter(|_| is_ours) {
        let name = format!("{method} {path}: {status}");
        PROMISED.assert_conforms(&name, operation, status, headers, body);
    }
}

impl Contract {
    fn read() -> Self {
        let path = workspace("functions/api-meta/openapi.json");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self {
            document: serde_json::from_str(&text).expect("the description is JSON"),
            validators: Mutex::default(),
        }
    }

    /// The operation; a path without parameters goes before one with.
    fn operation(&self, method: &Method, path: &str) -> Option<&Value> {
        let paths = self.document["paths"].as_object()?;
        let exact = paths.get(path);
        let described = exact.or_else(|| {
            paths.iter().find(|(template, _)| matches(template, path)).map(|(_, described)| described)
        });
        described?.get(method.as_str().to_ascii_lowercase())
    }

    fn assert_conforms(
        &self,
        name: &str,
        operation: &Value,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
    ) {
        let promised = &operation["responses"][status.as_str()];
        assert!(!promised.is_null(), "{name} is not promised: {}", String::from_utf8_lossy(body));
        let (pointer, promised) = match promised["$ref"].as_str() {
            Some(reference) => (reference.to_owned(), self.at(reference)),
            None => (format!("{} {status}", operation["operationId"]), promised),
        };
        for header in ["etag", "location"] {
            let named = promised["headers"].get(header).is_some();
            assert!(!named || headers.contains_key(header), "{name} promises the header {header}");
        }
        let Some((media, content)) =
            promised["content"].as_object().and_then(|content| content.iter().next())
        else {
            assert!(body.is_empty(), "{name} promises no body");
            return;
        };
        let said = headers.get("content-type").and_then(|value| value.to_str().ok());
        assert_eq!(said, Some(media.as_str()), "{name}");
        if media.ends_with("json") && !headers.contains_key("content-encoding") {
            let body = serde_json::from_slice(body).unwrap_or_else(|error| panic!("{name}: {error}"));
            self.validate(name, pointer, &content["schema"], &body);
        }
    }

    fn validate(&self, name: &str, pointer: String, schema: &Value, body: &Value) {
        let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        let validator = validators.entry(pointer).or_insert_with(|| {
            let rooted = json!({ "components": self.document["components"], "allOf": [schema] });
            jsonschema::draft202012::new(&rooted).expect("the description has valid schemas")
        });
        let broken: Vec<String> =
            validator.iter_errors(body).map(|error| format!("{} {error}", error.instance_path())).collect();
        assert!(broken.is_empty(), "{name} breaks its promise: {}\n{body:#}", broken.join("; "));
    }

    fn at(&self, reference: &str) -> &Value {
        self.document.pointer(reference.trim_start_matches('#')).expect("a reference leads somewhere")
    }
}

/// Whether a path is one that a template describes.
fn matches(template: &str, path: &str) -> bool {
    let (mut template, mut path) = (template.split('/'), path.split('/'));
    loop {
        match (template.next(), path.next()) {
            (None, None) => return true,
            (Some(part), Some(given)) if part.starts_with('{') || part == given => {}
            _ => return false,
        }
    }
}
