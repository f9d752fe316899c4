//! E-mail about a confirmed order.

use shared::domain::order::{Order, OrderStatus};

use crate::email::EmailContent;
use crate::locale::Locale;
use crate::skip_reason::SkipReason;
use crate::templates::{items, taxes};

/// Composes the e-mail, unless the order has been cancelled or refunded since.
pub(super) fn content(order: &Order, locale: Locale) -> Result<EmailContent, SkipReason> {
    if matches!(order.status, OrderStatus::Cancelled | OrderStatus::Refunded) {
        return Err(SkipReason::StateChanged);
    }
    let payment = if order.is_free() { "No payment is needed" } else { "Your payment went through" };
    let paragraph = match order.status {
        OrderStatus::Confirmed => format!("{payment}, and the seller is preparing your order."),
        _ => format!("{payment}."),
    };
    Ok(EmailContent {
        kind: "order-confirmed",
        subject: "Your order is confirmed".to_owned(),
        heading: "Thank you for your order".to_owned(),
        paragraphs: vec![paragraph],
        items: items(order, locale),
        taxes: taxes(order, locale),
        total: Some(locale.money(order.total())),
        ..EmailContent::default()
    })
}
