//! Consistency of the template with the code and the API description, and rules for queues.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Map, Value, json};
use shared::kit::aws::dynamodb::schema::{Index, OUTBOX_KIND, TTL};
use shared::kit::queue::consumer::RETRY_PERIOD;
use shared::kit::queue::consumer::delivery::MAX_RECEIVE_COUNT;
use shared::messaging::event_routing::Subscriber;
use strum::VariantArray as _;
use test_support::{TestTable, workspace};

use crate::{functions, read, rust_files};

/// Paths of the documentation page, which the API description omits.
const DOCS_PAGE: [&str; 2] = ["/docs", "/docs/{proxy+}"];

#[test]
fn served_api_description_is_up_to_date() {
    assert!(
        read(&workspace(openapi::PATH)) == openapi::text(),
        "{} is not up to date: run `make openapi`",
        openapi::PATH
    );
}

#[tokio::test]
async fn template_routes_equal_the_api_description() {
    let table = TestTable::open().await;
    let functions = &table.stack().deployment().functions;
    let routes = functions.iter().flat_map(|function| function.routes.iter().map(|route| route.path.clone()));
    let template: BTreeSet<String> =
        routes.filter(|path| path != "$default" && !DOCS_PAGE.contains(&path.as_str())).collect();
    let document = openapi::document();
    let described: BTreeSet<String> = document["paths"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(template, described);
}

/// Minimum length of the description of an operation.
const MIN_DESCRIPTION: usize = 80;

/// Follows a `$ref`; other values are returned unchanged.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let reference = value["$ref"].as_str();
    reference.map_or(value, |reference| document.pointer(reference.trim_start_matches('#')).unwrap())
}

/// Returns true if the value has a description, itself or behind its `$ref`.
fn is_described(document: &Value, value: &Value) -> bool {
    let description = |value: &Value| value["description"].as_str().is_some_and(|text| !text.is_empty());
    description(value) || description(resolved(document, value))
}

#[test]
fn operations_have_unique_ids_and_are_documented() {
    let document = openapi::document();
    let paths = document["paths"].as_object().unwrap().values();
    let (mut ids, mut missing) = (BTreeSet::new(), Vec::new());
    for operation in paths.flat_map(|methods| methods.as_object().unwrap().values()) {
        let id = operation["operationId"].as_str().unwrap();
        assert!(ids.insert(id.to_owned()), "two operations have the id {id}");
        if operation["summary"].as_str().unwrap().is_empty() {
            missing.push(format!("{id}: summary"));
        }
        if operation["description"].as_str().unwrap_or_default().len() < MIN_DESCRIPTION {
            missing.push(format!("{id}: description of at least {MIN_DESCRIPTION} characters"));
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            if !is_described(&document, parameter) {
                let name = &resolved(&document, parameter)["name"];
                missing.push(format!("{id}: description of the parameter {name}"));
            }
        }
        for content in operation["requestBody"]["content"].as_object().into_iter().flat_map(Map::values) {
            let schema = resolved(&document, &content["schema"]);
            if schema["examples"].as_array().is_none_or(Vec::is_empty) {
                missing.push(format!("{id}: example of the request body"));
            }
        }
    }
    assert!(missing.is_empty(), "missing in the API description:\n{}", missing.join("\n"));
}

#[test]
fn schemas_are_described_and_their_examples_are_valid() {
    let document = openapi::document();
    let mut failures = Vec::new();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        if !is_described(&document, schema) {
            failures.push(format!("{name} has no description"));
        }
        for (field, property) in schema["properties"].as_object().into_iter().flatten() {
            if !is_described(&document, property) {
                failures.push(format!("{name}.{field} has no description"));
            }
        }
        let rooted = json!({ "components": document["components"], "allOf": [schema] });
        let validator = jsonschema::draft202012::new(&rooted).unwrap();
        for example in schema["examples"].as_array().into_iter().flatten() {
            let errors = validator.iter_errors(example);
            failures
                .extend(errors.map(|error| format!("example of {name}: {} {error}", error.instance_path())));
        }
    }
    assert!(failures.is_empty(), "in the API description:\n{}", failures.join("\n"));
}

#[tokio::test]
async fn every_function_of_the_template_has_a_crate() {
    let table = TestTable::open().await;
    let stems: Vec<String> =
        table.stack().deployment().functions.iter().map(|function| function.stem.clone()).collect();
    assert_eq!(stems.iter().collect::<BTreeSet<_>>(), functions().iter().collect::<BTreeSet<_>>());
}

fn seconds(queue: &local::template::Queue, attribute: &str) -> Duration {
    let value =
        queue.attributes.get(attribute).unwrap_or_else(|| panic!("{} has no {attribute}", queue.name));
    Duration::from_secs(value.parse().unwrap())
}

#[tokio::test]
async fn queues_comply_with_the_rules() {
    let table = TestTable::open().await;
    let deployment = table.stack().deployment();
    let mut consumed = 0;
    for function in &deployment.functions {
        for source in &function.queues {
            consumed += 1;
            let queue = deployment.queues.iter().find(|queue| queue.name == source.queue).unwrap();
            let name = &function.stem;
            assert!(
                seconds(queue, "VisibilityTimeout") >= 6 * function.timeout,
                "{name}: visibility timeout below six function timeouts"
            );
            assert!(source.report_failures, "{name}: partial batch failures are not reported");
            assert!(source.maximum_concurrency.is_some(), "{name}: no maximum concurrency");
        }
    }
    assert!(consumed >= 2, "only {consumed} consumed queues were found");
    for queue in &deployment.queues {
        // A message keeps its send time when SQS moves it to the dead-letter queue, whose retention must then
        // leave days in which an operator can act.
        let days = if queue.redrive.is_some() { 10 } else { 14 };
        let retention = seconds(queue, "MessageRetentionPeriod");
        assert_eq!(retention, Duration::from_hours(days * 24), "{}", queue.name);
        assert!(retention > RETRY_PERIOD, "{}", queue.name);
        if let Some(redrive) = &queue.redrive {
            assert_eq!(redrive.max_receive_count, MAX_RECEIVE_COUNT, "{}", queue.name);
        }
    }
}

#[test]
fn shared_names_of_code_and_template_are_equal() {
    let template = read(&workspace("template.yaml"));
    for index in Index::VARIANTS {
        assert!(template.contains(&format!("IndexName: {}", index.name())), "{}", index.name());
        let (partition, sort) = index.attributes();
        assert!(template.contains(&format!("AttributeName: {partition}, KeyType: HASH")), "{partition}");
        assert!(template.contains(&format!("AttributeName: {sort}, KeyType: RANGE")), "{sort}");
    }
    assert!(template.contains(&format!("\"kind\": {{\"S\": [\"{OUTBOX_KIND}\"]}}")), "the stream's filter");
    assert!(template.contains(&format!("AttributeName: {TTL}\n")), "the time to live");
    for subscriber in Subscriber::VARIANTS {
        for variable in [subscriber.queue_env_var(), subscriber.dlq_env_var()] {
            assert!(template.contains(&format!("{variable}: !Ref")), "{variable}");
        }
    }
}

/// Checks that the code knows each index of the template, and queries it.
#[test]
fn every_index_of_the_template_is_queried() {
    let template = read(&workspace("template.yaml"));
    let in_template: BTreeSet<&str> =
        template.lines().filter_map(|line| line.trim().strip_prefix("- IndexName: ")).collect();
    let code: String = rust_files(&workspace("shared/src"))
        .iter()
        .filter(|file| !file.ends_with("kit/aws/dynamodb/schema.rs"))
        .map(|file| read(file).split("#[cfg(test)]").next().unwrap().to_owned())
        .collect();
    let queried = Index::VARIANTS.iter().filter(|index| code.contains(&format!("Index::{index:?}")));
    assert_eq!(in_template, queried.map(|index| index.name()).collect());
}

/// Checks that the template sets exactly the `AGORA_` variables that the code reads.
#[test]
fn environment_variables_of_code_and_template_are_equal() {
    let mut read_by_code = BTreeSet::new();
    for file in ["shared/src", "functions"].iter().flat_map(|folder| rust_files(&workspace(folder))) {
        let path = file.to_string_lossy();
        if !path.contains("/tests/") {
            let code = read(&file);
            let code = code.split("#[cfg(test)]").next().unwrap();
            let words = code.split('"').filter(|word| word.starts_with("AGORA_"));
            read_by_code.extend(words.map(str::to_owned));
        }
    }
    let template = read(&workspace("template.yaml"));
    let set_by_template: BTreeSet<String> = template
        .lines()
        .filter_map(|line| line.trim().split_once(": ").map(|(name, _)| name.to_owned()))
        .filter(|name| name.starts_with("AGORA_"))
        .collect();
    assert_eq!(read_by_code, set_by_template);
}
