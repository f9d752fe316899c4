//! What a function's role grants Lambda itself: whoever polls for the function, and writes down what it prints, does so in its
//! name. Nobody sees these calls on this machine.

use std::collections::BTreeSet;

use super::{Function, Grant};
use crate::system::arn;

/// What Lambda does with a queue that is an event source, says "Using Lambda with Amazon SQS" in the developer guide.
const OF_QUEUE: [&str; 3] = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"];

/// What it does with a stream, says "Using AWS Lambda with Amazon DynamoDB".
const OF_STREAM: [&str; 4] =
    ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"];

/// What it does with the log group of a function.
const OF_LOG: [&str; 2] = ["logs:CreateLogStream", "logs:PutLogEvents"];

/// What it does to trace an invocation.
const OF_TRACES: [&str; 2] = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"];

impl Function {
    /// What Lambda needs in the name of this function, and nothing besides: to poll its sources, to keep what it prints, to
    /// trace it, and to note what it gave up.
    #[must_use]
    pub fn platform_grants(&self) -> BTreeSet<Grant> {
        let queues = self.queues.iter().flat_map(|source| all(&OF_QUEUE, &arn::queue_arn(&source.queue)));
        let streams = self.streams.iter().flat_map(|source| {
            let failures = source.on_failure.iter().flat_map(|queue| all(&["sqs:SendMessage"], queue));
            all(&OF_STREAM, &arn::stream_arn(&source.table)).into_iter().chain(failures)
        });
        let log = self.log_group.iter().flat_map(|group| all(&OF_LOG, group));
        let traces = if self.traced { all(&OF_TRACES, "*") } else { Vec::new() };
        queues.chain(streams).chain(log).chain(traces).collect()
    }
}

fn all(actions: &[&str], resource: &str) -> Vec<Grant> {
    let grant = |action: &&str| Grant { action: (*action).to_owned(), resource: resource.to_owned() };
    actions.iter().map(grant).collect()
}
