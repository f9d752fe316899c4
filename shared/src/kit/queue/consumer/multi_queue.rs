//! Several queues consumed by one function.

use std::time::Duration;

use super::Delivery;
use super::queue::{Queue, QueueError, SqsQueue};

/// Queues that a function consumes. Each operation goes to the queue that delivered the message.
#[derive(Debug, Clone)]
pub struct MultiQueue(Vec<SqsQueue>);

impl MultiQueue {
    /// Combines these queues.
    #[must_use]
    pub const fn new(queues: Vec<SqsQueue>) -> Self {
        Self(queues)
    }

    fn queue_of(&self, delivery: &Delivery) -> Result<&SqsQueue, QueueError> {
        let queue = self.0.iter().find(|queue| queue.name() == delivery.queue);
        queue.ok_or_else(|| QueueError(format!("unknown queue {}", delivery.queue)))
    }
}

impl Queue for MultiQueue {
    async fn change_visibility(&self, delays: Vec<(Delivery, Duration)>) -> Result<(), QueueError> {
        for queue in &self.0 {
            let own = delays.iter().filter(|(delivery, _)| delivery.queue == queue.name());
            queue.change_visibility(own.cloned().collect()).await?;
        }
        Ok(())
    }

    async fn resend(&self, delivery: &Delivery, after: Duration) -> Result<(), QueueError> {
        self.queue_of(delivery)?.resend(delivery, after).await
    }

    async fn dead_letter(&self, delivery: &Delivery, reason: &str) -> Result<(), QueueError> {
        self.queue_of(delivery)?.dead_letter(delivery, reason).await
    }
}
