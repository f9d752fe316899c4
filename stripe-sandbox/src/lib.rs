//! The payment sandbox: a stand-in for Stripe's `PaymentIntents` API with a ledger of its own.
//!
//! It speaks what <https://docs.stripe.com/api> describes, as far as a shop needs it: intents, their confirmation and
//! cancellation, search, refunds, idempotency keys, test payment methods, signed webhooks. Unlike the real one it can
//! be told to misbehave ([`Sandbox::behave`]) and asked what it really did ([`Sandbox::ledger`]), so that a test can
//! lose the answer of a charge and then count the charges.
//!
//! ```
//! use crate::{Effect, LostAnswer, Operation, Rule, Sandbox};
//!
//! let sandbox = Sandbox::in_memory("sk_test_sandbox", "whsec_sandbox");
//! let lost = Effect::ChargeAndLoseAnswer { answer: LostAnswer::Close };
//! sandbox.add_fault_rule(Rule::on(Operation::Create, lost).times(1));
//! let router = sandbox.router(); // serve it; the charge happens, and nobody hears of it
//! # drop(router);
//! assert_eq!(sandbox.ledger().captured_total("ord_1"), 0);
//! ```

pub mod aborted_body;
mod auth;
mod clock;
mod command;
mod endpoint;
mod error;
mod fault_rules;
mod form;
mod http;
mod idempotency;
mod in_process;
mod intent;
mod journal;
mod ledger;
mod pipeline;
mod query;
mod random;
mod refund;
mod state;
mod store;
mod stripe_json;
mod test_cards;
#[cfg(test)]
mod tests;
mod webhook;
mod webhook_delivery;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;

pub use crate::fault_rules::{Effect, InvalidRule, LostAnswer, Operation, Rule, When, WorkAt};
pub use crate::in_process::Response;
pub use crate::test_cards::DeclineCode;
pub use clock::{Clock, ManualClock};
pub use intent::{Charge, ChargeFailure, IntentStatus, PaymentIntent};
pub use journal::OpenError;
pub use ledger::Ledger;
pub use refund::Refund;
pub use webhook::signature;

use state::State;
use webhook::{Scope, WebhookSender};

/// A payment gateway of one's own. Clones share everything.
#[derive(Clone)]
pub struct Sandbox {
    inner: Arc<Inner>,
}

struct Inner {
    secret_key: String,
    clock: Clock,
    post: WebhookSender,
    /// Held while webhooks are sent, so that they arrive one after the other.
    sending: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

impl Sandbox {
    /// A sandbox that forgets everything when it is dropped. `secret_key` is what callers must present (`sk_…`),
    /// `webhook_secret` what webhooks are signed with (`whsec_…`).
    #[must_use]
    pub fn in_memory(secret_key: &str, webhook_secret: &str) -> Self {
        Self::in_memory_at(Clock::system(), secret_key, webhook_secret)
    }

    /// As [`Sandbox::in_memory`], with a clock that a test can move.
    #[must_use]
    pub fn in_memory_at(clock: Clock, secret_key: &str, webhook_secret: &str) -> Self {
        Self::with(State::empty(), clock, secret_key, webhook_secret)
    }

    /// A sandbox that keeps its book in the journal at `path`, one JSON line for each call that changed something,
    /// and knows all of it after a kill: intents, refunds, stored answers, webhooks that were not yet delivered.
    /// Rules are not kept.
    ///
    /// # Errors
    /// The journal cannot be opened, is in use by another process, or is damaged.
    pub fn persistent(path: &Path, secret_key: &str, webhook_secret: &str) -> Result<Self, OpenError> {
        Self::persistent_at(Clock::system(), path, secret_key, webhook_secret)
    }

    /// As [`Sandbox::persistent`], with a clock that a test can move.
    ///
    /// # Errors
    /// As [`Sandbox::persistent`].
    pub fn persistent_at(
        clock: Clock,
        path: &Path,
        secret_key: &str,
        webhook_secret: &str,
    ) -> Result<Self, OpenError> {
        Ok(Self::with(State::restored(path)?, clock, secret_key, webhook_secret))
    }

    fn with(state: State, clock: Clock, secret_key: &str, webhook_secret: &str) -> Self {
        let inner = Inner {
            secret_key: secret_key.to_owned(),
            clock,
            post: WebhookSender::signing_with(webhook_secret),
            sending: tokio::sync::Mutex::default(),
            state: Mutex::new(state),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Stripe's API under `/v1`, and the sandbox's own under `/sandbox`.
    pub fn router(&self) -> Router {
        http::router(self.clone())
    }

    /// Where webhooks go, an `http` address; without one events are not sent, now or later. Webhooks that an earlier
    /// run left undelivered are sent as soon as the address is set, which has to happen inside a Tokio runtime.
    pub fn set_webhook_url(&self, url: Option<String>) {
        let mut state = self.lock();
        let resumes = url.is_some();
        state.webhook_url = url;
        let moments = if resumes { state.resume(self.inner.clock.now()) } else { Vec::new() };
        drop(state);
        self.schedule_delivery(moments);
    }

    /// What was really charged and refunded so far.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        let state = self.lock();
        Ledger { intents: state.book.intents().cloned().collect(), refunds: state.book.refunds().to_vec() }
    }

    /// Adds a rule of misbehaviour to those in force.
    pub fn add_fault_rule(&self, rule: Rule) {
        self.lock().rules.add(rule);
    }

    /// Takes all rules back.
    pub fn clear_fault_rules(&self) {
        self.lock().rules.clear();
    }

    /// Sends every webhook that waits, each once, in the order in which they are due and without waiting for it.
    /// When this returns, none is on its way. One that fails is tried again later, as usual.
    pub async fn deliver_pending_webhooks(&self) {
        self.deliver(Scope::All).await;
    }

    /// A panic under the lock leaves no half-done commit behind, so that the state stays usable.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
