//! E-mail about a paid order.

use shared::domain::order::Order;

use crate::email::EmailContent;
use crate::locale::Locale;
use crate::templates::items;

pub(super) fn content(order: &Order, locale: Locale) -> EmailContent {
    EmailContent {
        kind: "order-confirmed",
        subject: "Your order is confirmed".to_owned(),
        heading: "Thank you for your order".to_owned(),
        paragraphs: vec!["Your payment went through and the seller is preparing your order.".to_owned()],
        items: items(order, locale),
        total: Some(locale.money(order.total)),
        ..EmailContent::default()
    }
}
