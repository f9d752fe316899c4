//! A queue that does what it is asked and writes it down.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use shared::kit::queue::consumer::queue::QueueError;
use shared::kit::queue::consumer::{Delivery, Queue};

/// A queue that does what it is asked and writes it down. Clones share what is written.
#[derive(Debug, Clone, Default)]
pub struct RecordingQueue {
    asked: Arc<Mutex<RecordedCalls>>,
}

/// What a queue was asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordedCalls {
    /// The ids of the messages that were buried, each with its reason.
    pub buried: Vec<(String, String)>,
    /// The receipt handles of the deliveries that are to come back, each with its delay.
    pub delayed: Vec<(String, Duration)>,
    /// The ids of the messages that were sent again, each with its delay.
    pub postponed: Vec<(String, Duration)>,
}

impl RecordingQueue {
    /// What it was asked so far.
    #[must_use]
    pub fn asked(&self) -> RecordedCalls {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Queue for RecordingQueue {
    async fn change_visibility(&self, delays: Vec<(Delivery, Duration)>) -> Result<(), QueueError> {
        let delays = delays.into_iter().map(|(delivery, delay)| (delivery.receipt_handle, delay));
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).delayed.extend(delays);
        Ok(())
    }

    async fn resend(&self, delivery: &Delivery, after: Duration) -> Result<(), QueueError> {
        let entry = (delivery.message_id.clone(), after);
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).postponed.push(entry);
        Ok(())
    }

    async fn dead_letter(&self, delivery: &Delivery, reason: &str) -> Result<(), QueueError> {
        let entry = (delivery.message_id.clone(), reason.to_owned());
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).buried.push(entry);
        Ok(())
    }
}
