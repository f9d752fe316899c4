//! A signal that ends everything that one stack has started.

use std::sync::Arc;

use tokio::sync::watch;

/// Cheap to clone; once triggered it stays so.
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

    /// Returns once triggered, at once if it already was.
    pub(crate) async fn wait(&self) {
        let mut receiver = self.sender.subscribe();
        // The sender cannot be gone: this very value holds it.
        let _ = receiver.wait_for(|triggered| *triggered).await;
    }
}
