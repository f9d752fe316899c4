//! Event sources: what invokes functions without an HTTP request.
//!
//! One mapping connects one source to one function, as on AWS: `queue` polls SQS, `stream` reads the stream of a
//! table, `schedule` follows the clock.

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

/// What every mapping needs: the host, and a place to say what went wrong.
#[derive(Clone)]
pub(crate) struct Invoker {
    host: Arc<dyn FunctionHost>,
    logs: Logs,
    /// Counts beginnings and ends of invocations, so that whoever looks for silence can tell that nothing moved.
    activity: Arc<AtomicU64>,
}

impl Invoker {
    pub(crate) fn new(host: Arc<dyn FunctionHost>, logs: Logs) -> Self {
        Self { host, logs, activity: Arc::default() }
    }

    pub(crate) async fn invoke(&self, function: &str, event: &Value) -> Result<Bytes, InvokeError> {
        self.activity.fetch_add(1, Ordering::SeqCst);
        let answer = self.host.invoke(function, Invocation::new(event.to_string())).await;
        if let Err(error) = &answer {
            self.report(function, &format!("invocation failed: {error}"));
        }
        self.activity.fetch_add(1, Ordering::SeqCst);
        answer
    }

    pub(crate) fn concurrency(&self, function: &str) -> usize {
        self.host.concurrency(function).max(1)
    }

    pub(crate) fn activity(&self) -> u64 {
        self.activity.load(Ordering::SeqCst)
    }

    /// Writes a line of the mapping itself to the function's log.
    pub(crate) fn report(&self, function: &str, line: &str) {
        self.logs.record(&function.into(), format!("local: {line}"));
    }
}

/// What a function answers to a batch, if it reports the failures in it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BatchAnswer {
    #[serde(default)]
    batch_item_failures: Option<Vec<BatchItemFailure>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BatchItemFailure {
    item_identifier: Option<String>,
}

/// How a batch went.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Every record is done.
    Success,
    /// These are not, by their identifiers; the others are.
    Partial(Vec<String>),
    /// None is.
    Failure,
}

/// Reads the answer to a batch, after "Reporting batch item failures" in the Lambda developer guide: an empty or
/// absent list, and an empty or null answer, are a success; an entry with an empty, null or unknown identifier, and an
/// answer that is no such JSON, fail the whole batch.
pub(crate) fn outcome(answer: &Result<Bytes, InvokeError>, reports: bool, known: &[&str]) -> Outcome {
    let payload = match answer {
        Err(_) => return Outcome::Failure,
        Ok(_) if !reports => return Outcome::Success,
        Ok(payload) => payload,
    };
    if payload.is_empty() {
        return Outcome::Success;
    }
    let Ok(answer) = serde_json::from_slice::<Option<Value>>(payload) else { return Outcome::Failure };
    let failures = match answer {
        None => return Outcome::Success,
        Some(Value::String(text)) if text.is_empty() => return Outcome::Success,
        Some(answer) => match serde_json::from_value::<BatchAnswer>(answer) {
            Err(_) => return Outcome::Failure,
            Ok(answer) => answer.batch_item_failures.unwrap_or_default(),
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

    fn read(answer: &'static str) -> Outcome {
        outcome(&Ok(Bytes::from_static(answer.as_bytes())), true, &["a", "b"])
    }

    #[test]
    fn nothing_that_failed_is_a_success() {
        for answer in
            ["", "null", "\"\"", "{}", r#"{"batchItemFailures":[]}"#, r#"{"batchItemFailures":null}"#]
        {
            assert_eq!(read(answer), Outcome::Success, "{answer}");
        }
    }

    #[test]
    fn known_identifiers_are_the_failures() {
        let answer = r#"{"batchItemFailures":[{"itemIdentifier":"b"}]}"#;
        assert_eq!(read(answer), Outcome::Partial(vec!["b".to_owned()]));
    }

    #[test]
    fn an_impossible_answer_fails_the_batch() {
        for answer in [
            "oops",
            r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":"c"}]}"#,
            r#"{"batchItemFailures":[{"other":"a"}]}"#,
        ] {
            assert_eq!(read(answer), Outcome::Failure, "{answer}");
        }
        assert_eq!(outcome(&Err(InvokeError::Stopped), true, &["a"]), Outcome::Failure);
    }

    #[test]
    fn without_reporting_any_answer_is_a_success() {
        assert_eq!(outcome(&Ok(Bytes::from_static(b"oops")), false, &["a"]), Outcome::Success);
    }
}
