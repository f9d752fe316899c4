//! JSON representation of Stripe's objects (<https://docs.stripe.com/api/payment_intents/object> and others).

pub(super) mod balance;
pub(super) mod connect;
pub(super) mod dispute;
pub(super) mod payout;
pub(super) mod source;
pub(super) mod transfer;

use serde_json::{Map, Value, json};

use super::intent::{Charge, ChargeFailure, IntentStatus, PaymentIntent};
use super::refund::{Refund, RefundStatus};
use crate::test_cards;

/// Emulated version of Stripe's API.
pub(super) const API_VERSION: &str = "2024-06-20";

/// Members of an intent that are always null here.
const INTENT_NULLS: [&str; 13] = [
    "application",
    "application_fee_amount",
    "customer",
    "on_behalf_of",
    "processing",
    "receipt_email",
    "review",
    "setup_future_usage",
    "shipping",
    "source",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_data",
];

/// Expansion of the latest charge, which is otherwise represented by its id
/// (<https://docs.stripe.com/api/expanding_objects>).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Expand {
    pub(super) latest_charge: bool,
}

pub(super) fn payment_intent(intent: &PaymentIntent, expand: Expand) -> Value {
    let received = intent.captured_charge().map_or(0, |charge| charge.amount_captured);
    let latest_charge = intent
        .latest_charge()
        .map(|latest| if expand.latest_charge { charge(latest, intent) } else { json!(latest.id) });
    let mut object = json!({
        "id": intent.id,
        "object": "payment_intent",
        "amount": intent.amount,
        "amount_capturable": 0,
        "amount_details": { "tip": {} },
        "amount_received": received,
        "automatic_payment_methods": intent
            .automatic_payment_methods
            .map(|allow_redirects| json!({ "enabled": true, "allow_redirects": allow_redirects })),
        "canceled_at": intent.canceled_at.map(jiff::Timestamp::as_second),
        "cancellation_reason": intent.cancellation_reason,
        "capture_method": "automatic",
        "client_secret": intent.client_secret,
        "confirmation_method": "automatic",
        "created": intent.created.as_second(),
        "currency": intent.currency,
        "description": intent.description,
        "last_payment_error": last_payment_error(intent),
        "latest_charge": latest_charge,
        "livemode": false,
        "metadata": intent.metadata,
        "next_action": next_action(intent),
        "payment_method": intent.payment_method,
        "payment_method_options": { "card": { "request_three_d_secure": "automatic" } },
        "payment_method_types": ["card"],
        "status": intent.status,
        "transfer_group": intent.transfer_group,
    });
    add_nulls(&mut object, &INTENT_NULLS);
    object
}

fn add_nulls(object: &mut Value, names: &[&str]) {
    if let Some(members) = object.as_object_mut() {
        members.extend(names.iter().map(|name| ((*name).to_owned(), Value::Null)));
    }
}

fn next_action(intent: &PaymentIntent) -> Option<Value> {
    if intent.status != IntentStatus::RequiresAction {
        return None;
    }
    let Some(return_url) = intent.return_url.as_ref().filter(|_| !intent.use_stripe_sdk) else {
        return Some(
            json!({ "type": "use_stripe_sdk", "use_stripe_sdk": { "type": "three_d_secure_redirect" } }),
        );
    };
    // The sandbox acts as the bank: its own endpoint completes the authentication.
    let url = format!("/sandbox/payment_intents/{}/pay", intent.id);
    Some(json!({ "type": "redirect_to_url", "redirect_to_url": { "return_url": return_url, "url": url } }))
}

/// Error of the last attempt to pay, used in `last_payment_error` and in responses with status 402. `None` if
/// the payment has continued since.
pub(super) fn last_payment_error(intent: &PaymentIntent) -> Option<Value> {
    if let Some(method) = intent.failed_authentication() {
        return Some(json!({
            "type": "invalid_request_error",
            "code": "payment_intent_authentication_failure",
            "doc_url": "https://stripe.com/docs/error-codes/payment-intent-authentication-failure",
            "message": "The provided PaymentMethod has failed authentication. You can provide payment_method_data \
                        or a new PaymentMethod to attempt to fulfill this PaymentIntent again.",
            "payment_method": payment_method(method),
        }));
    }
    intent.last_failure().map(|(charge, failure)| payment_error(charge, failure))
}

/// Card error of a failed charge.
fn payment_error(charge: &Charge, failure: &ChargeFailure) -> Value {
    let mut error = Map::new();
    error.insert("type".to_owned(), json!("card_error"));
    error.insert("charge".to_owned(), json!(charge.id));
    error.insert("code".to_owned(), json!(failure.code));
    if let Some(decline_code) = &failure.decline_code {
        error.insert("decline_code".to_owned(), json!(decline_code));
    }
    let page = failure.code.replace('_', "-");
    error.insert("doc_url".to_owned(), json!(format!("https://stripe.com/docs/error-codes/{page}")));
    error.insert("message".to_owned(), json!(failure.message));
    error.insert("payment_method".to_owned(), payment_method(&charge.payment_method));
    Value::Object(error)
}

fn payment_method(id: &str) -> Value {
    json!({
        "id": id,
        "object": "payment_method",
        "card": card(id),
        "customer": null,
        "livemode": false,
        "metadata": {},
        "type": "card",
    })
}

fn card(payment_method: &str) -> Value {
    json!({ "brand": test_cards::brand(payment_method), "country": "US", "funding": "credit", "last4": "4242" })
}

pub(super) fn charge(charge: &Charge, intent: &PaymentIntent) -> Value {
    let succeeded = charge.failure.is_none();
    json!({
        "id": charge.id,
        "object": "charge",
        "amount": charge.amount,
        "amount_captured": charge.amount_captured,
        "amount_refunded": charge.amount_refunded,
        "balance_transaction": charge.balance_transaction,
        "captured": succeeded,
        "created": charge.created.as_second(),
        "currency": charge.currency,
        "customer": null,
        "description": null,
        "disputed": charge.disputed,
        "failure_code": charge.failure.as_ref().map(|failure| &failure.code),
        "failure_message": charge.failure.as_ref().map(|failure| &failure.message),
        "livemode": false,
        "metadata": charge.metadata,
        "outcome": outcome(charge),
        "paid": succeeded,
        "payment_intent": intent.id,
        "payment_method": charge.payment_method,
        "payment_method_details": { "card": card(&charge.payment_method), "type": "card" },
        "receipt_url": null,
        "refunded": succeeded && charge.refundable() == 0,
        "status": if succeeded { "succeeded" } else { "failed" },
        "transfer_group": intent.transfer_group,
    })
}

fn outcome(charge: &Charge) -> Value {
    match &charge.failure {
        None => json!({
            "network_status": "approved_by_network",
            "reason": null,
            "seller_message": "Payment complete.",
            "type": "authorized",
        }),
        Some(failure) => json!({
            "network_status": "declined_by_network",
            "reason": failure.decline_code.as_ref().unwrap_or(&failure.code),
            "seller_message": "The bank did not approve the payment.",
            "type": "issuer_declined",
        }),
    }
}

/// JSON of a refund. `intent` is its payment intent, if it is expanded.
pub(super) fn refund(refund: &Refund, intent: Option<&PaymentIntent>) -> Value {
    let payment_intent = match intent {
        Some(intent) => payment_intent(intent, Expand::default()),
        None => json!(refund.payment_intent),
    };
    let mut object = json!({
        "id": refund.id,
        "object": "refund",
        "amount": refund.amount,
        "balance_transaction": refund.balance_transaction,
        "charge": refund.charge,
        "created": refund.created.as_second(),
        "currency": refund.currency,
        "metadata": refund.metadata,
        "payment_intent": payment_intent,
        "reason": refund.reason,
        "receipt_number": null,
        "source_transfer_reversal": null,
        "status": refund.status,
        "transfer_reversal": null,
    });
    if refund.status == RefundStatus::Failed
        && let Some(members) = object.as_object_mut()
    {
        let returned = json!(refund.failure_balance_transaction);
        members.insert("failure_balance_transaction".to_owned(), returned);
        members.insert("failure_reason".to_owned(), json!(refund.failure_reason()));
    }
    object
}

/// Page of a list (<https://docs.stripe.com/api/pagination>).
pub(super) fn list(url: &str, data: &[Value], has_more: bool) -> Value {
    json!({ "object": "list", "url": url, "has_more": has_more, "data": data })
}
