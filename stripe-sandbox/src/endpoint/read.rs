//! Endpoints that read.

use crate::error::StripeError;
use crate::fault_rules::Operation;
use crate::form::Form;
use crate::query::{
    ListCharges, ListDisputes, ListIntents, ListPayouts, ListRefunds, ListTransactions, ListTransfers, Query,
    SearchIntents,
};

pub(crate) enum Read {
    Intent(String),
    Intents,
    Charges,
    Search,
    Refund(String),
    Refunds,
    Transaction(String),
    Transactions,
    Balance,
    Account(String),
    Transfer(String),
    Transfers,
    Dispute(String),
    Disputes,
    Payout(String),
    Payouts,
}

impl Read {
    pub(super) fn operation(&self) -> Operation {
        match self {
            Self::Intent(_) => Operation::Retrieve,
            Self::Intents => Operation::List,
            Self::Charges => Operation::ListCharges,
            Self::Search => Operation::Search,
            Self::Refund(_) | Self::Refunds => Operation::RetrieveRefund,
            Self::Transaction(_) | Self::Transactions => Operation::RetrieveTransaction,
            Self::Balance => Operation::RetrieveBalance,
            Self::Account(_) => Operation::RetrieveAccount,
            Self::Payout(_) | Self::Payouts => Operation::RetrievePayout,
            Self::Dispute(_) | Self::Disputes => Operation::RetrieveDispute,
            Self::Transfer(_) | Self::Transfers => Operation::RetrieveTransfer,
        }
    }

    pub(crate) fn query(self, form: Form) -> Result<Query, StripeError> {
        match self {
            Self::Intent(id) => Query::intent(id, form),
            Self::Intents => ListIntents::parse(form).map(Query::Intents),
            Self::Charges => ListCharges::parse(form).map(Query::Charges),
            Self::Search => SearchIntents::parse(form).map(Query::Search),
            Self::Refund(id) => Query::refund(id, form),
            Self::Refunds => ListRefunds::parse(form).map(Query::Refunds),
            Self::Transaction(id) => Query::transaction(id, form),
            Self::Transactions => ListTransactions::parse(form).map(Query::Transactions),
            Self::Balance => Query::plain(form, Query::Balance),
            Self::Account(id) => Query::plain(form, Query::Account(id)),
            Self::Dispute(id) => Query::dispute(id, form),
            Self::Disputes => ListDisputes::parse(form).map(Query::Disputes),
            Self::Payout(id) => Query::plain(form, Query::Payout(id)),
            Self::Payouts => ListPayouts::parse(form).map(Query::Payouts),
            Self::Transfer(id) => Query::plain(form, Query::Transfer(id)),
            Self::Transfers => ListTransfers::parse(form).map(Query::Transfers),
        }
    }
}
