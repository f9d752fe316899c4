//! E-mail about a new confirmed order.

use shared::domain::order::{Order, OrderStatus};

use crate::email::{EmailContent, Fact};
use crate::locale::Locale;
use crate::skip_reason::SkipReason;
use crate::templates::{items, taxes, transition};

/// Composes the e-mail, unless the order has been cancelled or shipped since.
pub(super) fn content(order: &Order, locale: Locale) -> Result<EmailContent, SkipReason> {
    if order.status != OrderStatus::Confirmed {
        return Err(SkipReason::StateChanged);
    }
    let confirmation = transition(order, OrderStatus::Confirmed)?;
    let payment = if order.is_free() { "No payment is needed." } else { "The order is paid." };
    Ok(EmailContent {
        kind: "new-order",
        subject: "You have a new order".to_owned(),
        heading: "You have a new order".to_owned(),
        paragraphs: vec![format!("{payment} Please ship it.")],
        facts: vec![Fact::new("Confirmed", locale.time(confirmation.at))],
        items: items(order, locale),
        taxes: taxes(order, locale),
        total: Some(locale.money(order.total())),
        ..EmailContent::default()
    })
}
