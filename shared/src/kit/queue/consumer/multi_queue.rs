//! Several queues behind one function.

use std::time::Duration;

use super::Delivery;
use super::queue::{Queue, QueueError, SqsQueue};

/// The queues that a function consumes: what is asked of a delivery is asked of the queue that it came through.
#[derive(Debug, Clone)]
pub struct MultiQueue(Vec<SqsQueue>);

impl MultiQueue {
    /// These queues.
    #[must_use]
    pub const fn new(queues: Vec<SqsQueue>) -> Self {
        Self(queues)
    }

    fn of(&self, delivery: &Delivery) -> Result<&SqsQueue, QueueError> {
        let known = self.0.iter().find(|queue| queue.name() == delivery.queue);
        known.ok_or_else(|| QueueError("the delivery came through a queue that is not known".to_owned()))
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
        self.of(delivery)?.resend(delivery, after).await
    }

    async fn dead_letter(&self, delivery: &Delivery, reason: &str) -> Result<(), QueueError> {
        self.of(delivery)?.dead_letter(delivery, reason).await
    }
}
