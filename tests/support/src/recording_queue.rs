//! A queue that records its calls.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use shared::kit::queue::consumer::delivery::FIRST_SENT_ATTRIBUTE;
use shared::kit::queue::consumer::queue::QueueError;
use shared::kit::queue::consumer::{Delivery, Queue};

/// A queue that records its calls. Clones share the record.
#[derive(Debug, Clone, Default)]
pub struct RecordingQueue {
    calls: Arc<Mutex<RecordedCalls>>,
}

/// Calls of a queue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordedCalls {
    /// Ids of dead-lettered messages with their reasons.
    pub dead_lettered: Vec<(String, String)>,
    /// Receipt handles of deliveries whose visibility timeout was changed, with the delays.
    pub visibility_changed: Vec<(String, Duration)>,
    /// Ids of messages that were sent again after a failure, with the delays.
    pub retried: Vec<(String, Duration)>,
    /// Ids of messages that were sent again to continue, with the delays.
    pub requeued: Vec<(String, Duration)>,
    /// Messages that were sent again because they wait for their turn, with the delays.
    pub deferred: Vec<(Delivery, Duration)>,
}

impl RecordingQueue {
    /// Calls so far.
    #[must_use]
    pub fn calls(&self) -> RecordedCalls {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Queue for RecordingQueue {
    async fn change_visibility(&self, delays: Vec<(Delivery, Duration)>) -> Result<(), QueueError> {
        let delays = delays.into_iter().map(|(delivery, delay)| (delivery.receipt_handle, delay));
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).visibility_changed.extend(delays);
        Ok(())
    }

    async fn resend(&self, delivery: &Delivery, after: Duration) -> Result<(), QueueError> {
        let entry = (delivery.message_id.clone(), after);
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        if delivery.call_slot().is_some() {
            calls.deferred.push((delivery.clone(), after));
            return Ok(());
        }
        let has_failed = delivery.attributes.contains_key(FIRST_SENT_ATTRIBUTE);
        let sent_again = if has_failed { &mut calls.retried } else { &mut calls.requeued };
        sent_again.push(entry);
        Ok(())
    }

    async fn dead_letter(&self, delivery: &Delivery, reason: &str) -> Result<(), QueueError> {
        let entry = (delivery.message_id.clone(), reason.to_owned());
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).dead_lettered.push(entry);
        Ok(())
    }
}
