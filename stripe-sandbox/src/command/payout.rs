//! Payouts to bank accounts: `POST /sandbox/payouts`, and `POST /sandbox/payouts/{id}/pay`, `fail` and
//! `cancel`. At Stripe, the dashboard makes them, and banks decide about them.

use super::create_transfer::insufficient_balance;
use super::{Context, Movement, Outcome, StoredObject, currency, positive};
use crate::balance::{BalanceTransaction, TransactionType};
use crate::error::StripeError;
use crate::form::Form;
use crate::payout::{Payout, PayoutStatus};
use crate::stripe_json::payout;

/// Pays out an amount, or by default everything that is available.
pub(crate) struct CreatePayout {
    account: Option<String>,
    amount: Option<i64>,
    currency: String,
}

impl CreatePayout {
    pub(crate) fn parse(mut form: Form) -> Result<Self, StripeError> {
        let account = form.text("account")?;
        let amount = positive(&mut form, "amount")?;
        let currency = currency(&form.required("currency")?)?;
        form.finish()?;
        Ok(Self { account, amount, currency })
    }

    pub(super) fn execute(self, context: &mut Context<'_>) -> Result<Outcome, StripeError> {
        let available = match &self.account {
            Some(id) => {
                context.account(id)?;
                context.store.balance_of_account(id, &self.currency)
            }
            None => context.store.balance(context.now).available_in(&self.currency),
        };
        let amount = self.amount.unwrap_or(available);
        if amount < 1 || amount > available {
            return Err(insufficient_balance());
        }
        let mut created = Payout {
            id: context.new_id("po"),
            account: self.account,
            amount,
            currency: self.currency,
            status: PayoutStatus::Pending,
            balance_transaction: None,
            failure_balance_transaction: None,
            created: context.now,
        };
        let transaction = context.move_payout(&created, TransactionType::Payout, -amount);
        created.balance_transaction = transaction.as_ref().map(|transaction| transaction.id.clone());
        Ok(context.changed_payout(created, transaction, "payout.created"))
    }
}

/// Arrival, failure or cancellation of a payout.
pub(crate) struct SettlePayout {
    id: String,
    status: PayoutStatus,
}

impl SettlePayout {
    pub(crate) fn parse(id: String, action: &str, form: Form) -> Result<Self, StripeError> {
        form.finish()?;
        let status = match action {
            "pay" => PayoutStatus::Paid,
            "fail" => PayoutStatus::Failed,
            "cancel" => PayoutStatus::Canceled,
            _ => return Err(StripeError::invalid("Invalid action: must be one of pay, fail, cancel")),
        };
        Ok(Self { id, status })
    }

    /// A payout can still fail after it has arrived, but can be cancelled only while it is pending
    /// (<https://docs.stripe.com/api/payouts/object#payout_object-status>).
    pub(super) fn execute(self, context: &mut Context<'_>) -> Result<Outcome, StripeError> {
        let payout = context.store.payouts.get(&self.id).cloned();
        let mut payout = payout.ok_or_else(|| StripeError::missing("payout", &self.id, "id").executed())?;
        let (returned, kind) = match (payout.status, self.status) {
            (PayoutStatus::Pending, PayoutStatus::Paid) => (None, "payout.paid"),
            (PayoutStatus::Pending, PayoutStatus::Canceled) => {
                (Some(TransactionType::PayoutCancel), "payout.canceled")
            }
            (PayoutStatus::Pending | PayoutStatus::Paid, PayoutStatus::Failed) => {
                (Some(TransactionType::PayoutFailure), "payout.failed")
            }
            (status, _) => {
                let message =
                    format!("This payout has the status {}, so this is not possible.", status.as_str());
                return Err(StripeError::invalid(message).executed());
            }
        };
        payout.status = self.status;
        let transaction = returned.and_then(|returned| context.move_payout(&payout, returned, payout.amount));
        payout.failure_balance_transaction = transaction.as_ref().map(|returned| returned.id.clone());
        Ok(context.changed_payout(payout, transaction, kind))
    }
}

impl Context<'_> {
    /// Movement of the balance of the platform by one of its own payouts.
    fn move_payout(
        &mut self,
        payout: &Payout,
        kind: TransactionType,
        amount: i64,
    ) -> Option<BalanceTransaction> {
        let movement = Movement { amount, currency: &payout.currency, source: &payout.id };
        payout.account.is_none().then(|| self.transaction(kind, &movement))
    }

    fn changed_payout(
        &mut self,
        changed: Payout,
        transaction: Option<BalanceTransaction>,
        kind: &str,
    ) -> Outcome {
        let json = payout::payout(&changed);
        let event = match &changed.account {
            Some(account) => self.event_of_account(account, kind, &json),
            None => self.event(kind, &json),
        };
        Outcome::stored([StoredObject::Payout(changed)], json)
            .with_transactions(transaction)
            .with_event(event)
    }
}
