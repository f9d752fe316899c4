//! `POST /sandbox/balance_transactions`: a balance transaction of any type, such as a fee or a reserve, that no
//! other call makes.

use super::{Context, Movement, Outcome, currency};
use crate::balance::TransactionType;
use crate::error::StripeError;
use crate::form::Form;
use crate::stripe_json::balance;

/// Records a balance transaction.
pub(crate) struct RecordTransaction {
    kind: TransactionType,
    amount: i64,
    currency: String,
    source: Option<String>,
}

impl RecordTransaction {
    pub(crate) fn parse(mut form: Form) -> Result<Self, StripeError> {
        let names = TransactionType::NAMES.map(|(name, _)| name);
        let name = form.choice("type", &names)?;
        let kind = name.as_deref().and_then(TransactionType::of);
        let command = Self {
            kind: kind.ok_or_else(|| StripeError::missing_param("type"))?,
            amount: form.integer("amount")?.ok_or_else(|| StripeError::missing_param("amount"))?,
            currency: currency(&form.required("currency")?)?,
            source: form.text("source")?,
        };
        form.finish()?;
        Ok(command)
    }

    pub(super) fn execute(self, context: &mut Context<'_>) -> Outcome {
        let movement = Movement { amount: self.amount, currency: &self.currency, source: "" };
        let mut transaction = context.transaction(self.kind, &movement);
        transaction.source = self.source;
        let json = balance::transaction(&transaction, context.now, None);
        Outcome::stored([], json).with_transactions([transaction])
    }
}
