//! Write operations. Each is parsed first, without side effects, and then executed under the lock.

mod account_link;
mod attempt;
mod cancel;
mod change_account;
mod confirm;
mod context;
mod create;
mod create_account;
mod create_transfer;
mod dispute;
mod pay;
mod payout;
mod record_transaction;
mod refund;
mod reverse_transfer;
mod settle_dispute;
mod settle_refund;
mod update_dispute;

use serde_json::json;

use super::error::StripeError;
use super::form::Form;
use super::intent::{IntentStatus, PaymentIntent};
use crate::store::{Commit, StoredObject};
use crate::stripe_json;
use crate::stripe_json::Expand;

pub(super) use account_link::{CreateAccountLink, Onboard};
pub(super) use cancel::CancelIntent;
pub(super) use change_account::ChangeAccount;
pub(super) use confirm::ConfirmIntent;
pub(super) use create::CreateIntent;
pub(super) use create_account::CreateAccount;
pub(super) use create_transfer::CreateTransfer;
pub(super) use dispute::OpenDispute;
pub(super) use pay::Pay;
pub(super) use payout::{CreatePayout, SettlePayout};
pub(super) use record_transaction::RecordTransaction;
pub(super) use refund::CreateRefund;
pub(super) use reverse_transfer::ReverseTransfer;
pub(super) use settle_dispute::SettleDispute;
pub(super) use settle_refund::SettleRefund;
pub(super) use update_dispute::UpdateDispute;

use attempt::{ChargeAttempt, charge_result_of};
use context::Movement;
pub(super) use context::{Context, Outcome, no_account};

/// Write operation.
pub(super) enum Command {
    Create(CreateIntent),
    Confirm(ConfirmIntent),
    Cancel(CancelIntent),
    Refund(CreateRefund),
    Pay(Pay),
    SettleRefund(SettleRefund),
    CreateAccount(CreateAccount),
    ChangeAccount(ChangeAccount),
    CreateAccountLink(CreateAccountLink),
    Onboard(Onboard),
    CreateTransfer(CreateTransfer),
    ReverseTransfer(ReverseTransfer),
    OpenDispute(OpenDispute),
    UpdateDispute(UpdateDispute),
    SettleDispute(SettleDispute),
    CreatePayout(CreatePayout),
    SettlePayout(SettlePayout),
    RecordTransaction(RecordTransaction),
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
            Self::CreateAccount(command) => Ok(command.execute(context)),
            Self::ChangeAccount(command) => command.execute(context),
            Self::CreateAccountLink(command) => command.execute(context),
            Self::Onboard(command) => command.execute(context),
            Self::CreateTransfer(command) => command.execute(context),
            Self::ReverseTransfer(command) => command.execute(context),
            Self::OpenDispute(command) => command.execute(context),
            Self::UpdateDispute(command) => command.execute(context),
            Self::SettleDispute(command) => command.execute(context),
            Self::CreatePayout(command) => command.execute(context),
            Self::SettlePayout(command) => command.execute(context),
            Self::RecordTransaction(command) => Ok(command.execute(context)),
        };
        outcome.unwrap_or_else(|error| Outcome { commit: Commit::default(), result: Err(error) })
    }
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

/// Parses an amount that must be positive.
fn positive(form: &mut Form, name: &str) -> Result<Option<i64>, StripeError> {
    let amount = form.integer(name)?;
    if amount.is_some_and(|amount| amount < 1) {
        let message = "This value must be greater than or equal to 1.";
        return Err(StripeError::invalid(message).code("parameter_invalid_integer").param(name));
    }
    Ok(amount)
}

/// Parses a currency code.
fn currency(given: &str) -> Result<String, StripeError> {
    let lower = given.to_ascii_lowercase();
    if lower.len() == 3 && lower.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return Ok(lower);
    }
    Err(StripeError::invalid(format!("Invalid currency: {given}")).param("currency"))
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
