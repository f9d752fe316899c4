//! E-mail about an order that cannot be fulfilled.

use shared::domain::order::payment::refund::Refund;
use shared::domain::order::{Order, OrderStatus};

use crate::email::EmailContent;
use crate::skip_reason::SkipReason;
use crate::templates::{reason, transition};

pub(super) fn content(order: &Order) -> Result<EmailContent, SkipReason> {
    let rejection = transition(order, OrderStatus::Rejected)?;
    let payment = if order.refunds.is_empty() {
        "You have not been charged."
    } else if order.refunds.iter().any(Refund::is_open) {
        "Your payment is being refunded."
    } else if order.refunds.iter().all(|refund| refund.status.is_unmade()) {
        "The refund of your payment has failed; the seller has been informed."
    } else {
        "Your payment has been refunded. Depending on your bank, it can take a few days until the money is \
         in your account."
    };
    Ok(EmailContent {
        kind: "order-rejected",
        subject: "Your order could not be accepted".to_owned(),
        heading: "Your order could not be accepted".to_owned(),
        paragraphs: vec!["We are sorry: your order could not be fulfilled.".to_owned(), payment.to_owned()],
        facts: reason(order, rejection).into_iter().collect(),
        ..EmailContent::default()
    })
}
