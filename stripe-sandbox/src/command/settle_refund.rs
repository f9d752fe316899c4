//! `POST /sandbox/refunds/{id}/settle`: the change that a refund to some test cards makes some time after it was
//! created (<https://docs.stripe.com/testing#refunds>).

use super::{Commit, Context, Movement, Outcome};
use crate::balance::TransactionType;
use crate::error::StripeError;
use crate::form::Form;
use crate::refund::RefundStatus;
use crate::stripe_json;

/// Asynchronous change of a refund.
pub(crate) struct SettleRefund {
    id: String,
}

impl SettleRefund {
    pub(crate) fn parse(id: String, form: Form) -> Result<Self, StripeError> {
        form.finish()?;
        Ok(Self { id })
    }

    pub(super) fn execute(self, context: &mut Context<'_>) -> Result<Outcome, StripeError> {
        let refund = context.store.refunds.get(&self.id).cloned();
        let refund = refund.ok_or_else(|| StripeError::missing("refund", &self.id, "id").executed())?;
        let mut refund = refund.settled().ok_or_else(|| {
            StripeError::invalid(format!("The status of refund {} does not change any more.", self.id))
                .executed()
        })?;
        let failed = refund.status == RefundStatus::Failed;
        let intent = context.intent(&refund.payment_intent)?;
        let intent = failed.then(|| intent.with_refund(-refund.amount, context.now));
        let returned = failed.then(|| {
            let movement = Movement { amount: refund.amount, currency: &refund.currency, source: &refund.id };
            context.transaction(TransactionType::RefundFailure, &movement)
        });
        refund.failure_balance_transaction = returned.as_ref().map(|returned| returned.id.clone());
        let object = stripe_json::refund(&refund, None);
        let event = Some(context.event("refund.updated", &object));
        let kinds = ["charge.refund.updated"].into_iter().chain(failed.then_some("refund.failed"));
        let more_events = kinds.map(|kind| context.event(kind, &object)).collect();
        let (refund, transactions) = (Some(refund), returned.into_iter().collect());
        let commit = Commit { intent, refund, transactions, event, more_events, ..Commit::default() };
        Ok(Outcome { commit, result: Ok(object) })
    }
}
