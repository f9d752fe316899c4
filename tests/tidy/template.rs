//! Rules for the template, `template.yaml`.

mod failures;
mod parameters;
mod security;

use std::collections::BTreeSet;

use local::template::Template;
use serde_json::{Map, Value};
use test_support::workspace;

fn template() -> Template {
    Template::read(&workspace("template.yaml")).unwrap()
}

fn resources(template: &Template) -> &Map<String, Value> {
    template.written("Resources").unwrap()
}

/// Resources of a type with their properties.
fn of_kind<'a>(template: &'a Template, kind: &'a str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let all = resources(template).iter().filter(move |(_, resource)| resource["Type"] == kind);
    all.map(|(id, resource)| (id, &resource["Properties"]))
}

fn ids(template: &Template, kind: &str) -> BTreeSet<String> {
    of_kind(template, kind).map(|(id, _)| id.clone()).collect()
}

/// All strings in a value.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(map) => map.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// IAM statements of all roles and managed policies, with the id of their resource.
fn statements(template: &Template) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    for kind in ["AWS::IAM::Role", "AWS::IAM::ManagedPolicy"] {
        for (id, properties) in of_kind(template, kind) {
            let inline = properties["Policies"].as_array().into_iter().flatten();
            let documents = inline.map(|policy| &policy["PolicyDocument"]);
            for document in documents.chain([&properties["PolicyDocument"]]) {
                let all = document["Statement"].as_array().into_iter().flatten();
                found.extend(all.map(|statement| (id.clone(), statement)));
            }
        }
    }
    found
}
