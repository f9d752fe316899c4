//! E-mails to the seller of an order.

mod cancelled;
mod new_order;
mod refund_failed;

use shared::domain::order::Order;
use shared::domain::user::notifications::Topic;

use crate::EmailEvent;
use crate::email::EmailContent;
use crate::locale::Locale;
use crate::skip_reason::SkipReason;

/// Topic of the e-mail about an event; `None` for a failed refund: the seller cannot turn that e-mail off,
/// because the buyer has not received the money.
pub(crate) const fn topic(event: &EmailEvent) -> Option<Topic> {
    match event {
        EmailEvent::OrderRefundFailed(_) => None,
        _ => Some(Topic::Sales),
    }
}

/// Composes the e-mail about an event.
pub(crate) fn content(event: &EmailEvent, order: &Order, locale: Locale) -> Result<EmailContent, SkipReason> {
    let content = match event {
        EmailEvent::OrderConfirmed(_) => new_order::content(order, locale)?,
        EmailEvent::OrderCancelled(_) => cancelled::content(order, locale)?,
        EmailEvent::OrderRefundFailed(_) => refund_failed::content(order, locale)?,
        _ => return Err(SkipReason::NotEmailed),
    };
    let footnote = "You received this e-mail because the order was placed in your market.";
    Ok(EmailContent { footnote, ..content })
}
