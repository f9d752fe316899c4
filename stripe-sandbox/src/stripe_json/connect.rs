//! Connected accounts and account links.

use serde_json::{Map, Value, json};

use crate::account::{Account, AccountLink, Verification};

/// JSON of a connected account (<https://docs.stripe.com/api/accounts/object>). It can accept charges only with
/// the capability `card_payments`.
pub(crate) fn account(account: &Account) -> Value {
    let status = account.capability_status();
    let capabilities: Map<_, _> =
        account.capabilities.iter().map(|name| (name.clone(), json!(status))).collect();
    json!({
        "id": account.id,
        "object": "account",
        "business_profile": null,
        "business_type": null,
        "capabilities": capabilities,
        "charges_enabled": account.has_active("card_payments"),
        "controller": controller(account),
        "country": account.country,
        "created": account.created.as_second(),
        "default_currency": null,
        "details_submitted": account.details_submitted,
        "email": account.email,
        "external_accounts": { "object": "list", "data": [], "has_more": false },
        "metadata": account.metadata,
        "payouts_enabled": account.payouts_enabled(),
        "requirements": requirements(account),
        "settings": { "payouts": { "schedule": { "interval": "daily" } } },
        "tos_acceptance": { "date": null, "ip": null, "user_agent": null },
        "type": account.kind.as_deref().unwrap_or("none"),
    })
}

fn controller(account: &Account) -> Value {
    let mut controller: Map<_, _> =
        account.controller.iter().map(|(name, value)| (name.replace("][", "."), json!(value))).collect();
    controller.insert("is_controller".to_owned(), json!(true));
    controller.insert("type".to_owned(), json!("application"));
    Value::Object(controller)
}

fn requirements(account: &Account) -> Value {
    let is_pending = account.verification == Verification::Pending;
    json!({
        "alternatives": [],
        "current_deadline": null,
        "currently_due": account.currently_due,
        "disabled_reason": account.disabled_reason(),
        "errors": [],
        "eventually_due": account.currently_due,
        "past_due": account.currently_due,
        "pending_verification": if is_pending { vec!["individual.verification.document"] } else { Vec::new() },
    })
}

/// JSON of an account link (<https://docs.stripe.com/api/account_links/object>).
pub(crate) fn account_link(link: &AccountLink, host: &str) -> Value {
    json!({
        "object": "account_link",
        "created": link.created.as_second(),
        "expires_at": link.expires_at().as_second(),
        "url": format!("http://{host}/sandbox/onboarding/{}", link.id),
    })
}
