//! Configuration: a function that lacks a variable exits at the start and names it.

use std::collections::BTreeMap;
use std::process::Stdio;

use futures::StreamExt;
use test_support::TestTable;
use tokio::process::Command;

/// Variables that functions can do without.
const OPTIONAL: [&str; 6] = [
    "AGORA_API_URL",
    "AGORA_LOG_LEVEL",
    "AGORA_STAGE",
    "AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_HEADERS",
];

/// Variables of Lambda that every function needs.
const OF_LAMBDA: [(&str, &str); 4] = [
    ("AWS_ACCESS_KEY_ID", "local"),
    ("AWS_LAMBDA_FUNCTION_NAME", "function"),
    ("AWS_REGION", "eu-central-1"),
    ("AWS_SECRET_ACCESS_KEY", "local"),
];

/// Runs a function with these variables until it exits, and returns its output if it failed.
async fn run(function: &str, variables: &BTreeMap<String, String>) -> Option<String> {
    let mut command = Command::new(local::stack::default_bin_dir().join(function));
    // No runtime responds at this address: a function whose configuration is complete fails here.
    command.env_clear().envs(variables).env("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1");
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await.unwrap();
    let text = [output.stdout, output.stderr].concat();
    (!output.status.success()).then(|| String::from_utf8_lossy(&text).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_exit_naming_the_missing_variable() {
    let table = TestTable::open().await;
    let mut cases = Vec::new();
    for function in &table.stack().deployment().functions {
        let mut variables: BTreeMap<String, String> = function.environment.clone().into_iter().collect();
        variables.extend(OF_LAMBDA.map(|(name, value)| (name.to_owned(), value.to_owned())));
        cases.push((function.stem.clone(), None, variables.clone()));
        for name in variables.keys().filter(|name| !OPTIONAL.contains(&name.as_str())) {
            let mut incomplete = variables.clone();
            incomplete.remove(name);
            cases.push((function.stem.clone(), Some(name.clone()), incomplete));
        }
    }
    assert!(cases.len() > 150, "{} cases", cases.len());
    let failures = futures::stream::iter(cases).map(|(function, missing, variables)| async move {
        let output = run(&function, &variables).await;
        let expected = missing.as_ref().map(|name| format!("{name} is not set"));
        let as_expected = match (&output, &expected) {
            (Some(output), Some(expected)) => output.contains(expected),
            (Some(output), None) => !output.contains("is not set"),
            (None, _) => false,
        };
        (!as_expected).then(|| format!("{function} without {missing:?}: {output:?}"))
    });
    let failures: Vec<String> = failures.buffer_unordered(4).filter_map(std::future::ready).collect().await;
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}
