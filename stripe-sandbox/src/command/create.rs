//! `POST /v1/payment_intents`, see <https://docs.stripe.com/api/payment_intents/create>.

use std::collections::BTreeMap;

use super::{
    ChargeAttempt, Commit, Context, Outcome, charge_result_of, currency, expand, metadata, no_payment_method,
    no_return_url,
};
use crate::error::StripeError;
use crate::form::Form;
use crate::intent::{AllowRedirects, IntentStatus, PaymentIntent};
use crate::stripe_json;
use crate::stripe_json::Expand;

/// Parameters that Stripe supports and the sandbox ignores.
const IGNORED_PARAMETERS: [&str; 5] = [
    "confirmation_method",
    "payment_method_options",
    "receipt_email",
    "statement_descriptor",
    "statement_descriptor_suffix",
];

/// Creates an intent, and charges it if `confirm` is true.
pub(crate) struct CreateIntent {
    amount: i64,
    currency: String,
    payment_method: Option<(String, ChargeAttempt)>,
    confirm: bool,
    metadata: BTreeMap<String, String>,
    description: Option<String>,
    transfer_group: Option<String>,
    return_url: Option<String>,
    use_stripe_sdk: bool,
    automatic_payment_methods: Option<AllowRedirects>,
    expand: Expand,
}

/// Parameters that are allowed only if the intent is confirmed when it is created.
const OF_CONFIRMATION: [&str; 2] = ["off_session", "return_url"];

impl CreateIntent {
    pub(crate) fn parse(mut form: Form) -> Result<Self, StripeError> {
        let currency = currency(&form.required("currency")?)?;
        let amount = form.required("amount").and_then(|text| amount(&text, &currency))?;
        let confirm = form.boolean("confirm")?.unwrap_or(false);
        if let Some(name) = OF_CONFIRMATION.iter().find(|name| !confirm && form.get(name).is_some()) {
            let message = format!(
                "The parameter `{name}` cannot be passed when creating a PaymentIntent unless `confirm` is set to true."
            );
            return Err(StripeError::invalid(message).param(name));
        }
        let off_session = form.boolean("off_session")?.unwrap_or(false);
        let payment_method = match form.text("payment_method")? {
            Some(name) => Some((charge_result_of(&name)?, name)),
            None => None,
        };
        // Charges are always captured immediately. Newer API versions call this `automatic_async`.
        form.choice("capture_method", &["automatic", "automatic_async"])?;
        form.ignore_parameters(&IGNORED_PARAMETERS);
        let command = Self {
            amount,
            currency,
            payment_method: payment_method
                .map(|(charge_result, name)| (name, ChargeAttempt { charge_result, off_session })),
            confirm,
            automatic_payment_methods: automatic_payment_methods(&mut form)?,
            metadata: metadata(&mut form)?,
            description: form.text("description")?,
            transfer_group: form.text("transfer_group")?,
            return_url: form.text("return_url")?,
            use_stripe_sdk: form.boolean("use_stripe_sdk")?.unwrap_or(false),
            expand: expand(&mut form, "latest_charge")?,
        };
        form.finish()?;
        if command.confirm && command.payment_method.is_none() {
            return Err(no_payment_method());
        }
        let may_redirect = command.automatic_payment_methods == Some(AllowRedirects::Always);
        if command.confirm && may_redirect && command.return_url.is_none() {
            return Err(no_return_url());
        }
        Ok(command)
    }

    pub(super) fn execute(self, context: &mut Context<'_>) -> Outcome {
        let (confirm, expand, method) = (self.confirm, self.expand, self.payment_method.clone());
        let intent = self.into_intent(context);
        if let (true, Some((payment_method, charge_attempt))) = (confirm, method) {
            return context.charge(intent, &payment_method, charge_attempt, expand);
        }
        let body = stripe_json::payment_intent(&intent, expand);
        Outcome { commit: Commit { intent: Some(intent), ..Commit::default() }, result: Ok(body) }
    }

    fn into_intent(self, context: &mut Context<'_>) -> PaymentIntent {
        let id = context.new_id("pi");
        let (secret, now) = (context.rng.u64(..), context.now);
        let payment_method = self.payment_method.map(|(name, _)| name);
        PaymentIntent {
            client_secret: format!("{id}_secret_{secret:016x}"),
            id,
            amount: self.amount,
            currency: self.currency,
            status: match payment_method {
                Some(_) => IntentStatus::RequiresConfirmation,
                None => IntentStatus::RequiresPaymentMethod,
            },
            payment_method,
            metadata: self.metadata,
            description: self.description,
            transfer_group: self.transfer_group,
            return_url: self.return_url,
            use_stripe_sdk: self.use_stripe_sdk,
            automatic_payment_methods: self.automatic_payment_methods,
            authentication_failed: None,
            created: now,
            updated: now,
            canceled_at: None,
            cancellation_reason: None,
            idempotency_key: context.idempotency_key.map(str::to_owned),
            charges: Vec::new(),
        }
    }
}

/// Parses the selection of payment methods. Since version 2023-08-16 they are selected automatically by default.
fn automatic_payment_methods(form: &mut Form) -> Result<Option<AllowRedirects>, StripeError> {
    let has_types = !form.list("payment_method_types").is_empty();
    let enabled = form.boolean("automatic_payment_methods[enabled]")?;
    let allow_redirects = form.choice("automatic_payment_methods[allow_redirects]", &["always", "never"])?;
    match enabled {
        None if allow_redirects.is_some() => {
            Err(StripeError::missing_param("automatic_payment_methods[enabled]"))
        }
        Some(true) if has_types => Err(StripeError::invalid(
            "You may only specify one of these parameters: automatic_payment_methods, payment_method_types.",
        )),
        None | Some(true) if !has_types => Ok(Some(match allow_redirects.as_deref() {
            Some("never") => AllowRedirects::Never,
            _ => AllowRedirects::Always,
        })),
        _ => Ok(None),
    }
}

fn amount(text: &str, currency: &str) -> Result<i64, StripeError> {
    let invalid_amount =
        |code: &str, message: String| StripeError::invalid(message).code(code).param("amount");
    let invalid = |_| invalid_amount("parameter_invalid_integer", format!("Invalid integer: {text}"));
    let amount: i64 = text.parse().map_err(invalid)?;
    if amount < 1 {
        let message = "This value must be greater than or equal to 1.".to_owned();
        return Err(invalid_amount("parameter_invalid_integer", message));
    }
    if amount < min_amount(currency) {
        let message = format!("Amount must be at least {} {currency} in minor units", min_amount(currency));
        return Err(invalid_amount("amount_too_small", message));
    }
    if amount > max_amount(currency) {
        let message =
            format!("Amount must be no more than {} {currency} in minor units", max_amount(currency));
        return Err(invalid_amount("amount_too_large", message));
    }
    Ok(amount)
}

/// Minimum charge amount (<https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts>).
fn min_amount(currency: &str) -> i64 {
    match currency {
        "aud" | "brl" | "cad" | "chf" | "eur" | "idr" | "ils" | "inr" | "jpy" | "krw" | "nzd" | "php"
        | "sgd" | "usd" | "zar" => 50,
        "gbp" => 30,
        "aed" | "myr" | "pln" | "ron" => 200,
        "dkk" => 250,
        "nok" | "sek" => 300,
        "hkd" => 400,
        "mxn" | "thb" => 1_000,
        "czk" => 1_500,
        "huf" => 17_500,
        _ => 1,
    }
}

/// Maximum charge amount with any payment method, from the same page.
fn max_amount(currency: &str) -> i64 {
    match currency {
        "idr" => 999_999_999_999,
        "inr" => 999_999_999,
        _ => 99_999_999,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_error(encoded: &str) -> serde_json::Value {
        let error = CreateIntent::parse(Form::parse(encoded).unwrap()).err().unwrap();
        assert!(!error.is_executed());
        error.body()["error"].clone()
    }

    #[test]
    fn invalid_parameters_are_refused_with_code_and_param() {
        for (encoded, code, param) in [
            ("currency=eur", "parameter_missing", "amount"),
            ("amount=100", "parameter_missing", "currency"),
            ("amount=1.5&currency=eur", "parameter_invalid_integer", "amount"),
            ("amount=0&currency=eur", "parameter_invalid_integer", "amount"),
            ("amount=49&currency=eur", "amount_too_small", "amount"),
            ("amount=100000000&currency=eur", "amount_too_large", "amount"),
            ("amount=1000000000000&currency=idr", "amount_too_large", "amount"),
            ("amount=999&currency=thb", "amount_too_small", "amount"),
            ("amount=100&currency=eur&payment_method=pm_unknown", "resource_missing", "payment_method"),
            ("amount=100&currency=eur&amuont=1", "parameter_unknown", "amuont"),
        ] {
            let error = parse_error(encoded);
            assert_eq!((&error["code"], &error["param"]), (&code.into(), &param.into()), "{encoded}");
        }
        assert_eq!(parse_error("amount=100&currency=eur&expand[]=customer")["param"], "expand");
        assert_eq!(parse_error("amount=100&currency=euro")["param"], "currency");
        let unconfirmed = parse_error("amount=100&currency=eur&off_session=true");
        assert_eq!(unconfirmed["param"], "off_session");
        let no_switch =
            parse_error("amount=100&currency=eur&automatic_payment_methods[allow_redirects]=never");
        assert_eq!(no_switch["param"], "automatic_payment_methods[enabled]");
        assert_eq!(parse_error("amount=100&currency=eur&capture_method=manual")["param"], "capture_method");
        assert_eq!(
            parse_error("amount=100&currency=eur&confirm=true")["code"],
            "payment_intent_unexpected_state"
        );
        let long = format!("amount=100&currency=eur&metadata[note]={}", "x".repeat(501));
        assert_eq!(parse_error(&long)["param"], "metadata[note]");
    }
}
