//! Grants that the Lambda service needs through a function's role, to poll event sources and to write logs
//! and traces. These calls do not occur on the local stack.

use std::collections::BTreeSet;

use super::{Function, IamGrant};
use crate::system::arn;

/// Actions on a queue that is an event source ("Using Lambda with Amazon SQS" in the developer guide).
const QUEUE_ACTIONS: [&str; 3] = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"];

/// Actions on a stream that is an event source ("Using AWS Lambda with Amazon DynamoDB").
const STREAM_ACTIONS: [&str; 4] =
    ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"];

/// Actions on the log group of a function.
const LOG_ACTIONS: [&str; 2] = ["logs:CreateLogStream", "logs:PutLogEvents"];

/// Actions to trace an invocation.
const TRACE_ACTIONS: [&str; 2] = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"];

impl Function {
    /// Exactly the grants that Lambda needs on behalf of this function: to poll its event sources, write its
    /// logs, trace it, and send discarded batches to the on-failure destination.
    #[must_use]
    pub fn platform_grants(&self) -> BTreeSet<IamGrant> {
        let queues =
            self.queues.iter().flat_map(|source| grants_for(&QUEUE_ACTIONS, &arn::queue_arn(&source.queue)));
        let streams = self.streams.iter().flat_map(|source| {
            let failures = source.on_failure.iter().flat_map(|queue| grants_for(&["sqs:SendMessage"], queue));
            grants_for(&STREAM_ACTIONS, &arn::stream_arn(&source.table)).into_iter().chain(failures)
        });
        let log = self.log_group.iter().flat_map(|group| grants_for(&LOG_ACTIONS, group));
        let traces = if self.traced { grants_for(&TRACE_ACTIONS, "*") } else { Vec::new() };
        queues.chain(streams).chain(log).chain(traces).collect()
    }
}

fn grants_for(actions: &[&str], resource: &str) -> Vec<IamGrant> {
    let grant = |action: &&str| IamGrant { action: (*action).to_owned(), resource: resource.to_owned() };
    actions.iter().map(grant).collect()
}
