//! Service that counts the connections to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;

/// Service on a free port that responds to every request with `{}`; it stops with the runtime.
#[derive(Debug)]
pub struct CountingService {
    /// Base URL.
    pub endpoint: String,
    connections: Arc<AtomicUsize>,
}

impl CountingService {
    /// Starts the service.
    ///
    /// # Panics
    /// If it cannot listen.
    pub async fn open() -> Self {
        let connections = Arc::new(AtomicUsize::new(0));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
        let address = listener.local_addr().expect("the listener has an address");
        let counter = Arc::clone(&connections);
        let listener = listener.tap_io(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        });
        let router = Router::new().fallback(async || "{}");
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { endpoint: format!("http://{address}"), connections }
    }

    /// Number of connections so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}
