//! `POST /sandbox/payment_intents/{id}/pay`: the customer pays or authenticates.
//!
//! Stripe has no such endpoint: its customers do this in a browser, with the client secret. `authentication=fail`
//! lets the authentication fail.

use super::{ChargeAttempt, Context, Outcome, cannot_confirm, charge_result_of, no_payment_method};
use crate::error::StripeError;
use crate::form::Form;
use crate::intent::IntentStatus;
use crate::stripe_json::Expand;
use crate::test_cards::ChargeResult;

/// Payment or authentication by the customer.
pub(crate) struct Pay {
    id: String,
    payment_method: Option<String>,
    fails_authentication: bool,
}

impl Pay {
    pub(crate) fn parse(id: String, mut form: Form) -> Result<Self, StripeError> {
        let payment_method = form.text("payment_method")?;
        let authentication = form.choice("authentication", &["succeed", "fail"])?;
        form.finish()?;
        let fails_authentication = authentication.as_deref() == Some("fail");
        if let Some(payment_method) = &payment_method {
            charge_result_of(payment_method)?;
        }
        Ok(Self { id, payment_method, fails_authentication })
    }

    pub(super) fn execute(self, context: &mut Context<'_>) -> Result<Outcome, StripeError> {
        let intent = context.intent(&self.id)?;
        if !intent.is_open() {
            return Err(cannot_confirm(&intent));
        }
        if self.fails_authentication {
            if intent.status != IntentStatus::RequiresAction {
                return Err(cannot_confirm(&intent));
            }
            return Ok(context.fail_authentication(intent));
        }
        let authenticates = self.payment_method.is_none() && intent.status == IntentStatus::RequiresAction;
        let payment_method = self.payment_method.or_else(|| intent.payment_method.clone());
        let payment_method = payment_method.ok_or_else(|| no_payment_method().executed())?;
        let charge_result =
            if authenticates { ChargeResult::Succeeds } else { charge_result_of(&payment_method)? };
        let charge_attempt = ChargeAttempt { charge_result, off_session: false };
        Ok(context.charge(intent, &payment_method, charge_attempt, Expand::default()))
    }
}
