//! `POST /sandbox/payment_intents/{id}/pay`: the customer pays, or passes the authentication.
//!
//! Stripe has no such call; there the customer does it in a browser, with the client secret.

use super::{Context, Outcome, Trial, cannot_confirm, no_payment_method, verdict_on};
use crate::payments::error::StripeError;
use crate::payments::form::Form;
use crate::payments::intent::IntentStatus;
use crate::payments::method::Verdict;
use crate::payments::object::Expand;

/// The customer pays.
pub(in crate::payments) struct Pay {
    id: String,
    payment_method: Option<String>,
}

impl Pay {
    pub(in crate::payments) fn parse(id: String, mut form: Form) -> Result<Self, StripeError> {
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
        let verdict = if authenticates { Verdict::Succeeds } else { verdict_on(&payment_method)? };
        let trial = Trial { verdict, off_session: false };
        Ok(context.charge(intent, &payment_method, trial, Expand::default()))
    }
}
