//! E-mail about the cancellation of an order that the seller was to ship.

use shared::domain::order::{Order, OrderStatus, Party};

use crate::email::{EmailContent, Fact};
use crate::locale::Locale;
use crate::skip_reason::SkipReason;
use crate::templates::{items, reason, taxes, transition};

/// Composes the e-mail, unless the seller cancelled the order, or never got an e-mail about it because it was
/// not confirmed.
pub(super) fn content(order: &Order, locale: Locale) -> Result<EmailContent, SkipReason> {
    let cancellation = transition(order, OrderStatus::Cancelled)?;
    if cancellation.by == Party::Seller || transition(order, OrderStatus::Confirmed).is_err() {
        return Err(SkipReason::NotEmailed);
    }
    let paragraph = if order.is_free() {
        "The buyer cancelled the order. Please do not ship it: the products are for sale again."
    } else {
        "The buyer cancelled the order. Please do not ship it: the payment is being refunded, and the \
         products are then for sale again."
    };
    let at = Fact::new("Cancelled", locale.time(cancellation.at));
    Ok(EmailContent {
        kind: "sale-cancelled",
        subject: "An order was cancelled".to_owned(),
        heading: "An order was cancelled".to_owned(),
        paragraphs: vec![paragraph.to_owned()],
        facts: [at].into_iter().chain(reason(order, cancellation)).collect(),
        items: items(order, locale),
        taxes: taxes(order, locale),
        total: Some(locale.money(order.total())),
        ..EmailContent::default()
    })
}
