//! E-mail about a refund that the payment provider refused, or that the bank of the buyer returned.

use shared::domain::order::Order;
use shared::domain::order::payment::refund::{Refund, RefundStatus};

use crate::email::{EmailContent, Fact};
use crate::locale::Locale;
use crate::skip_reason::SkipReason;

/// Composes the e-mail. It lists all failed refunds of the order, because the event does not contain the
/// number of the refund.
pub(super) fn content(order: &Order, locale: Locale) -> Result<EmailContent, SkipReason> {
    let failed: Vec<&Refund> =
        order.refunds.iter().filter(|refund| refund.status == RefundStatus::Failed).collect();
    if failed.is_empty() {
        return Err(SkipReason::StateChanged);
    }
    let facts = failed.into_iter().map(|refund| {
        let code = refund.failure.as_ref().map_or_else(String::new, |code| format!(" ({})", code.as_str()));
        Fact::new("Failed refund", format!("{}{code}", locale.money(refund.amount)))
    });
    Ok(EmailContent {
        kind: "refund-failed",
        subject: "A refund could not be made".to_owned(),
        heading: "A refund could not be made".to_owned(),
        paragraphs: vec![
            "The payment provider refused a refund of this order, or the bank of the buyer returned it, so \
             the buyer has not received the money. You can request the refund again, or agree with the \
             buyer on another way."
                .to_owned(),
        ],
        facts: facts.collect(),
        ..EmailContent::default()
    })
}
