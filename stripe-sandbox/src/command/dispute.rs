//! Opening of disputes, and the movements of funds that they cause.
//!
//! `POST /sandbox/disputes` opens one; at Stripe, customers do this at their banks.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Context, Movement, Outcome, StoredObject, positive};
use crate::balance::{BalanceTransaction, TransactionType};
use crate::dispute::{Dispute, DisputeStatus};
use crate::error::StripeError;
use crate::form::Form;
use crate::intent::{Charge, PaymentIntent};
use crate::stripe_json::dispute;
use crate::test_cards::CardDispute;

/// Reasons of customers (<https://docs.stripe.com/api/disputes/object#dispute_object-reason>).
const REASONS: [&str; 8] = [
    "credit_not_processed",
    "duplicate",
    "fraudulent",
    "general",
    "product_not_received",
    "product_unacceptable",
    "subscription_canceled",
    "unrecognized",
];

/// Opens a dispute of a charge.
pub(crate) struct OpenDispute {
    charge: Option<String>,
    payment_intent: Option<String>,
    amount: Option<i64>,
    reason: Option<String>,
    inquiry: bool,
}

impl OpenDispute {
    pub(crate) fn parse(mut form: Form) -> Result<Self, StripeError> {
        let command = Self {
            charge: form.text("charge")?,
            payment_intent: form.text("payment_intent")?,
            amount: positive(&mut form, "amount")?,
            reason: form.choice("reason", &REASONS)?,
            inquiry: form.boolean("inquiry")?.unwrap_or(false),
        };
        form.finish()?;
        Ok(command)
    }

    pub(super) fn execute(self, context: &mut Context<'_>) -> Result<Outcome, StripeError> {
        let (mut intent, disputed) = self.charge(context)?;
        let amount = self.amount.unwrap_or(disputed.amount_captured);
        if amount > disputed.amount_captured {
            let message = format!("At most {} can be disputed.", disputed.amount_captured);
            return Err(StripeError::invalid(message).param("amount").executed());
        }
        let card =
            CardDispute { reason: self.reason.as_deref().unwrap_or("fraudulent"), inquiry: self.inquiry };
        intent = intent.with_dispute(context.now);
        let mut outcome = context.open_dispute(&intent, &disputed, amount, card);
        outcome.commit.intent = Some(intent);
        Ok(outcome)
    }

    fn charge(&self, context: &Context<'_>) -> Result<(PaymentIntent, Charge), StripeError> {
        let by_charge = self.charge.as_deref().and_then(|id| context.store.intent_of_charge(id));
        let intent =
            by_charge.or_else(|| self.payment_intent.as_deref().and_then(|id| context.store.intent(id)));
        let captured = intent.and_then(|intent| Some((intent.clone(), intent.captured_charge()?.clone())));
        captured.ok_or_else(|| {
            let message = "There is no such captured charge. Specify `charge` or `payment_intent`.";
            StripeError::invalid(message).code("resource_missing").param("charge").executed()
        })
    }
}

impl Context<'_> {
    /// Opens a dispute of a charge of `intent`. The disputed funds are withdrawn, unless it is an inquiry.
    pub(super) fn open_dispute(
        &mut self,
        intent: &PaymentIntent,
        charge: &Charge,
        amount: i64,
        card: CardDispute<'_>,
    ) -> Outcome {
        let mut opened = Dispute {
            id: self.new_id("du"),
            charge: charge.id.clone(),
            payment_intent: intent.id.clone(),
            order_id: intent.order_id().map(str::to_owned),
            amount,
            currency: charge.currency.clone(),
            status: DisputeStatus::WarningNeedsResponse,
            reason: card.reason.to_owned(),
            evidence: BTreeMap::new(),
            submission_count: 0,
            metadata: BTreeMap::new(),
            is_charge_refundable: true,
            balance_transactions: Vec::new(),
            created: self.now,
        };
        if card.inquiry {
            return self.changed_dispute(opened, None, &["charge.dispute.created"]);
        }
        let withdrawn = self.withdraw_funds(&mut opened);
        let kinds = ["charge.dispute.created", "charge.dispute.funds_withdrawn"];
        self.changed_dispute(opened, Some(withdrawn), &kinds)
    }

    /// Turns a dispute into a chargeback: withdraws its amount and charges the fee.
    pub(super) fn withdraw_funds(&mut self, dispute: &mut Dispute) -> BalanceTransaction {
        let fee = self.terms.dispute_fee.into();
        dispute.status = DisputeStatus::NeedsResponse;
        dispute.is_charge_refundable = false;
        self.adjust(dispute, -dispute.amount, fee)
    }

    /// Reinstates the amount of a dispute that was won.
    pub(super) fn reinstate_funds(&mut self, dispute: &mut Dispute) -> BalanceTransaction {
        dispute.status = DisputeStatus::Won;
        dispute.is_charge_refundable = true;
        let charged: i64 = dispute.balance_transactions.iter().map(|withdrawn| withdrawn.fee).sum();
        let fee = if self.terms.dispute_fee_returned { -charged } else { 0 };
        self.adjust(dispute, dispute.amount, fee)
    }

    fn adjust(&mut self, dispute: &mut Dispute, amount: i64, fee: i64) -> BalanceTransaction {
        let movement = Movement { amount, currency: &dispute.currency, source: &dispute.id };
        let adjustment =
            BalanceTransaction { fee, ..self.transaction(TransactionType::Adjustment, &movement) };
        dispute.balance_transactions.push(adjustment.clone());
        adjustment
    }

    /// Stores a dispute, with an event of each of these types.
    pub(super) fn changed_dispute(
        &mut self,
        changed: Dispute,
        adjustment: Option<BalanceTransaction>,
        kinds: &[&str],
    ) -> Outcome {
        let json: Value = dispute::dispute(&changed, None, self.now);
        let events: Vec<_> = kinds.iter().map(|kind| self.event(kind, &json)).collect();
        let outcome = Outcome::stored([StoredObject::Dispute(changed)], json).with_transactions(adjustment);
        events.into_iter().fold(outcome, Outcome::with_event)
    }
}
