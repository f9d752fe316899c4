//! `POST /v1/refunds`, see <https://docs.stripe.com/api/refunds/create>.

use std::collections::BTreeMap;

use super::{Commit, Context, Movement, Outcome, expand, metadata, positive};
use crate::balance::TransactionType;
use crate::dispute::DisputeStatus;
use crate::error::StripeError;
use crate::form::Form;
use crate::intent::{Charge, PaymentIntent};
use crate::refund::Refund;
use crate::store::PaymentStore;
use crate::stripe_json;
use crate::test_cards;

const REASONS: [&str; 3] = ["duplicate", "fraudulent", "requested_by_customer"];

/// Refunds an intent in full or in part.
pub(crate) struct CreateRefund {
    of: RefundTarget,
    amount: Option<i64>,
    reason: Option<String>,
    metadata: BTreeMap<String, String>,
}

enum RefundTarget {
    Intent(String),
    Charge(String),
}

impl CreateRefund {
    pub(crate) fn parse(mut form: Form) -> Result<Self, StripeError> {
        let of = match (form.text("payment_intent")?, form.text("charge")?) {
            (Some(intent), None) => RefundTarget::Intent(intent),
            (None, Some(charge)) => RefundTarget::Charge(charge),
            (None, None) => {
                let message = "One of the following params should be provided for this request: payment_intent or charge.";
                return Err(StripeError::invalid(message).code("parameter_missing"));
            }
            (Some(_), Some(_)) => {
                let message = "You may only specify one of these parameters: charge, payment_intent.";
                return Err(StripeError::invalid(message));
            }
        };
        let amount = positive(&mut form, "amount")?;
        let reason = form.choice("reason", &REASONS)?;
        let metadata = metadata(&mut form)?;
        expand(&mut form, "")?;
        form.finish()?;
        Ok(Self { of, amount, reason, metadata })
    }

    pub(super) fn execute(self, context: &mut Context<'_>) -> Result<Outcome, StripeError> {
        let (intent, charge) = self.charge(context)?;
        let amount = checked_amount(self.amount, &charge, context.store)?;
        let (status, settles_as) = test_cards::refund_result(&charge.payment_method);
        let id = context.new_id("re");
        let movement = Movement { amount: -amount, currency: &intent.currency, source: &id };
        let transaction = context.transaction(TransactionType::Refund, &movement);
        let refund = Refund {
            status,
            settles_as,
            id,
            payment_intent: intent.id.clone(),
            charge: charge.id.clone(),
            order_id: intent.order_id().map(str::to_owned),
            amount,
            currency: intent.currency.clone(),
            reason: self.reason,
            balance_transaction: Some(transaction.id.clone()),
            failure_balance_transaction: None,
            metadata: self.metadata,
            idempotency_key: context.idempotency_key.map(str::to_owned),
            created: context.now,
        };
        let intent = intent.with_refund(amount, context.now);
        let refunded = intent.captured_charge().map(|charge| stripe_json::charge(charge, &intent));
        let event = refunded.map(|charge| context.event("charge.refunded", &charge));
        let object = stripe_json::refund(&refund, None);
        let more_events = vec![context.event("refund.created", &object)];
        let (intent, refund, transactions) = (Some(intent), Some(refund), vec![transaction]);
        let mut commit = Commit { intent, refund, transactions, event, more_events, ..Commit::default() };
        if amount == charge.refundable() {
            commit = close_inquiries(commit, &charge.id, context);
        }
        Ok(Outcome { commit, result: Ok(object) })
    }

    /// Captured charge and its intent.
    fn charge(&self, context: &Context<'_>) -> Result<(PaymentIntent, Charge), StripeError> {
        let intent = match &self.of {
            RefundTarget::Intent(id) => {
                context.store.intent(id).ok_or_else(|| no_such("payment_intent", id))?
            }
            RefundTarget::Charge(id) => {
                context.store.intent_of_charge(id).ok_or_else(|| no_such("charge", id))?
            }
        };
        let captured = intent.captured_charge().filter(|charge| match &self.of {
            RefundTarget::Intent(_) => true,
            RefundTarget::Charge(id) => charge.id == *id,
        });
        let captured = captured.cloned().ok_or_else(|| {
            let message =
                format!("This PaymentIntent ({}) does not have a successful charge to refund.", intent.id);
            StripeError::invalid(message).code("payment_intent_unexpected_state").executed()
        })?;
        Ok((intent.clone(), captured))
    }
}

/// Error 404 for an id in the parameters. It names the parameter.
fn no_such(kind: &str, id: &str) -> StripeError {
    StripeError::missing(kind, id, kind).executed()
}

/// Closes the inquiries about a charge that was refunded in full: they cannot become chargebacks any more
/// (<https://docs.stripe.com/disputes/how-disputes-work#inquiries>).
fn close_inquiries(commit: Commit, charge: &str, context: &mut Context<'_>) -> Commit {
    let inquiries = context.store.disputes_of(charge).filter(|dispute| dispute.status.is_open_inquiry());
    let inquiries: Vec<_> = inquiries.cloned().collect();
    inquiries.into_iter().fold(commit, |commit, mut inquiry| {
        inquiry.status = DisputeStatus::WarningClosed;
        commit.followed_by(context.changed_dispute(inquiry, None, &["charge.dispute.closed"]).commit)
    })
}

/// Amount to refund: the requested amount, or by default everything that is refundable. It must not exceed
/// the refundable amount. Nothing is refundable while funds of the charge are withdrawn, and no funds that were
/// lost (<https://docs.stripe.com/error-codes#charge-disputed>).
fn checked_amount(amount: Option<i64>, charge: &Charge, store: &PaymentStore) -> Result<i64, StripeError> {
    if charge.refundable() == 0 {
        let message = format!("Charge {} has already been refunded.", charge.id);
        return Err(StripeError::invalid(message).code("charge_already_refunded").executed());
    }
    let left = charge.refundable().saturating_sub(store.lost_amount(&charge.id));
    if left <= 0 || store.disputes_of(&charge.id).any(|dispute| dispute.status.is_open_chargeback()) {
        let message = format!("Charge {} has been charged back; cannot issue a refund.", charge.id);
        return Err(StripeError::invalid(message).code("charge_disputed").executed());
    }
    let amount = amount.unwrap_or(left);
    if amount > left {
        let message =
            format!("Refund amount ({amount}) is greater than unrefunded amount on charge ({left})");
        return Err(StripeError::invalid(message).code("amount_too_large").param("amount").executed());
    }
    Ok(amount)
}
