//! `POST /v1/disputes/{id}`, see <https://docs.stripe.com/api/disputes/update>.

use std::collections::BTreeMap;

use super::settle_dispute::{Decision, settle};
use super::{Context, Outcome, metadata};
use crate::dispute::{Dispute, DisputeStatus};
use crate::error::StripeError;
use crate::form::Form;
use crate::stripe_json::dispute::EVIDENCE;

/// Maximum number of characters of the evidence.
const MAX_EVIDENCE_LENGTH: usize = 150_000;

/// Adds evidence to a dispute, and submits it.
pub(crate) struct UpdateDispute {
    id: String,
    evidence: BTreeMap<String, String>,
    submit: Option<bool>,
    metadata: BTreeMap<String, String>,
}

impl UpdateDispute {
    pub(crate) fn parse(id: String, mut form: Form) -> Result<Self, StripeError> {
        let evidence = form.map("evidence");
        if let Some(unknown) = evidence.keys().find(|name| !EVIDENCE.contains(&name.as_str())) {
            let message = format!("Received unknown parameter: evidence[{unknown}]");
            let param = format!("evidence[{unknown}]");
            return Err(StripeError::invalid(message).code("parameter_unknown").param(&param));
        }
        let submit = form.boolean("submit")?;
        let metadata = metadata(&mut form)?;
        form.finish()?;
        Ok(Self { id, evidence, submit, metadata })
    }

    pub(super) fn execute(self, context: &mut Context<'_>) -> Result<Outcome, StripeError> {
        let mut dispute = context.dispute(&self.id)?;
        dispute.metadata.extend(self.metadata);
        if self.evidence.is_empty() && self.submit != Some(true) {
            return Ok(context.changed_dispute(dispute, None, &["charge.dispute.updated"]));
        }
        check_evidence(&dispute, &self.evidence, context)?;
        dispute.evidence.extend(self.evidence);
        if self.submit == Some(false) {
            return Ok(context.changed_dispute(dispute, None, &["charge.dispute.updated"]));
        }
        submit(dispute, context)
    }
}

fn check_evidence(
    dispute: &Dispute,
    added: &BTreeMap<String, String>,
    context: &Context<'_>,
) -> Result<(), StripeError> {
    let refused = |message: String| Err(StripeError::invalid(message).executed());
    let status = dispute.status;
    if !matches!(status, DisputeStatus::NeedsResponse | DisputeStatus::WarningNeedsResponse) {
        return refused(format!(
            "Evidence cannot be added to a dispute with the status {}.",
            status.as_str()
        ));
    }
    if dispute.due_by() < context.now {
        return refused("The time to submit evidence has expired.".to_owned());
    }
    let kept = dispute.evidence.iter().filter(|(name, _)| !added.contains_key(*name));
    let length: usize = kept.chain(added).map(|(_, text)| text.chars().count()).sum();
    if length > MAX_EVIDENCE_LENGTH {
        return refused(format!("The evidence has more than {MAX_EVIDENCE_LENGTH} characters."));
    }
    Ok(())
}

/// Submits the evidence. Some texts decide the dispute (<https://docs.stripe.com/testing#evidence>).
fn submit(mut dispute: Dispute, context: &mut Context<'_>) -> Result<Outcome, StripeError> {
    let is_inquiry = dispute.status.is_open_inquiry();
    dispute.submission_count = dispute.submission_count.saturating_add(1);
    dispute.status = if is_inquiry { DisputeStatus::WarningUnderReview } else { DisputeStatus::UnderReview };
    let decision = match dispute.evidence.get("uncategorized_text").map(String::as_str) {
        Some("winning_evidence" | "losing_evidence") if is_inquiry => Decision::Withdraw,
        Some("escalate_inquiry_evidence") if is_inquiry => Decision::Escalate,
        Some("winning_evidence") => Decision::Win,
        Some("losing_evidence") => Decision::Lose,
        _ => return Ok(context.changed_dispute(dispute, None, &["charge.dispute.updated"])),
    };
    settle(dispute, decision, &["charge.dispute.updated"], context)
}
