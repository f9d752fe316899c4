//! State of the webhook route.

use shared::kit::command::Store;
use shared::kit::http::openapi::RouterState;
use shared::payment_gateway::webhook::WebhookVerifier;

/// State of the webhook handler.
#[derive(Debug, Clone)]
pub struct WebhookState<S> {
    pub(crate) store: S,
    pub(crate) verifier: WebhookVerifier,
}

impl<S: Store> RouterState for WebhookState<S> {
    type Queries = Self;
}
