//! The system about itself: whether it lives, whether it is ready; and the answer to paths that lead nowhere.

mod health;
mod ready;

use axum::Router;
use axum::routing::get;

pub use ready::{Meta, Probe, QueueProbe, Unreachable};

/// The routes of the function.
pub fn router<T: Probe, Q: Probe>(meta: Meta<T, Q>) -> Router {
    Router::new()
        .route("/health", get(health::get_health))
        .route("/health/ready", get(ready::get_readiness))
        .with_state(meta)
}
