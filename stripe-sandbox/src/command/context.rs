//! Context and outcome of a command.

use fastrand::Rng;
use jiff::Timestamp;
use serde_json::Value;

use crate::account::Account;
use crate::balance::{BalanceTransaction, TransactionType};
use crate::error::StripeError;
use crate::intent::PaymentIntent;
use crate::object_id::object_id;
use crate::store::{Commit, PaymentStore, StoredObject};
use crate::terms::Terms;
use crate::test_cards::Decline;
use crate::webhook::Event;

/// Context of the execution of a command.
pub(crate) struct Context<'a> {
    pub(crate) store: &'a PaymentStore,
    pub(crate) rng: &'a mut Rng,
    pub(crate) now: Timestamp,
    pub(crate) request_id: &'a str,
    pub(crate) idempotency_key: Option<&'a str>,
    /// Decline requested by a fault rule, regardless of the payment method.
    pub(crate) decline: Option<Decline>,
    pub(crate) terms: Terms,
    /// Host and port that the caller reached the sandbox at.
    pub(crate) host: &'a str,
}

/// Changes to commit, and the response. A declined charge has both.
pub(crate) struct Outcome {
    pub(crate) commit: Commit,
    pub(crate) result: Result<Value, StripeError>,
}

impl Outcome {
    /// Stores objects, and responds with `json`.
    pub(super) fn stored(objects: impl IntoIterator<Item = StoredObject>, json: Value) -> Self {
        let objects = objects.into_iter().collect();
        Self { commit: Commit { objects, ..Commit::default() }, result: Ok(json) }
    }

    pub(super) fn with_stored(mut self, object: StoredObject) -> Self {
        self.commit.objects.push(object);
        self
    }

    pub(super) fn with_transactions(
        mut self,
        transactions: impl IntoIterator<Item = BalanceTransaction>,
    ) -> Self {
        self.commit.transactions.extend(transactions);
        self
    }

    /// Adds an event, which is sent after the others.
    pub(super) fn with_event(mut self, event: Event) -> Self {
        match self.commit.event {
            None => self.commit.event = Some(event),
            Some(_) => self.commit.more_events.push(event),
        }
        self
    }
}

/// Movement of the balance.
pub(super) struct Movement<'a> {
    pub(super) amount: i64,
    pub(super) currency: &'a str,
    pub(super) source: &'a str,
}

impl Context<'_> {
    pub(super) fn intent(&self, id: &str) -> Result<PaymentIntent, StripeError> {
        let intent = self.store.intent(id).cloned();
        intent.ok_or_else(|| StripeError::missing("payment_intent", id, "intent").executed())
    }

    pub(super) fn new_id(&mut self, prefix: &str) -> String {
        object_id(prefix, self.now, self.rng)
    }

    pub(super) fn event(&mut self, kind: &str, object: &Value) -> Event {
        let id = self.new_id("evt");
        Event::new(id, kind, object, self.request_id, self.idempotency_key, self.now)
    }

    /// Event of a connected account.
    pub(super) fn event_of_account(&mut self, account: &str, kind: &str, object: &Value) -> Event {
        self.event(kind, object).of_account(account)
    }

    /// Connected account, or the error for one that does not exist (any more). Stripe does not distinguish it
    /// from one of another platform.
    pub(super) fn account(&self, id: &str) -> Result<Account, StripeError> {
        let account = self.store.accounts.get(id).filter(|account| !account.closed);
        account.cloned().ok_or_else(|| no_account(id).executed())
    }

    /// Movement of the balance that takes effect immediately.
    pub(super) fn transaction(
        &mut self,
        kind: TransactionType,
        movement: &Movement<'_>,
    ) -> BalanceTransaction {
        BalanceTransaction {
            id: self.new_id("txn"),
            kind,
            amount: movement.amount,
            fee: 0,
            currency: movement.currency.to_owned(),
            source: Some(movement.source.to_owned()),
            created: self.now,
            available_on: self.now,
        }
    }
}

/// Error for an account that does not exist, or that belongs to another platform.
pub(crate) fn no_account(id: &str) -> StripeError {
    let message = format!(
        "The provided key does not have access to account '{id}' (or that account does not exist). Application access \
         may have been revoked."
    );
    StripeError::new(403, "invalid_request_error", message).code("account_invalid")
}
