//! State of the webhook route.

use shared::payment_gateway::webhook::WebhookVerifier;

/// State of the webhook handler.
#[derive(Debug, Clone)]
pub struct WebhookState<S> {
    pub(crate) store: S,
    pub(crate) verifier: WebhookVerifier,
}
