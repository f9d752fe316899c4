//! Shutdown signal for the tasks of a stack.

use std::sync::Arc;

use tokio::sync::watch;

/// Shutdown signal. Cheap to clone; it stays triggered.
#[derive(Clone, Debug)]
pub(crate) struct Shutdown {
    sender: Arc<watch::Sender<bool>>,
}

impl Shutdown {
    pub(crate) fn new() -> Self {
        Self { sender: Arc::new(watch::Sender::new(false)) }
    }

    pub(crate) fn trigger(&self) {
        self.sender.send_replace(true);
    }

    pub(crate) fn is_triggered(&self) -> bool {
        *self.sender.borrow()
    }

    /// Waits until the signal is triggered. Returns at once if it already was.
    pub(crate) async fn wait(&self) {
        let mut receiver = self.sender.subscribe();
        // The sender is not dropped while `self` exists.
        let _ = receiver.wait_for(|triggered| *triggered).await;
    }
}
