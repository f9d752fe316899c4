//! `POST /sandbox/refunds/{id}/settle`: the change that a refund to some test cards makes some time after it was
//! created (<https://docs.stripe.com/testing#refunds>).

use super::{Commit, Context, Outcome};
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
        let refund = context.store.refund(&self.id).cloned();
        let refund = refund.ok_or_else(|| StripeError::missing("refund", &self.id, "id").executed())?;
        let refund = refund.settled().ok_or_else(|| {
            StripeError::invalid(format!("The status of refund {} does not change any more.", self.id))
                .executed()
        })?;
        let failed = refund.status == RefundStatus::Failed;
        let intent = context.intent(&refund.payment_intent)?;
        let intent = failed.then(|| intent.with_refund(-refund.amount, context.now));
        let object = stripe_json::refund(&refund, None);
        let event = Some(context.event("refund.updated", &object));
        let kinds = ["charge.refund.updated"].into_iter().chain(failed.then_some("refund.failed"));
        let more_events = kinds.map(|kind| context.event(kind, &object)).collect();
        let commit = Commit { intent, refund: Some(refund), event, more_events, ..Commit::default() };
        Ok(Outcome { commit, result: Ok(object) })
    }
}
