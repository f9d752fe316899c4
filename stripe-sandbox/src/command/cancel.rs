//! `POST /v1/payment_intents/{id}/cancel`, see <https://docs.stripe.com/api/payment_intents/cancel>.

use super::{Commit, Context, Outcome, expand, unexpected_state};
use crate::error::StripeError;
use crate::form::Form;
use crate::stripe_json;
use crate::stripe_json::Expand;

const REASONS: [&str; 4] = ["abandoned", "duplicate", "fraudulent", "requested_by_customer"];

/// Cancels an intent, so that it can no longer be charged.
pub(crate) struct CancelIntent {
    id: String,
    reason: Option<String>,
    expand: Expand,
}

impl CancelIntent {
    pub(crate) fn parse(id: String, mut form: Form) -> Result<Self, StripeError> {
        let reason = form.choice("cancellation_reason", &REASONS)?;
        let expand = expand(&mut form, "latest_charge")?;
        form.finish()?;
        Ok(Self { id, reason, expand })
    }

    pub(super) fn execute(self, context: &mut Context<'_>) -> Result<Outcome, StripeError> {
        let intent = context.intent(&self.id)?;
        if !intent.is_open() {
            let message = format!(
                "You cannot cancel this PaymentIntent because it has a status of {}. Only a PaymentIntent with one \
                 of the following statuses may be canceled: requires_payment_method, requires_capture, \
                 requires_confirmation, requires_action, processing.",
                intent.status.as_str()
            );
            return Err(unexpected_state(message, &intent));
        }
        let intent = intent.with_cancellation(self.reason, context.now);
        let event = context
            .event("payment_intent.canceled", &stripe_json::payment_intent(&intent, Expand::default()));
        let body = stripe_json::payment_intent(&intent, self.expand);
        Ok(Outcome {
            commit: Commit { intent: Some(intent), event: Some(event), ..Commit::default() },
            result: Ok(body),
        })
    }
}
