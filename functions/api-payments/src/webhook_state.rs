//! State of the webhook route.

use std::sync::Arc;

use shared::kit::command::Store;
use shared::kit::http::openapi::RouterState;
use shared::payment_gateway::PaymentGateway;
use shared::payment_gateway::webhook::WebhookVerifier;

/// State of the webhook handler.
#[derive(Debug)]
pub struct WebhookState<S, G> {
    pub(crate) store: S,
    pub(crate) verifier: WebhookVerifier,
    pub(crate) gateway: Arc<G>,
}

impl<S: Clone, G> Clone for WebhookState<S, G> {
    fn clone(&self) -> Self {
        let Self { store, verifier, gateway } = self;
        Self { store: store.clone(), verifier: verifier.clone(), gateway: Arc::clone(gateway) }
    }
}

impl<S: Store, G: PaymentGateway + 'static> RouterState for WebhookState<S, G> {
    type Queries = Self;
}
