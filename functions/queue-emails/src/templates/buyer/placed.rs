//! E-mail about a new order.

use shared::domain::order::{Order, OrderStatus};

use crate::email::{EmailContent, Fact};
use crate::locale::Locale;
use crate::templates::{items, taxes};

pub(super) fn content(order: &Order, locale: Locale) -> EmailContent {
    // A late e-mail does not announce what has already happened.
    let is_open = matches!(order.status, OrderStatus::Pending | OrderStatus::AwaitingPayment);
    let next = if order.is_free() {
        "We are now reserving the products; no payment is needed. You will get another e-mail when the order \
         is confirmed."
    } else if order.payment_method.is_some() {
        "We are now reserving the products and charging your payment method. You will get another e-mail \
         when the order is confirmed."
    } else {
        "Please complete the payment. You will get another e-mail when we have received it; without a \
         payment, the order expires."
    };
    EmailContent {
        kind: "order-received",
        subject: "We received your order".to_owned(),
        heading: "We received your order".to_owned(),
        paragraphs: is_open.then(|| next.to_owned()).into_iter().collect(),
        facts: vec![Fact::new("Placed", locale.time(order.created_at))],
        items: items(order, locale),
        taxes: taxes(order, locale),
        total: Some(locale.money(order.total())),
        ..EmailContent::default()
    }
}
