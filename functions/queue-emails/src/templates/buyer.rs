//! E-mails to the buyer of an order.

mod cancelled;
mod confirmed;
mod delivered;
mod expired;
mod placed;
mod refunded;
mod rejected;
mod shipped;

use shared::domain::order::Order;

use crate::EmailEvent;
use crate::email::EmailContent;
use crate::locale::Locale;
use crate::skip_reason::SkipReason;

/// Composes the e-mail about an event.
pub(crate) fn content(event: &EmailEvent, order: &Order, locale: Locale) -> Result<EmailContent, SkipReason> {
    let content = match event {
        EmailEvent::OrderCreated(_) => placed::content(order, locale),
        EmailEvent::OrderConfirmed(_) => confirmed::content(order, locale)?,
        EmailEvent::OrderRejected(_) => rejected::content(order)?,
        EmailEvent::OrderCancelled(_) => cancelled::content(order, locale)?,
        EmailEvent::OrderExpired(_) => expired::content(),
        EmailEvent::OrderShipped(_) => shipped::content(order)?,
        EmailEvent::OrderDelivered(_) => delivered::content(order, locale)?,
        EmailEvent::OrderRefunded(_) => refunded::content(order, locale)?,
        _ => return Err(SkipReason::NotEmailed),
    };
    let footnote = "You received this e-mail because an order was placed with your account.";
    Ok(EmailContent { footnote, ..content })
}
