//! `GET /v1/balance_transactions` and `GET /v1/balance`.

use jiff::Timestamp;
use serde_json::Value;

use super::page::{Created, Page};
use crate::balance::{BalanceTransaction, TransactionType};
use crate::command::expands;
use crate::error::StripeError;
use crate::form::Form;
use crate::store::PaymentStore;
use crate::stripe_json;

/// `GET /v1/balance_transactions` (<https://docs.stripe.com/api/balance_transactions/list>).
pub(crate) struct ListTransactions {
    page: Page,
    created: Created,
    kind: Option<TransactionType>,
    currency: Option<String>,
    source: Option<String>,
    expand_source: bool,
}

impl ListTransactions {
    pub(crate) fn parse(mut form: Form) -> Result<Self, StripeError> {
        let list = Self {
            page: Page::parse(&mut form)?,
            created: Created::parse(&mut form)?,
            kind: kind(&mut form)?,
            currency: form.text("currency")?,
            source: form.text("source")?,
            expand_source: expands(&mut form, "data.source")?,
        };
        // Stripe knows the transactions of automatic payouts only, and the sandbox makes none.
        if form.text("payout")?.is_some() {
            let message =
                "Balance transaction history can only be filtered on automatic transfers, not manual.";
            return Err(StripeError::invalid(message).param("payout"));
        }
        form.finish()?;
        Ok(list)
    }

    pub(super) fn read(&self, store: &PaymentStore, now: Timestamp) -> Result<Value, StripeError> {
        let newest = store.transactions.iter().rev().filter(|transaction| self.selects(transaction));
        let (page, has_more) = self.page.cut(newest, |transaction| &transaction.id, "balance_transaction")?;
        let expand_in = self.expand_source.then_some(store);
        let json = |transaction| json(transaction, expand_in, now);
        let data: Vec<_> = page.into_iter().map(json).collect();
        Ok(stripe_json::list("/v1/balance_transactions", &data, has_more))
    }

    fn selects(&self, transaction: &BalanceTransaction) -> bool {
        self.created.covers(transaction.created.as_second())
            && self.kind.is_none_or(|kind| transaction.kind == kind)
            && self.currency.as_ref().is_none_or(|currency| transaction.currency == *currency)
            && self.source.as_ref().is_none_or(|source| transaction.source.as_ref() == Some(source))
    }
}

fn kind(form: &mut Form) -> Result<Option<TransactionType>, StripeError> {
    let Some(name) = form.text("type")? else { return Ok(None) };
    let kind = TransactionType::of(&name);
    let unknown = || StripeError::invalid(format!("Invalid type: {name}")).param("type");
    kind.map(Some).ok_or_else(unknown)
}

/// JSON of a transaction. Its source is expanded if a store is given.
pub(super) fn json(
    transaction: &BalanceTransaction,
    expand_in: Option<&PaymentStore>,
    now: Timestamp,
) -> Value {
    let source = expand_in.zip(transaction.source.as_deref());
    let source = source.and_then(|(store, id)| stripe_json::source::source(store, id, now));
    stripe_json::balance::transaction(transaction, now, source)
}
