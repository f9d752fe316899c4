//! Attempts to charge an intent.

use serde_json::Value;

use super::{Context, Movement, Outcome};
use crate::balance::{BalanceTransaction, TransactionType};
use crate::clock;
use crate::error::StripeError;
use crate::intent::{Attempt, PaymentIntent};
use crate::store::Commit;
use crate::stripe_json;
use crate::stripe_json::Expand;
use crate::test_cards;
use crate::test_cards::{ChargeResult, DeclineCode};

/// Input of a charge attempt.
#[derive(Clone, Copy)]
pub(super) struct ChargeAttempt {
    pub(super) charge_result: ChargeResult,
    /// True if the customer is not present to authenticate.
    pub(super) off_session: bool,
}

impl Context<'_> {
    /// Movement of the balance by a captured charge. Its funds are pending at first.
    fn capture(&mut self, intent: &PaymentIntent, charge: &str, payment_method: &str) -> BalanceTransaction {
        let movement = Movement { amount: intent.amount, currency: &intent.currency, source: charge };
        let captured = self.transaction(TransactionType::Charge, &movement);
        let available_on = if test_cards::bypasses_pending(payment_method) {
            self.now
        } else {
            clock::after(self.now, self.terms.charges_pending())
        };
        BalanceTransaction { fee: self.terms.charge_fee(intent.amount), available_on, ..captured }
    }

    /// Attempts to charge `intent` with `payment_method`.
    pub(super) fn charge(
        &mut self,
        intent: PaymentIntent,
        payment_method: &str,
        charge_attempt: ChargeAttempt,
        expand: Expand,
    ) -> Outcome {
        let charge_result = match (self.decline, charge_attempt.charge_result) {
            (Some(decline), _) => ChargeResult::Declines(decline),
            (None, ChargeResult::RequiresAction) if charge_attempt.off_session => {
                ChargeResult::Declines(DeclineCode::AuthenticationRequired.decline())
            }
            (None, charge_result) => charge_result,
        };
        let charge_id = self.new_id("ch");
        let captured = (charge_result == ChargeResult::Succeeds)
            .then(|| self.capture(&intent, &charge_id, payment_method));
        let attempt = Attempt {
            charge_id,
            payment_method,
            charge_result,
            idempotency_key: self.idempotency_key,
            balance_transaction: captured.as_ref().map(|captured| captured.id.as_str()),
            now: self.now,
        };
        let intent = intent.with_attempt(&attempt);
        let plain = stripe_json::payment_intent(&intent, Expand::default());
        let event = match charge_result {
            ChargeResult::Succeeds => Some(self.event("payment_intent.succeeded", &plain)),
            ChargeResult::Declines(_) => Some(self.event("payment_intent.payment_failed", &plain)),
            ChargeResult::RequiresAction => Some(self.event("payment_intent.requires_action", &plain)),
        };
        let result = match stripe_json::last_payment_error(&intent) {
            Some(error) => Err(payment_error(&error, plain)),
            None => Ok(stripe_json::payment_intent(&intent, expand)),
        };
        let transactions = captured.into_iter().collect();
        let commit = Commit { intent: Some(intent), transactions, event, ..Commit::default() };
        self.with_card_disputes(Outcome { commit, result }, payment_method)
    }

    /// Adds the disputes that follow a charge of some test cards.
    fn with_card_disputes(&mut self, mut outcome: Outcome, payment_method: &str) -> Outcome {
        let Some(intent) = outcome.commit.intent.take() else { return outcome };
        let Some(charge) = intent.captured_charge().cloned() else {
            outcome.commit.intent = Some(intent);
            return outcome;
        };
        let disputes = test_cards::disputes(payment_method);
        for card in disputes {
            let opened = self.open_dispute(&intent, &charge, charge.amount_captured, *card);
            outcome.commit = outcome.commit.followed_by(opened.commit);
        }
        let is_disputed = !disputes.is_empty();
        outcome.commit.intent = Some(if is_disputed { intent.with_dispute(self.now) } else { intent });
        outcome
    }

    /// Lets the customer fail to authenticate.
    pub(super) fn fail_authentication(&mut self, intent: PaymentIntent) -> Outcome {
        let intent = intent.with_failed_authentication(self.now);
        let plain = stripe_json::payment_intent(&intent, Expand::default());
        let event = Some(self.event("payment_intent.payment_failed", &plain));
        let error = stripe_json::last_payment_error(&intent).unwrap_or_default();
        let result = Err(payment_error(&error, plain));
        Outcome { commit: Commit { intent: Some(intent), event, ..Commit::default() }, result }
    }
}

/// Error 402 that contains the intent (<https://docs.stripe.com/api/errors#errors-payment_intent>).
fn payment_error(error: &Value, intent: Value) -> StripeError {
    let text = |member: &str| error[member].as_str().unwrap_or_default();
    let members = error.as_object().into_iter().flatten();
    let error =
        StripeError::new(402, text("type"), text("message")).with("payment_intent", intent).executed();
    members.fold(error, |error, (name, value)| error.with(name, value.clone()))
}

/// Result of charging a payment method, or error 400 if the payment method does not exist.
pub(super) fn charge_result_of(payment_method: &str) -> Result<ChargeResult, StripeError> {
    test_cards::charge_result(payment_method).ok_or_else(|| {
        let message = format!("No such PaymentMethod: '{payment_method}'");
        StripeError::invalid(message).code("resource_missing").param("payment_method")
    })
}
