//! `POST /v1/transfers`, see <https://docs.stripe.com/api/transfers/create>.

use std::collections::BTreeMap;

use super::{Context, Movement, Outcome, StoredObject, currency, metadata, positive};
use crate::balance::TransactionType;
use crate::error::StripeError;
use crate::form::Form;
use crate::stripe_json::transfer;
use crate::transfer::Transfer;

/// Transfers an amount to a connected account.
pub(crate) struct CreateTransfer {
    amount: i64,
    currency: String,
    destination: String,
    transfer_group: Option<String>,
    description: Option<String>,
    metadata: BTreeMap<String, String>,
}

impl CreateTransfer {
    pub(crate) fn parse(mut form: Form) -> Result<Self, StripeError> {
        let amount = positive(&mut form, "amount")?.ok_or_else(|| StripeError::missing_param("amount"))?;
        form.choice("source_type", &["card"])?;
        let command = Self {
            amount,
            currency: currency(&form.required("currency")?)?,
            destination: form.required("destination")?,
            transfer_group: form.text("transfer_group")?,
            description: form.text("description")?,
            metadata: metadata(&mut form)?,
        };
        form.finish()?;
        Ok(command)
    }

    pub(super) fn execute(self, context: &mut Context<'_>) -> Result<Outcome, StripeError> {
        self.check(context)?;
        let id = context.new_id("tr");
        let movement = Movement { amount: -self.amount, currency: &self.currency, source: &id };
        let transaction = context.transaction(TransactionType::Transfer, &movement);
        let created = Transfer {
            id,
            amount: self.amount,
            currency: self.currency,
            destination: self.destination,
            destination_payment: context.new_id("py"),
            transfer_group: self.transfer_group,
            description: self.description,
            metadata: self.metadata,
            balance_transaction: transaction.id.clone(),
            reversals: Vec::new(),
            idempotency_key: context.idempotency_key.map(str::to_owned),
            created: context.now,
        };
        let json = transfer::transfer(&created);
        let event = context.event("transfer.created", &json);
        let outcome = Outcome::stored([StoredObject::Transfer(created)], json);
        Ok(outcome.with_transactions([transaction]).with_event(event))
    }

    fn check(&self, context: &Context<'_>) -> Result<(), StripeError> {
        let destination = context.store.accounts.get(&self.destination).filter(|account| !account.closed);
        let destination = destination.ok_or_else(|| {
            let message = format!("No such destination: '{}'", self.destination);
            StripeError::invalid(message).code("resource_missing").param("destination").executed()
        })?;
        if !destination.has_active("transfers") {
            let message = "Your destination account needs to have at least one of the following capabilities enabled: \
                           transfers, crypto_transfers, legacy_payments";
            return Err(StripeError::invalid(message)
                .code("insufficient_capabilities_for_transfer")
                .executed());
        }
        if context.store.balance(context.now).available_in(&self.currency) < self.amount {
            return Err(insufficient_balance());
        }
        Ok(())
    }
}

/// Error for an amount above the available balance. Pending funds do not count
/// (<https://docs.stripe.com/error-codes#balance-insufficient>).
pub(super) fn insufficient_balance() -> StripeError {
    let message = "You have insufficient available funds in your Stripe account. Try adding funds directly to your \
                   available balance by creating Charges using the 4000000000000077 test card. See: \
                   https://stripe.com/docs/testing#available-balance";
    StripeError::invalid(message).code("balance_insufficient").executed()
}
