//! Operations of the API, read from its description.

use std::collections::BTreeMap;
use std::fs;
use std::sync::LazyLock;

use http::Method;
use serde_json::Value;
use test_support::workspace;

/// Operation of the API.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Operation id.
    pub id: String,
    /// Method.
    pub method: Method,
    /// Path with its parameters in braces.
    pub path: String,
    /// Documented statuses.
    pub statuses: Vec<u16>,
    /// Names of the headers.
    headers: Vec<String>,
    /// Names of the required headers.
    required_headers: Vec<String>,
    /// Names of the query parameters.
    query: Vec<String>,
    /// True if the request has a JSON body.
    pub has_body: bool,
    /// True if an access token is required.
    pub requires_token: bool,
    /// True if an access token is required or possible.
    pub accepts_token: bool,
}

/// All operations by id.
pub static OPERATIONS: LazyLock<BTreeMap<String, Operation>> = LazyLock::new(read);

/// The operation with this id.
///
/// # Panics
/// If the API has no such operation.
#[must_use]
pub fn operation(id: &str) -> &'static Operation {
    OPERATIONS.get(id).unwrap_or_else(|| panic!("the API has no operation {id}"))
}

impl Operation {
    /// Returns true if the operation documents this status.
    #[must_use]
    pub fn documents(&self, status: u16) -> bool {
        self.statuses.contains(&status)
    }

    /// Returns true if the operation has this header.
    #[must_use]
    pub fn has_header(&self, header: &str) -> bool {
        self.headers.iter().any(|name| name.eq_ignore_ascii_case(header))
    }

    /// Returns true if the operation requires this header.
    #[must_use]
    pub fn requires(&self, header: &str) -> bool {
        self.required_headers.iter().any(|name| name.eq_ignore_ascii_case(header))
    }

    /// Returns true if the operation has this query parameter.
    #[must_use]
    pub fn has_query(&self, name: &str) -> bool {
        self.query.iter().any(|parameter| parameter == name)
    }

    /// Query that the operation refuses with 400; `None` if it has no query parameters.
    #[must_use]
    pub fn invalid_query(&self) -> Option<&'static str> {
        let invalid =
            [("limit", "limit=0"), ("fields", "fields=unknown"), ("from", "from=x"), ("part", "part=x")];
        let known = invalid.iter().find(|(name, _)| self.has_query(name)).map(|(_, query)| *query);
        known.or_else(|| self.has_query("token").then_some(""))
    }

    /// Returns true if the path has a parameter.
    #[must_use]
    pub fn has_target(&self) -> bool {
        self.path.contains('{')
    }
}

fn read() -> BTreeMap<String, Operation> {
    let path = workspace("functions/api-meta/openapi.json");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let document: Value = serde_json::from_str(&text).expect("the description is JSON");
    let mut operations = BTreeMap::new();
    for (path, described) in document["paths"].as_object().into_iter().flatten() {
        for (method, described) in described.as_object().into_iter().flatten() {
            let Ok(method) = method.to_ascii_uppercase().parse::<Method>() else { continue };
            if described["operationId"].is_string() {
                let operation = parse(&document, path, method, described);
                operations.insert(operation.id.clone(), operation);
            }
        }
    }
    operations
}

fn parse(document: &Value, path: &str, method: Method, described: &Value) -> Operation {
    let statuses = described["responses"].as_object().into_iter().flat_map(serde_json::Map::keys);
    let parameters = described["parameters"].as_array().into_iter().flatten();
    let parameters: Vec<&Value> = parameters
        .map(|parameter| match parameter["$ref"].as_str() {
            Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap_or(&Value::Null),
            None => parameter,
        })
        .collect();
    let names = |place: &str, only_required: bool| {
        let chosen = parameters.iter().filter(|parameter| {
            parameter["in"] == place && (!only_required || parameter["required"] == true)
        });
        chosen.filter_map(|parameter| parameter["name"].as_str()).map(str::to_owned).collect()
    };
    Operation {
        id: described["operationId"].as_str().unwrap_or_default().to_owned(),
        method,
        path: path.to_owned(),
        statuses: statuses.filter_map(|status| status.parse().ok()).collect(),
        headers: names("header", false),
        required_headers: names("header", true),
        query: names("query", false),
        has_body: described["requestBody"].is_object(),
        requires_token: described["security"] == serde_json::json!([{ "accessToken": [] }]),
        accepts_token: described["security"].to_string().contains("accessToken"),
    }
}
