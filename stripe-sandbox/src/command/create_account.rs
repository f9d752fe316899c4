//! `POST /v1/accounts`, see <https://docs.stripe.com/api/accounts/create>.

use std::collections::BTreeMap;

use super::{Context, Outcome, StoredObject, metadata};
use crate::account::{Account, Verification};
use crate::error::StripeError;
use crate::form::Form;
use crate::stripe_json::connect;

/// Parameters that Stripe supports and the sandbox ignores.
const IGNORED_PARAMETERS: [&str; 9] = [
    "business_profile",
    "business_type",
    "company",
    "default_currency",
    "external_account",
    "individual",
    "settings",
    "tos_acceptance",
    "account_token",
];

const CAPABILITIES: [&str; 2] = ["card_payments", "transfers"];

/// Country of accounts for which none is given, which is that of the platform.
const DEFAULT_COUNTRY: &str = "DE";

/// Creates a connected account.
pub(crate) struct CreateAccount {
    kind: Option<String>,
    controller: BTreeMap<String, String>,
    country: String,
    email: Option<String>,
    metadata: BTreeMap<String, String>,
    capabilities: Vec<String>,
}

impl CreateAccount {
    pub(crate) fn parse(mut form: Form) -> Result<Self, StripeError> {
        let kind = form.choice("type", &["custom", "express", "standard"])?;
        let controller = form.map("controller");
        if kind.is_some() && !controller.is_empty() {
            let message = "You may not provide the `type` parameter and `controller` parameters simultaneously. \
                           They are mutually exclusive.";
            return Err(StripeError::invalid(message));
        }
        let country = form.text("country")?.unwrap_or_else(|| DEFAULT_COUNTRY.to_owned());
        if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
            let message = format!(
                "Country '{country}' is unknown. Try using a 2-character alphanumeric country code instead."
            );
            return Err(StripeError::invalid(message).code("country_unsupported").param("country"));
        }
        let email = form.text("email")?;
        if email.as_ref().is_some_and(|email| !email.contains('@')) {
            let message = "Invalid email address.";
            return Err(StripeError::invalid(message).code("email_invalid").param("email"));
        }
        let capabilities = requested_capabilities(&mut form)?;
        form.ignore_parameters(&IGNORED_PARAMETERS);
        let metadata = metadata(&mut form)?;
        form.finish()?;
        Ok(Self { kind, controller, country, email, metadata, capabilities })
    }

    pub(super) fn execute(self, context: &mut Context<'_>) -> Outcome {
        let account = Account {
            id: context.new_id("acct"),
            kind: self.kind,
            controller: self.controller,
            country: self.country,
            email: self.email,
            metadata: self.metadata,
            capabilities: self.capabilities,
            verification: Verification::Due,
            details_submitted: false,
            currently_due: Account::initial_requirements(),
            closed: false,
            idempotency_key: context.idempotency_key.map(str::to_owned),
            created: context.now,
        };
        let json = connect::account(&account);
        Outcome::stored([StoredObject::Account(account)], json)
    }
}

fn requested_capabilities(form: &mut Form) -> Result<Vec<String>, StripeError> {
    let mut requested = Vec::new();
    for capability in CAPABILITIES {
        if form.boolean(&format!("capabilities[{capability}][requested]"))? == Some(true) {
            requested.push(capability.to_owned());
        }
    }
    Ok(requested)
}
