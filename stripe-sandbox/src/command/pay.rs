//! `POST /sandbox/payment_intents/{id}/pay`: the customer pays, or passes the authentication.
//!
//! Stripe has no such call; there the customer does it in a browser, with the client secret.

use super::{ChargeAttempt, Context, Outcome, cannot_confirm, no_payment_method, verdict_on};
use crate::error::StripeError;
use crate::form::Form;
use crate::intent::IntentStatus;
use crate::stripe_json::Expand;
use crate::test_cards::ChargeResult;

/// The customer pays.
pub(crate) struct Pay {
    id: String,
    payment_method: Option<String>,
}

impl Pay {
    pub(crate) fn parse(id: String, mut form: Form) -> Result<Self, StripeError> {
        let payment_method = form.text("payment_method")?;
        form.finish()?;
        if let Some(payment_method) = &payment_method {
            verdict_on(payment_method)?;
        }
        Ok(Self { id, payment_method })
    }

    pub(super) fn execute(self, context: &mut Context<'_>) -> Result<Outcome, StripeError> {
        let intent = context.intent(&self.id)?;
        if !intent.is_open() {
            return Err(cannot_confirm(&intent));
        }
        let authenticates = self.payment_method.is_none() && intent.status == IntentStatus::RequiresAction;
        let payment_method = self.payment_method.or_else(|| intent.payment_method.clone());
        let payment_method = payment_method.ok_or_else(|| no_payment_method().executed())?;
        let verdict = if authenticates { ChargeResult::Succeeds } else { verdict_on(&payment_method)? };
        let trial = ChargeAttempt { verdict, off_session: false };
        Ok(context.charge(intent, &payment_method, trial, Expand::default()))
    }
}
