//! Checks each response that a test receives against the API description.

use std::collections::HashMap;
use std::fs;
use std::sync::{LazyLock, Mutex, PoisonError};

use http::{HeaderMap, Method, StatusCode};
use jsonschema::Validator;
use serde_json::{Value, json};
use shared::kit::http::middleware::REQUEST_ID;

use crate::workspace;

/// Contract of the repository's API description.
static CONTRACT: LazyLock<Contract> = LazyLock::new(Contract::read);

struct Contract {
    document: Value,
    validators: Mutex<HashMap<String, Validator>>,
}

/// Checks a response against the description. Requests that it does not describe (wrong methods, unknown
/// paths, the documentation page) are not checked.
///
/// # Panics
/// If the response does not conform.
pub fn assert_conforms(method: &Method, path: &str, status: StatusCode, headers: &HeaderMap, body: &[u8]) {
    check(method, path, status, headers, body).unwrap_or_else(|difference| panic!("{difference}"));
}

/// Same as [`assert_conforms`].
///
/// # Errors
/// A description of the first difference.
pub fn check(
    method: &Method,
    path: &str,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(), String> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    // The schema does not describe bodies with selected fields.
    if status.is_success() && query.split('&').any(|parameter| parameter.starts_with("fields=")) {
        return Ok(());
    }
    // Responses of API Gateway itself have no request id and are not described.
    let is_from_function = headers.contains_key(&REQUEST_ID);
    match CONTRACT.operation(method, path).filter(|_| is_from_function) {
        Some(operation) => {
            let name = format!("{method} {path}: {status}");
            CONTRACT.check(&name, operation, status, headers, body)
        }
        None => Ok(()),
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

    /// Finds an operation. A path without parameters takes precedence over a template.
    fn operation(&self, method: &Method, path: &str) -> Option<&Value> {
        let paths = self.document["paths"].as_object()?;
        let exact = paths.get(path);
        let described = exact.or_else(|| {
            paths.iter().find(|(template, _)| matches(template, path)).map(|(_, described)| described)
        });
        described?.get(method.as_str().to_ascii_lowercase())
    }

    fn check(
        &self,
        name: &str,
        operation: &Value,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<(), String> {
        let response = &operation["responses"][status.as_str()];
        if response.is_null() {
            return Err(format!("{name} is not documented: {}", String::from_utf8_lossy(body)));
        }
        let (pointer, response) = match response["$ref"].as_str() {
            Some(reference) => (reference.to_owned(), self.at(reference)),
            None => (format!("{} {status}", operation["operationId"]), response),
        };
        for header in ["etag", "location"] {
            let is_documented = response["headers"].get(header).is_some();
            if is_documented && !headers.contains_key(header) {
                return Err(format!("{name} lacks the documented header {header}"));
            }
        }
        let Some(contents) = response["content"].as_object() else {
            return if body.is_empty() { Ok(()) } else { Err(format!("{name} has an undocumented body")) };
        };
        let media = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let content = contents.get(media);
        let content = content.ok_or_else(|| format!("{name} has the undocumented media type {media}"))?;
        if media.ends_with("json") && !headers.contains_key("content-encoding") {
            let body = serde_json::from_slice(body).map_err(|error| format!("{name}: {error}"))?;
            return self.validate(name, pointer, &content["schema"], &body);
        }
        Ok(())
    }

    fn validate(&self, name: &str, pointer: String, schema: &Value, body: &Value) -> Result<(), String> {
        let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        let validator = validators.entry(pointer).or_insert_with(|| {
            let rooted = json!({ "components": self.document["components"], "allOf": [schema] });
            jsonschema::draft202012::new(&rooted).expect("the description has valid schemas")
        });
        let errors: Vec<String> =
            validator.iter_errors(body).map(|error| format!("{} {error}", error.instance_path())).collect();
        if errors.is_empty() {
            return Ok(());
        }
        Err(format!("{name} does not match its schema: {}\n{body:#}", errors.join("; ")))
    }

    fn at(&self, reference: &str) -> &Value {
        self.document.pointer(reference.trim_start_matches('#')).expect("the reference exists")
    }
}

/// Returns true if a path matches a template with parameters in braces.
#[must_use]
pub fn matches(template: &str, path: &str) -> bool {
    let (mut template, mut path) = (template.split('/'), path.split('/'));
    loop {
        match (template.next(), path.next()) {
            (None, None) => return true,
            (Some(part), Some(segment)) if part.starts_with('{') || part == segment => {}
            _ => return false,
        }
    }
}
