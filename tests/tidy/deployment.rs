//! The template, held against the code and against the rules for queues.

use std::collections::BTreeSet;
use std::time::Duration;

use shared::kit::aws::dynamodb::schema::{Index, OUTBOX_KIND, TTL};
use shared::kit::queue::consumer::delivery::MAX_RECEIVE_COUNT;
use shared::messaging::event_routing::Subscriber;
use test_support::{TestTable, workspace};

use crate::{functions, read, rust_files};

/// The paths of the page for people, which programs are told nothing of.
const PAGE: [&str; 2] = ["/docs", "/docs/{proxy+}"];

#[test]
fn the_description_that_is_served_is_the_one_of_the_code() {
    assert!(
        read(&workspace(openapi::PATH)) == openapi::text(),
        "{} is not up to date: run `make openapi`",
        openapi::PATH
    );
}

#[tokio::test]
async fn the_routes_of_the_template_are_those_of_the_code_and_its_description() {
    let table = TestTable::open().await;
    let functions = &table.stack().deployment().functions;
    let routes = functions.iter().flat_map(|function| function.routes.iter().map(|route| route.path.clone()));
    let template: BTreeSet<String> =
        routes.filter(|path| path != "$default" && !PAGE.contains(&path.as_str())).collect();
    let document = openapi::document();
    let described: BTreeSet<String> = document["paths"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(template, described);
}

#[test]
fn operations_have_names_of_their_own_and_say_what_they_are_for() {
    let document = openapi::document();
    let paths = document["paths"].as_object().unwrap().values();
    let mut names = BTreeSet::new();
    for operation in paths.flat_map(|methods| methods.as_object().unwrap().values()) {
        let name = operation["operationId"].as_str().unwrap();
        assert!(names.insert(name.to_owned()), "two operations are called {name}");
        assert!(!operation["summary"].as_str().unwrap().is_empty(), "{name} has no summary");
    }
}

#[tokio::test]
async fn every_function_of_the_template_has_its_crate() {
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
async fn queues_keep_the_rules() {
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
                "{name}: visibility below six time-outs"
            );
            assert!(source.report_failures, "{name}: one failure would fail the batch");
            assert!(source.maximum_concurrency.is_some(), "{name}: no bound on concurrency");
        }
    }
    assert!(consumed >= 2, "only {consumed} consumed queues were found");
    for queue in &deployment.queues {
        match &queue.redrive {
            Some(redrive) => {
                assert_eq!(redrive.max_receive_count, MAX_RECEIVE_COUNT, "{}", queue.name);
            }
            None => assert_eq!(
                seconds(queue, "MessageRetentionPeriod"),
                Duration::from_hours(14 * 24),
                "{}",
                queue.name
            ),
        }
    }
}

#[test]
fn names_that_code_and_template_share_are_the_same() {
    let template = read(&workspace("template.yaml"));
    for index in [Index::ByParent, Index::ByName, Index::ByOwner, Index::Due] {
        assert!(template.contains(&format!("IndexName: {}", index.name())), "{}", index.name());
        let (partition, sort) = index.attributes();
        assert!(template.contains(&format!("AttributeName: {partition}, KeyType: HASH")), "{partition}");
        assert!(template.contains(&format!("AttributeName: {sort}, KeyType: RANGE")), "{sort}");
    }
    assert!(template.contains(&format!("\"kind\": {{\"S\": [\"{OUTBOX_KIND}\"]}}")), "the stream's filter");
    assert!(template.contains(&format!("AttributeName: {TTL}\n")), "the time to live");
    for subscriber in Subscriber::ALL {
        for variable in [subscriber.queue_env_var(), subscriber.dlq_env_var()] {
            assert!(template.contains(&format!("{variable}: !Ref")), "{variable}");
        }
    }
}

/// Every variable that the code reads, and none besides, is given by the template; Lambda's own aside.
#[test]
fn the_variables_of_the_code_are_those_of_the_template() {
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
    let given: BTreeSet<String> = template
        .lines()
        .filter_map(|line| line.trim().split_once(": ").map(|(name, _)| name.to_owned()))
        .filter(|name| name.starts_with("AGORA_"))
        .collect();
    assert_eq!(read_by_code, given);
}
