//! Stripe sandbox: emulates Stripe's `PaymentIntents` and Connect APIs, with a ledger of its own.
//!
//! It implements the part of <https://docs.stripe.com/api> that a marketplace needs: payment intents,
//! confirmation, cancellation, search, refunds, balance transactions, connected accounts, transfers, disputes,
//! payouts, idempotency keys, rate limits, test payment methods and signed webhooks. In addition, fault rules
//! make calls fail ([`Sandbox::add_fault_rule`]), and the ledger contains the real payments
//! ([`Sandbox::ledger`]). A test can therefore drop the response of a charge and then count the charges.
//!
//! ```
//! use stripe_sandbox::{Effect, DroppedResponse, Operation, Rule, Sandbox};
//!
//! let sandbox = Sandbox::in_memory("sk_test_sandbox", "whsec_sandbox");
//! let effect = Effect::ChargeAndDropResponse { answer: DroppedResponse::Close };
//! sandbox.add_fault_rule(Rule::on(Operation::Create, effect).times(1));
//! let router = sandbox.router(); // the first charge over this router succeeds without a response
//! # drop(router);
//! assert_eq!(sandbox.ledger().captured_total("ord_1"), 0);
//! ```

pub mod aborted_body;
mod account;
mod auth;
mod balance;
mod clock;
mod collection;
mod command;
mod dispute;
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
mod object_id;
mod payout;
mod pipeline;
mod query;
mod rate_limits;
mod refund;
mod state;
mod store;
mod stripe_json;
mod terms;
mod test_cards;
#[cfg(test)]
mod tests;
mod transfer;
mod webhook;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;

pub use crate::fault_rules::{DroppedResponse, Effect, InvalidRule, Operation, Rule, When, WorkAt};
pub use crate::in_process::Response;
pub use crate::test_cards::DeclineCode;
pub use account::{Account, RejectionReason, Verification};
pub use balance::{BalanceTransaction, TransactionType};
pub use clock::{Clock, ManualClock};
pub use dispute::{Dispute, DisputeStatus};
pub use intent::{AllowRedirects, Charge, ChargeFailure, IntentStatus, PaymentIntent};
pub use journal::OpenError;
pub use ledger::Ledger;
pub use payout::{Payout, PayoutStatus};
pub use rate_limits::Rates;
pub use refund::{Refund, RefundStatus};
pub use terms::Terms;
pub use transfer::{Reversal, Transfer};
pub use webhook::signature;

use rate_limits::RateLimits;
use state::State;
use webhook::{Destination, Scope, WebhookEndpoint, WebhookSender};

/// Stripe sandbox. Clones share the same state.
#[derive(Clone)]
pub struct Sandbox {
    inner: Arc<Inner>,
}

struct Inner {
    secret_key: String,
    clock: Clock,
    webhook_secret: String,
    webhook_sender: WebhookSender,
    /// Held while webhooks are sent, so that they are delivered one after the other.
    sending: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

impl Sandbox {
    /// Creates a sandbox that keeps its state in memory. Callers must present `secret_key` (`sk_…`); webhooks
    /// are signed with `webhook_secret` (`whsec_…`).
    #[must_use]
    pub fn in_memory(secret_key: &str, webhook_secret: &str) -> Self {
        Self::in_memory_at(Clock::system(), secret_key, webhook_secret)
    }

    /// Like [`Sandbox::in_memory`], with a clock for tests.
    #[must_use]
    pub fn in_memory_at(clock: Clock, secret_key: &str, webhook_secret: &str) -> Self {
        Self::with(State::empty(), clock, secret_key, webhook_secret)
    }

    /// Creates a sandbox that stores its state in the journal at `path`: one JSON line per write operation.
    /// Objects, stored responses and undelivered webhooks survive a kill; fault rules, rates and fees are not
    /// stored.
    ///
    /// # Errors
    /// [`OpenError`] if the journal cannot be opened, is in use by another process, or is not valid.
    pub fn persistent(path: &Path, secret_key: &str, webhook_secret: &str) -> Result<Self, OpenError> {
        Self::persistent_at(Clock::system(), path, secret_key, webhook_secret)
    }

    /// Like [`Sandbox::persistent`], with a clock for tests.
    ///
    /// # Errors
    /// [`OpenError`], like [`Sandbox::persistent`].
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
            webhook_secret: webhook_secret.to_owned(),
            webhook_sender: WebhookSender::new(),
            sending: tokio::sync::Mutex::default(),
            state: Mutex::new(state),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Routes of Stripe's API under `/v1`, and of the sandbox's own endpoints under `/sandbox`.
    pub fn router(&self) -> Router {
        http::router(self.clone())
    }

    /// Sets the `http` URL of the webhook endpoint. Events that occur without a URL are never sent. Webhooks
    /// that were undelivered at the end of an earlier run are sent once the URL is set; this must be called
    /// inside a Tokio runtime.
    pub fn set_webhook_url(&self, url: Option<String>) {
        let secret = self.inner.webhook_secret.clone();
        self.set_endpoint(Destination::Platform, url.map(|url| WebhookEndpoint { url, secret }));
    }

    /// Sets the endpoint of the events of connected accounts, and the secret that signs its webhooks. Otherwise
    /// like [`set_webhook_url`](Self::set_webhook_url).
    pub fn set_connect_webhook(&self, url: Option<String>, secret: &str) {
        let secret = secret.to_owned();
        self.set_endpoint(Destination::Connect, url.map(|url| WebhookEndpoint { url, secret }));
    }

    fn set_endpoint(&self, destination: Destination, endpoint: Option<WebhookEndpoint>) {
        let moments = self.lock().set_endpoint(destination, endpoint, self.inner.clock.now());
        self.schedule_delivery(moments);
    }

    /// Payments and refunds made so far.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        let state = self.lock();
        Ledger {
            intents: state.store.intents().cloned().collect(),
            refunds: state.store.refunds.to_vec(),
            balance_transactions: state.store.transactions.to_vec(),
            accounts: state.store.accounts.to_vec(),
            transfers: state.store.transfers.to_vec(),
            disputes: state.store.disputes.to_vec(),
            payouts: state.store.payouts.to_vec(),
        }
    }

    /// Sets the maximum rates of calls. The default is [`Rates::SANDBOX`].
    pub fn set_rates(&self, rates: Rates) {
        self.lock().rate_limits = RateLimits::new(rates);
    }

    /// Sets the fees of the account, and the time until its funds are available.
    pub fn set_terms(&self, terms: Terms) {
        self.lock().terms = terms;
    }

    /// Fees of the account, and the time until its funds are available.
    #[must_use]
    pub fn terms(&self) -> Terms {
        self.lock().terms
    }

    /// Adds a fault rule.
    pub fn add_fault_rule(&self, rule: Rule) {
        self.lock().rules.add(rule);
    }

    /// Removes all fault rules.
    pub fn clear_fault_rules(&self) {
        self.lock().rules.clear();
    }

    /// Sends every pending webhook once, in the order of their due times and without waiting for these. When
    /// it returns, no delivery is in progress. Failed deliveries are retried later, as usual.
    pub async fn deliver_pending_webhooks(&self) {
        self.deliver(Scope::All).await;
    }

    // A panic while the lock is held leaves no partial commit, so the state stays usable.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
