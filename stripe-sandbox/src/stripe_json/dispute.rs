//! Disputes.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Expand, balance, payment_intent};
use crate::dispute::Dispute;
use crate::intent::PaymentIntent;

/// Parts of the evidence (<https://docs.stripe.com/api/disputes/evidence_object>).
pub(crate) const EVIDENCE: [&str; 27] = [
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
];

/// JSON of a dispute (<https://docs.stripe.com/api/disputes/object>). `intent` is its payment intent, if it is
/// expanded.
pub(crate) fn dispute(dispute: &Dispute, intent: Option<&PaymentIntent>, now: Timestamp) -> Value {
    let payment_intent = match intent {
        Some(intent) => payment_intent(intent, Expand::default()),
        None => json!(dispute.payment_intent),
    };
    let transactions: Vec<_> =
        dispute.balance_transactions.iter().map(|found| balance::transaction(found, now, None)).collect();
    let evidence: Map<_, _> =
        EVIDENCE.iter().map(|name| ((*name).to_owned(), json!(dispute.evidence.get(*name)))).collect();
    json!({
        "id": dispute.id,
        "object": "dispute",
        "amount": dispute.amount,
        "balance_transactions": transactions,
        "charge": dispute.charge,
        "created": dispute.created.as_second(),
        "currency": dispute.currency,
        "evidence": evidence,
        "evidence_details": {
            "due_by": dispute.due_by().as_second(),
            "has_evidence": !dispute.evidence.is_empty(),
            "past_due": dispute.due_by() < now,
            "submission_count": dispute.submission_count,
        },
        "is_charge_refundable": dispute.is_charge_refundable,
        "livemode": false,
        "metadata": dispute.metadata,
        "payment_intent": payment_intent,
        "reason": dispute.reason,
        "status": dispute.status,
    })
}
