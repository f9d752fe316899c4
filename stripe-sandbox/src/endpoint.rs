//! Endpoints of the sandbox, by method and path.

use http::Method;

use super::command::{CancelIntent, Command, ConfirmIntent, CreateIntent, CreateRefund, Pay, SettleRefund};
use super::error::StripeError;
use super::form::Form;
use super::query::{ListCharges, ListIntents, ListRefunds, ListTransactions, Query, SearchIntents};
use crate::fault_rules::Operation;

/// Endpoint of the sandbox.
pub(super) enum Endpoint {
    Write(Write),
    Read(Read),
}

pub(super) enum Write {
    Create,
    Confirm(String),
    Cancel(String),
    Refund,
    Pay(String),
    SettleRefund(String),
}

pub(super) enum Read {
    Intent(String),
    Intents,
    Charges,
    Search,
    Refund(String),
    Refunds,
    Transaction(String),
    Transactions,
    Balance,
}

impl Endpoint {
    /// Finds the endpoint. Not matched by the router, because Stripe responds to an unknown method like to an
    /// unknown path.
    pub(super) fn of(method: &Method, path: &str) -> Option<Self> {
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        let endpoint = match (method.as_str(), segments.as_slice()) {
            ("POST", ["v1", "payment_intents"]) => Self::Write(Write::Create),
            ("POST", ["v1", "payment_intents", id, "confirm"]) => {
                Self::Write(Write::Confirm((*id).to_owned()))
            }
            ("POST", ["v1", "payment_intents", id, "cancel"]) => Self::Write(Write::Cancel((*id).to_owned())),
            ("POST", ["v1", "refunds"]) => Self::Write(Write::Refund),
            ("POST", ["sandbox", "payment_intents", id, "pay"]) => Self::Write(Write::Pay((*id).to_owned())),
            ("POST", ["sandbox", "refunds", id, "settle"]) => {
                Self::Write(Write::SettleRefund((*id).to_owned()))
            }
            ("GET", ["v1", "payment_intents"]) => Self::Read(Read::Intents),
            ("GET", ["v1", "charges"]) => Self::Read(Read::Charges),
            ("GET", ["v1", "payment_intents", "search"]) => Self::Read(Read::Search),
            ("GET", ["v1", "payment_intents", id]) => Self::Read(Read::Intent((*id).to_owned())),
            ("GET", ["v1", "refunds"]) => Self::Read(Read::Refunds),
            ("GET", ["v1", "refunds", id]) => Self::Read(Read::Refund((*id).to_owned())),
            ("GET", ["v1", "balance"]) => Self::Read(Read::Balance),
            ("GET", ["v1", "balance_transactions"]) => Self::Read(Read::Transactions),
            ("GET", ["v1", "balance_transactions", id]) => Self::Read(Read::Transaction((*id).to_owned())),
            _ => return None,
        };
        Some(endpoint)
    }

    pub(super) fn operation(&self) -> Operation {
        match self {
            Self::Write(Write::Create) => Operation::Create,
            Self::Write(Write::Confirm(_)) => Operation::Confirm,
            Self::Write(Write::Cancel(_)) => Operation::Cancel,
            Self::Write(Write::Refund) => Operation::Refund,
            Self::Write(Write::Pay(_)) => Operation::Pay,
            Self::Write(Write::SettleRefund(_)) => Operation::SettleRefund,
            Self::Read(Read::Intent(_)) => Operation::Retrieve,
            Self::Read(Read::Intents) => Operation::List,
            Self::Read(Read::Charges) => Operation::ListCharges,
            Self::Read(Read::Search) => Operation::Search,
            Self::Read(Read::Refund(_) | Read::Refunds) => Operation::RetrieveRefund,
            Self::Read(Read::Transaction(_) | Read::Transactions) => Operation::RetrieveTransaction,
            Self::Read(Read::Balance) => Operation::RetrieveBalance,
        }
    }
}

impl Write {
    /// Id of the payment intent that a call of the API changes; `None` if it creates one. The customer's
    /// payment and the settlement of a refund are not calls of the API.
    pub(super) fn object(&self, form: &Form) -> Option<String> {
        match self {
            Self::Create | Self::Pay(_) | Self::SettleRefund(_) => None,
            Self::Confirm(id) | Self::Cancel(id) => Some(id.clone()),
            Self::Refund => form.get("payment_intent").map(ToOwned::to_owned),
        }
    }

    pub(super) fn command(self, form: Form) -> Result<Command, StripeError> {
        Ok(match self {
            Self::Create => Command::Create(CreateIntent::parse(form)?),
            Self::Confirm(id) => Command::Confirm(ConfirmIntent::parse(id, form)?),
            Self::Cancel(id) => Command::Cancel(CancelIntent::parse(id, form)?),
            Self::Refund => Command::Refund(CreateRefund::parse(form)?),
            Self::Pay(id) => Command::Pay(Pay::parse(id, form)?),
            Self::SettleRefund(id) => Command::SettleRefund(SettleRefund::parse(id, form)?),
        })
    }
}

impl Read {
    pub(super) fn query(self, form: Form) -> Result<Query, StripeError> {
        match self {
            Self::Intent(id) => Query::intent(id, form),
            Self::Intents => ListIntents::parse(form).map(Query::Intents),
            Self::Charges => ListCharges::parse(form).map(Query::Charges),
            Self::Search => SearchIntents::parse(form).map(Query::Search),
            Self::Refund(id) => Query::refund(id, form),
            Self::Refunds => ListRefunds::parse(form).map(Query::Refunds),
            Self::Transaction(id) => Query::transaction(id, form),
            Self::Transactions => ListTransactions::parse(form).map(Query::Transactions),
            Self::Balance => Query::balance(form),
        }
    }
}
