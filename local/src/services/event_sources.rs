//! Event source mappings. Each connects one source to one function, as on AWS: `queue` polls SQS, `stream`
//! reads the stream of a table, `schedule` runs schedules.

pub mod filter;
pub mod schedule_expression;

pub(crate) mod checkpoint;
pub(crate) mod queue;
pub(crate) mod schedule;
pub(crate) mod stream;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;

use crate::services::lambda::{FunctionHost, Invocation, InvokeError};
use crate::telemetry::logs::Logs;

/// Function host and logs, shared by all mappings.
#[derive(Clone)]
pub(crate) struct Invoker {
    host: Arc<dyn FunctionHost>,
    logs: Logs,
    /// Number of starts and ends of invocations. It is constant while the stack is idle.
    activity: Arc<AtomicU64>,
}

impl Invoker {
    pub(crate) fn new(host: Arc<dyn FunctionHost>, logs: Logs) -> Self {
        Self { host, logs, activity: Arc::default() }
    }

    pub(crate) async fn invoke(&self, function: &str, event: &Value) -> Result<Bytes, InvokeError> {
        self.activity.fetch_add(1, Ordering::SeqCst);
        let output = self.host.invoke(function, Invocation::new(event.to_string())).await;
        if let Err(error) = &output {
            self.report(function, &format!("invocation failed: {error}"));
        }
        self.activity.fetch_add(1, Ordering::SeqCst);
        output
    }

    pub(crate) fn concurrency(&self, function: &str) -> usize {
        self.host.concurrency(function).max(1)
    }

    pub(crate) fn activity(&self) -> u64 {
        self.activity.load(Ordering::SeqCst)
    }

    /// Writes a message of the mapping to the function's log.
    pub(crate) fn report(&self, function: &str, line: &str) {
        self.logs.record(&function.into(), format!("local: {line}"));
    }
}

/// Output of a function that reports batch item failures.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BatchResponse {
    #[serde(default)]
    batch_item_failures: Option<Vec<BatchItemFailure>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BatchItemFailure {
    item_identifier: Option<String>,
}

/// Result of a batch.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All records were processed.
    Success,
    /// The records with these identifiers failed.
    Partial(Vec<String>),
    /// The whole batch failed.
    Failure,
}

/// Evaluates the output for a batch, after "Reporting batch item failures" in the Lambda developer guide. An
/// empty or absent list, and an empty or null output, are a success. An empty, null or unknown identifier,
/// and output that is not such JSON, fail the whole batch.
pub(crate) fn outcome(
    output: &Result<Bytes, InvokeError>,
    reports_failures: bool,
    known: &[&str],
) -> Outcome {
    let payload = match output {
        Err(_) => return Outcome::Failure,
        Ok(_) if !reports_failures => return Outcome::Success,
        Ok(payload) => payload,
    };
    if payload.is_empty() {
        return Outcome::Success;
    }
    let Ok(output) = serde_json::from_slice::<Option<Value>>(payload) else { return Outcome::Failure };
    let failures = match output {
        None => return Outcome::Success,
        Some(Value::String(text)) if text.is_empty() => return Outcome::Success,
        Some(output) => match serde_json::from_value::<BatchResponse>(output) {
            Err(_) => return Outcome::Failure,
            Ok(output) => output.batch_item_failures.unwrap_or_default(),
        },
    };
    let identifiers: Option<Vec<_>> = failures.into_iter().map(|failure| failure.item_identifier).collect();
    match identifiers {
        Some(identifiers) if identifiers.is_empty() => Outcome::Success,
        Some(identifiers) if identifiers.iter().all(|id| known.contains(&id.as_str())) => {
            Outcome::Partial(identifiers)
        }
        _ => Outcome::Failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(output: &'static str) -> Outcome {
        outcome(&Ok(Bytes::from_static(output.as_bytes())), true, &["a", "b"])
    }

    #[test]
    fn output_without_failed_items_is_a_success() {
        for output in
            ["", "null", "\"\"", "{}", r#"{"batchItemFailures":[]}"#, r#"{"batchItemFailures":null}"#]
        {
            assert_eq!(read(output), Outcome::Success, "{output}");
        }
    }

    #[test]
    fn batch_is_partial_if_all_identifiers_are_known() {
        let output = r#"{"batchItemFailures":[{"itemIdentifier":"b"}]}"#;
        assert_eq!(read(output), Outcome::Partial(vec!["b".to_owned()]));
    }

    #[test]
    fn invalid_output_fails_the_batch() {
        for output in [
            "oops",
            r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":"c"}]}"#,
            r#"{"batchItemFailures":[{"other":"a"}]}"#,
        ] {
            assert_eq!(read(output), Outcome::Failure, "{output}");
        }
        assert_eq!(outcome(&Err(InvokeError::Stopped), true, &["a"]), Outcome::Failure);
    }

    #[test]
    fn any_output_is_a_success_without_reporting() {
        assert_eq!(outcome(&Ok(Bytes::from_static(b"oops")), false, &["a"]), Outcome::Success);
    }
}
