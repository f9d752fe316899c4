//! `POST /v1/transfers/{id}/reversals` (<https://docs.stripe.com/api/transfer_reversals/create>), and
//! `POST /sandbox/transfers/{id}/reverse`, which is a reversal in the dashboard.

use std::collections::BTreeMap;

use super::{Context, Movement, Outcome, StoredObject, metadata, positive};
use crate::balance::TransactionType;
use crate::error::StripeError;
use crate::form::Form;
use crate::stripe_json::transfer;
use crate::transfer::{Reversal, Transfer};

/// Reverses a transfer in full or in part.
pub(crate) struct ReverseTransfer {
    transfer: String,
    amount: Option<i64>,
    metadata: BTreeMap<String, String>,
}

impl ReverseTransfer {
    pub(crate) fn parse(transfer: String, mut form: Form) -> Result<Self, StripeError> {
        let amount = positive(&mut form, "amount")?;
        let metadata = metadata(&mut form)?;
        form.ignore_parameters(&["description", "refund_application_fee"]);
        form.finish()?;
        Ok(Self { transfer, amount, metadata })
    }

    pub(super) fn execute(self, context: &mut Context<'_>) -> Result<Outcome, StripeError> {
        let reversed = context.store.transfers.get(&self.transfer).cloned();
        let mut reversed =
            reversed.ok_or_else(|| StripeError::missing("transfer", &self.transfer, "id").executed())?;
        let amount = self.checked_amount(&reversed, context)?;
        let id = context.new_id("trr");
        let movement = Movement { amount, currency: &reversed.currency, source: &id };
        let transaction = context.transaction(TransactionType::TransferRefund, &movement);
        let reversal = Reversal {
            id,
            amount,
            metadata: self.metadata,
            balance_transaction: transaction.id.clone(),
            created: context.now,
        };
        let json = transfer::reversal(&reversal, &reversed);
        reversed.reversals.push(reversal);
        let event = context.event("transfer.reversed", &transfer::transfer(&reversed));
        let outcome = Outcome::stored([StoredObject::Transfer(reversed)], json);
        Ok(outcome.with_transactions([transaction]).with_event(event))
    }

    /// Amount to reverse: the requested amount, or by default everything that is not reversed. The connected
    /// account must have it.
    fn checked_amount(&self, transfer: &Transfer, context: &Context<'_>) -> Result<i64, StripeError> {
        let left = transfer.net();
        if left == 0 {
            let message = format!("Transfer {} is already fully reversed.", transfer.id);
            return Err(StripeError::invalid(message).executed());
        }
        let amount = self.amount.unwrap_or(left);
        if amount > left {
            let message =
                format!("Reversal amount ({amount}) is greater than unreversed amount on transfer ({left})");
            return Err(StripeError::invalid(message).param("amount").executed());
        }
        if context.store.balance_of_account(&transfer.destination, &transfer.currency) < amount {
            let message = "Insufficient funds in the connected account to reverse this transfer.";
            return Err(StripeError::invalid(message).code("balance_insufficient").executed());
        }
        Ok(amount)
    }
}
