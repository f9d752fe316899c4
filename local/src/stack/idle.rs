//! Waits until a stack is idle.

use std::{collections::BTreeMap, time::Duration};

use tokio::time::Instant;

use super::Stack;
use crate::services::sqs::Depth;
use crate::system::clock;

/// Interval at which the stack is checked.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// Remaining work when the time limit has passed.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
#[error("the stack is not idle: queues with messages {queues:?}, {streams} streams with unprocessed records")]
pub struct NotIdle {
    /// Queues with messages, by name.
    pub queues: BTreeMap<String, Depth>,
    /// Number of streams with unprocessed records.
    pub streams: usize,
}

impl NotIdle {
    fn is_idle(&self) -> bool {
        self.queues.is_empty() && self.streams == 0
    }
}

pub(super) async fn wait(stack: &Stack, limit: Duration) -> Result<(), NotIdle> {
    let end = Instant::now() + limit;
    loop {
        // Queues and streams are checked one after the other, and work could move between them meanwhile, but
        // only through an invocation. If no invocation started or ended, the result is consistent.
        let before = stack.invoker.activity();
        let remaining = remaining_work(stack).await;
        if remaining.is_idle() && stack.invoker.activity() == before {
            return Ok(());
        }
        if Instant::now() >= end {
            return Err(remaining);
        }
        clock::sleep(POLL_INTERVAL).await;
    }
}

async fn remaining_work(stack: &Stack) -> NotIdle {
    let depths = stack.queues.depths().await.unwrap_or_default();
    let queues = depths.into_iter().filter(|(_, depth)| depth.total() > 0).collect();
    // A stream that cannot be read counts as not idle.
    let streams = stack.streams.iter().filter(|stream| !stream.is_idle().unwrap_or(false)).count();
    NotIdle { queues, streams }
}
