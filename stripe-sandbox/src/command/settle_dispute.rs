//! Ends and turns of disputes: `POST /v1/disputes/{id}/close`
//! (<https://docs.stripe.com/api/disputes/close>), and `POST /sandbox/disputes/{id}/win`, `lose`, `withdraw` and
//! `escalate`, which banks and customers decide.

use super::{Context, Outcome};
use crate::dispute::{Dispute, DisputeStatus};
use crate::error::StripeError;
use crate::form::Form;

/// Decision about a dispute.
pub(crate) struct SettleDispute {
    id: String,
    decision: Decision,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// The bank decides for the platform.
    Win,
    /// The bank decides for the customer.
    Lose,
    /// The customer withdraws the dispute.
    Withdraw,
    /// The customer turns an inquiry into a chargeback.
    Escalate,
    /// The platform accepts the dispute.
    Accept,
}

impl SettleDispute {
    pub(crate) fn parse(id: String, decision: &str, form: Form) -> Result<Self, StripeError> {
        form.finish()?;
        let decision = match decision {
            "win" => Decision::Win,
            "lose" => Decision::Lose,
            "withdraw" => Decision::Withdraw,
            "escalate" => Decision::Escalate,
            _ => {
                let message = "Invalid decision: must be one of win, lose, withdraw, escalate";
                return Err(StripeError::invalid(message));
            }
        };
        Ok(Self { id, decision })
    }

    /// The platform accepts the dispute.
    pub(crate) fn accept(id: String, form: Form) -> Result<Self, StripeError> {
        form.finish()?;
        Ok(Self { id, decision: Decision::Accept })
    }

    pub(super) fn execute(self, context: &mut Context<'_>) -> Result<Outcome, StripeError> {
        let dispute = context.dispute(&self.id)?;
        settle(dispute, self.decision, &[], context)
    }
}

/// Settles a dispute. The events of these types precede those of the decision.
pub(super) fn settle(
    mut dispute: Dispute,
    decision: Decision,
    preceding: &[&'static str],
    context: &mut Context<'_>,
) -> Result<Outcome, StripeError> {
    let status = dispute.status;
    let is_reviewed = status == DisputeStatus::UnderReview;
    let (adjustment, kinds): (_, &[&str]) = match decision {
        Decision::Withdraw | Decision::Accept if status.is_open_inquiry() => {
            dispute.status = DisputeStatus::WarningClosed;
            (None, &["charge.dispute.closed"])
        }
        Decision::Escalate if status.is_open_inquiry() => {
            let kinds = &["charge.dispute.updated", "charge.dispute.funds_withdrawn"];
            (Some(context.withdraw_funds(&mut dispute)), kinds)
        }
        Decision::Win | Decision::Withdraw if status.is_open_chargeback() => {
            let kinds = &["charge.dispute.funds_reinstated", "charge.dispute.closed"];
            (Some(context.reinstate_funds(&mut dispute)), kinds)
        }
        Decision::Lose | Decision::Accept
            if status.is_open_chargeback() && !(is_reviewed && decision == Decision::Accept) =>
        {
            dispute.status = DisputeStatus::Lost;
            dispute.is_charge_refundable = context.is_refundable_without(&dispute);
            (None, &["charge.dispute.closed"])
        }
        _ => {
            let message =
                format!("This dispute has the status {}, so this is not possible.", status.as_str());
            return Err(StripeError::invalid(message).executed());
        }
    };
    let kinds: Vec<_> = preceding.iter().chain(kinds).copied().collect();
    Ok(context.changed_dispute(dispute, adjustment, &kinds))
}

impl Context<'_> {
    pub(super) fn dispute(&self, id: &str) -> Result<Dispute, StripeError> {
        let dispute = self.store.disputes.get(id).cloned();
        dispute.ok_or_else(|| StripeError::missing("dispute", id, "id").executed())
    }

    /// Returns true if a part of the charge can be refunded after this dispute is lost.
    fn is_refundable_without(&self, lost: &Dispute) -> bool {
        let captured = self.store.intent(&lost.payment_intent).and_then(|intent| intent.captured_charge());
        let before = self.store.lost_amount(&lost.charge);
        captured.is_some_and(|charge| charge.refundable() > before.saturating_add(lost.amount))
    }
}
