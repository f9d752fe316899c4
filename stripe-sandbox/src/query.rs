//! Read operations.

mod balance;
mod disputes;
mod list;
mod page;
mod payouts;
mod search;
mod transfers;

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::collection::{Collection, Identified};
use super::command::{expand, expands, no_account};
use super::error::StripeError;
use super::form::Form;
use crate::store::PaymentStore;
use crate::stripe_json;
use crate::stripe_json::Expand;

pub(super) use balance::ListTransactions;
pub(super) use disputes::ListDisputes;
pub(super) use list::{ListCharges, ListIntents, ListRefunds};
pub(super) use payouts::ListPayouts;
pub(super) use search::SearchIntents;
pub(super) use transfers::ListTransfers;

/// Read operation.
pub(super) enum Query {
    Intent { id: String, expand: Expand },
    Intents(ListIntents),
    Charges(ListCharges),
    Search(SearchIntents),
    Refund { id: String, expand_intent: bool },
    Refunds(ListRefunds),
    Transaction { id: String, expand_source: bool },
    Transactions(ListTransactions),
    Balance,
    Account(String),
    Transfer(String),
    Transfers(ListTransfers),
    Dispute { id: String, expand_intent: bool },
    Disputes(ListDisputes),
    Payout(String),
    Payouts(ListPayouts),
}

impl Query {
    pub(super) fn intent(id: String, mut form: Form) -> Result<Self, StripeError> {
        form.ignore_parameters(&["client_secret"]);
        let expand = expand(&mut form, "latest_charge")?;
        form.finish()?;
        Ok(Self::Intent { id, expand })
    }

    pub(super) fn refund(id: String, mut form: Form) -> Result<Self, StripeError> {
        let expand_intent = expands(&mut form, "payment_intent")?;
        form.finish()?;
        Ok(Self::Refund { id, expand_intent })
    }

    pub(super) fn transaction(id: String, mut form: Form) -> Result<Self, StripeError> {
        let expand_source = expands(&mut form, "source")?;
        form.finish()?;
        Ok(Self::Transaction { id, expand_source })
    }

    pub(super) fn dispute(id: String, mut form: Form) -> Result<Self, StripeError> {
        let expand_intent = expands(&mut form, "payment_intent")?;
        form.finish()?;
        Ok(Self::Dispute { id, expand_intent })
    }

    /// Query without parameters.
    pub(super) fn plain(form: Form, query: Self) -> Result<Self, StripeError> {
        form.finish()?;
        Ok(query)
    }

    /// Executes the query. `lag` is the search lag.
    pub(super) fn read(
        &self,
        store: &PaymentStore,
        now: Timestamp,
        lag: Duration,
    ) -> Result<Value, StripeError> {
        match self {
            Self::Intent { id, expand } => {
                let intent =
                    store.intent(id).ok_or_else(|| StripeError::missing("payment_intent", id, "intent"))?;
                Ok(stripe_json::payment_intent(intent, *expand))
            }
            Self::Intents(list) => list.read(store),
            Self::Charges(list) => list.read(store),
            Self::Search(search) => Ok(search.read(store, now, lag)),
            Self::Refund { id, expand_intent } => one(&store.refunds, "refund", id, |refund| {
                let intent = store.intent(&refund.payment_intent).filter(|_| *expand_intent);
                stripe_json::refund(refund, intent)
            }),
            Self::Refunds(list) => list.read(store),
            Self::Transaction { id, expand_source } => {
                one(&store.transactions, "balance_transaction", id, |transaction| {
                    balance::json(transaction, expand_source.then_some(store), now)
                })
            }
            Self::Transactions(list) => list.read(store, now),
            Self::Account(id) => {
                let found = store.accounts.get(id).filter(|account| !account.closed);
                found.map(stripe_json::connect::account).ok_or_else(|| no_account(id))
            }
            Self::Transfer(id) => one(&store.transfers, "transfer", id, stripe_json::transfer::transfer),
            Self::Transfers(list) => list.read(store),
            Self::Dispute { id, expand_intent } => {
                one(&store.disputes, "dispute", id, |found| disputes::json(found, store, *expand_intent, now))
            }
            Self::Disputes(list) => list.read(store, now),
            Self::Payout(id) => payouts::retrieve(store, id),
            Self::Payouts(list) => list.read(store),
            Self::Balance => Ok(stripe_json::balance::balance(&store.balance(now))),
        }
    }
}

/// JSON of one object, or error 404.
fn one<T: Identified>(
    objects: &Collection<T>,
    kind: &str,
    id: &str,
    json: impl Fn(&T) -> Value,
) -> Result<Value, StripeError> {
    objects.get(id).map(json).ok_or_else(|| StripeError::missing(kind, id, "id"))
}

/// Page size (<https://docs.stripe.com/api/pagination>).
fn limit(form: &mut Form) -> Result<usize, StripeError> {
    let limit = form.integer("limit")?.unwrap_or(10);
    let size = usize::try_from(limit).ok().filter(|size| (1..=100).contains(size));
    size.ok_or_else(|| {
        let message = "This value must be greater than or equal to 1 and no more than 100.";
        StripeError::invalid(message).code("parameter_invalid_integer").param("limit")
    })
}
