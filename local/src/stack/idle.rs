//! Tells when a stack has nothing left to do.

use std::{collections::BTreeMap, time::Duration};

use tokio::time::Instant;

use super::Stack;
use crate::services::sqs::Depth;
use crate::system::clock;

/// How often the stack is looked at.
const POLL: Duration = Duration::from_millis(5);

/// What is left when the time is up.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
#[error("the stack still has work: {queues:?}, {streams} streams with records")]
pub struct NotIdle {
    /// Queues that hold messages, by name.
    pub queues: BTreeMap<String, Depth>,
    /// Streams with records that are not done.
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
        // Queues and streams are looked at one after the other, and work can move from one to the other in between.
        // It cannot move without an invocation, though: if none began or ended, the look was as good as at once.
        let before = stack.invoker.activity();
        let left = look(stack).await;
        if left.is_idle() && stack.invoker.activity() == before {
            return Ok(());
        }
        if Instant::now() >= end {
            return Err(left);
        }
        clock::sleep(POLL).await;
    }
}

async fn look(stack: &Stack) -> NotIdle {
    let depths = stack.queues.depths().await.unwrap_or_default();
    let queues = depths.into_iter().filter(|(_, depth)| depth.total() > 0).collect();
    // A stream that cannot be read is not known to be done.
    let streams = stack.streams.iter().filter(|stream| !stream.is_idle().unwrap_or(false)).count();
    NotIdle { queues, streams }
}
