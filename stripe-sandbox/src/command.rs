//! Write operations. Each is parsed first, without side effects, and then executed under the lock.

mod cancel;
mod confirm;
mod create;
mod pay;
mod refund;
mod settle_refund;

use fastrand::Rng;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::balance::{BalanceTransaction, TransactionType};
use super::clock;
use super::error::StripeError;
use super::form::Form;
use super::intent::{Attempt, IntentStatus, PaymentIntent};
use super::object_id::object_id;
use super::webhook::Event;
use crate::store::{Commit, PaymentStore};
use crate::stripe_json;
use crate::stripe_json::Expand;
use crate::terms::Terms;
use crate::test_cards;
use crate::test_cards::{ChargeResult, Decline, DeclineCode};

pub(super) use cancel::CancelIntent;
pub(super) use confirm::ConfirmIntent;
pub(super) use create::CreateIntent;
pub(super) use pay::Pay;
pub(super) use refund::CreateRefund;
pub(super) use settle_refund::SettleRefund;

/// Write operation.
pub(super) enum Command {
    Create(CreateIntent),
    Confirm(ConfirmIntent),
    Cancel(CancelIntent),
    Refund(CreateRefund),
    Pay(Pay),
    SettleRefund(SettleRefund),
}

/// Context of the execution of a command.
pub(super) struct Context<'a> {
    pub(super) store: &'a PaymentStore,
    pub(super) rng: &'a mut Rng,
    pub(super) now: Timestamp,
    pub(super) request_id: &'a str,
    pub(super) idempotency_key: Option<&'a str>,
    /// Decline requested by a fault rule, regardless of the payment method.
    pub(super) decline: Option<Decline>,
    pub(super) terms: Terms,
}

/// Changes to commit, and the response. A declined charge has both.
pub(super) struct Outcome {
    pub(super) commit: Commit,
    pub(super) result: Result<Value, StripeError>,
}

impl Command {
    pub(super) fn execute(self, context: &mut Context<'_>) -> Outcome {
        let outcome = match self {
            Self::Create(command) => Ok(command.execute(context)),
            Self::Confirm(command) => command.execute(context),
            Self::Cancel(command) => command.execute(context),
            Self::Refund(command) => command.execute(context),
            Self::Pay(command) => command.execute(context),
            Self::SettleRefund(command) => command.execute(context),
        };
        outcome.unwrap_or_else(|error| Outcome { commit: Commit::default(), result: Err(error) })
    }
}

impl Context<'_> {
    fn intent(&self, id: &str) -> Result<PaymentIntent, StripeError> {
        let intent = self.store.intent(id).cloned();
        intent.ok_or_else(|| StripeError::missing("payment_intent", id, "intent").executed())
    }

    fn new_id(&mut self, prefix: &str) -> String {
        object_id(prefix, self.now, self.rng)
    }

    fn event(&mut self, kind: &str, object: &Value) -> Event {
        let id = self.new_id("evt");
        Event::new(id, kind, object, self.request_id, self.idempotency_key, self.now)
    }

    /// Movement of the balance that takes effect immediately.
    fn transaction(&mut self, kind: TransactionType, movement: &Movement<'_>) -> BalanceTransaction {
        BalanceTransaction {
            id: self.new_id("txn"),
            kind,
            amount: movement.amount,
            fee: 0,
            currency: movement.currency.to_owned(),
            source: Some(movement.source.to_owned()),
            created: self.now,
            available_on: self.now,
        }
    }

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
    fn charge(
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
        Outcome { commit: Commit { intent: Some(intent), transactions, event, ..Commit::default() }, result }
    }

    /// Lets the customer fail to authenticate.
    fn fail_authentication(&mut self, intent: PaymentIntent) -> Outcome {
        let intent = intent.with_failed_authentication(self.now);
        let plain = stripe_json::payment_intent(&intent, Expand::default());
        let event = Some(self.event("payment_intent.payment_failed", &plain));
        let error = stripe_json::last_payment_error(&intent).unwrap_or_default();
        let result = Err(payment_error(&error, plain));
        Outcome { commit: Commit { intent: Some(intent), event, ..Commit::default() }, result }
    }
}

/// Movement of the balance.
struct Movement<'a> {
    amount: i64,
    currency: &'a str,
    source: &'a str,
}

/// Input of a charge attempt.
#[derive(Clone, Copy)]
struct ChargeAttempt {
    charge_result: ChargeResult,
    /// True if the customer is not present to authenticate.
    off_session: bool,
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
fn charge_result_of(payment_method: &str) -> Result<ChargeResult, StripeError> {
    test_cards::charge_result(payment_method).ok_or_else(|| {
        let message = format!("No such PaymentMethod: '{payment_method}'");
        StripeError::invalid(message).code("resource_missing").param("payment_method")
    })
}

/// Error for an intent in an unexpected state
/// (<https://docs.stripe.com/error-codes#payment-intent-unexpected-state>).
fn unexpected_state(message: String, intent: &PaymentIntent) -> StripeError {
    let body = stripe_json::payment_intent(intent, Expand::default());
    StripeError::invalid(message)
        .code("payment_intent_unexpected_state")
        .with("payment_intent", body)
        .executed()
}

fn cannot_confirm(intent: &PaymentIntent) -> StripeError {
    let reason = match intent.status {
        IntentStatus::Succeeded => "it has already succeeded after being previously confirmed".to_owned(),
        status => format!("it has a status of {}", status.as_str()),
    };
    unexpected_state(format!("You cannot confirm this PaymentIntent because {reason}."), intent)
}

fn no_return_url() -> StripeError {
    StripeError::invalid(
        "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these \
         payment methods might redirect your customer off of your page, you must provide a `return_url`. If you don't \
         want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and \
         `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents.",
    )
    .param("return_url")
}

fn no_payment_method() -> StripeError {
    StripeError::invalid(
        "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the \
         PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment \
         method or ConfirmationToken.",
    )
    .code("payment_intent_unexpected_state")
}

/// Parses `expand[]` of intents. Only the latest charge can be expanded.
pub(super) fn expand(form: &mut Form, latest_charge: &str) -> Result<Expand, StripeError> {
    Ok(Expand { latest_charge: expands(form, latest_charge)? })
}

/// Returns true if `expand[]` contains `property`, which is the only one that can be expanded.
pub(super) fn expands(form: &mut Form, property: &str) -> Result<bool, StripeError> {
    let properties = form.list("expand");
    match properties.iter().find(|found| found.as_str() != property) {
        Some(other) => Err(StripeError::invalid(format!("This property cannot be expanded ({other})."))
            .with("param", json!("expand"))),
        None => Ok(!properties.is_empty()),
    }
}

/// Parses metadata and checks Stripe's limits (<https://docs.stripe.com/api/metadata>).
fn metadata(form: &mut Form) -> Result<std::collections::BTreeMap<String, String>, StripeError> {
    let metadata = form.map("metadata");
    let too_long =
        metadata.iter().find(|(key, value)| key.chars().count() > 40 || value.chars().count() > 500);
    if let Some((key, _)) = too_long {
        let message = "Metadata keys can have up to 40 characters, and values up to 500 characters.";
        return Err(StripeError::invalid(message).param(&format!("metadata[{key}]")));
    }
    if metadata.len() > 50 {
        return Err(StripeError::invalid("Metadata can have up to 50 keys.").param("metadata"));
    }
    Ok(metadata)
}
