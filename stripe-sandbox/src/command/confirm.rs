//! `POST /v1/payment_intents/{id}/confirm`, see <https://docs.stripe.com/api/payment_intents/confirm>.

use super::{
    ChargeAttempt, Context, Outcome, cannot_confirm, charge_result_of, expand, no_payment_method,
    no_return_url,
};
use crate::error::StripeError;
use crate::form::Form;
use crate::stripe_json::Expand;

/// Charges an intent with its own or another payment method.
pub(crate) struct ConfirmIntent {
    id: String,
    payment_method: Option<String>,
    off_session: bool,
    return_url: Option<String>,
    use_stripe_sdk: Option<bool>,
    expand: Expand,
}

impl ConfirmIntent {
    pub(crate) fn parse(id: String, mut form: Form) -> Result<Self, StripeError> {
        let command = Self {
            id,
            payment_method: form.text("payment_method")?,
            off_session: form.boolean("off_session")?.unwrap_or(false),
            return_url: form.text("return_url")?,
            use_stripe_sdk: form.boolean("use_stripe_sdk")?,
            expand: expand(&mut form, "latest_charge")?,
        };
        form.finish()?;
        if let Some(payment_method) = &command.payment_method {
            charge_result_of(payment_method)?;
        }
        Ok(command)
    }

    pub(super) fn execute(self, context: &mut Context<'_>) -> Result<Outcome, StripeError> {
        let mut intent = context.intent(&self.id)?;
        if !intent.is_open() {
            return Err(cannot_confirm(&intent));
        }
        let payment_method = self.payment_method.or_else(|| intent.payment_method.clone());
        let payment_method = payment_method.ok_or_else(|| no_payment_method().executed())?;
        intent.return_url = self.return_url.or(intent.return_url);
        intent.use_stripe_sdk = self.use_stripe_sdk.unwrap_or(intent.use_stripe_sdk);
        if intent.lacks_return_url() {
            return Err(no_return_url().executed());
        }
        let charge_attempt = ChargeAttempt {
            charge_result: charge_result_of(&payment_method)?,
            off_session: self.off_session,
        };
        Ok(context.charge(intent, &payment_method, charge_attempt, self.expand))
    }
}
