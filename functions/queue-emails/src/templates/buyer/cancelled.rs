//! E-mail about a cancelled order.

use shared::domain::order::{Order, OrderStatus, Party};

use crate::email::{EmailContent, Fact};
use crate::locale::Locale;
use crate::skip_reason::SkipReason;
use crate::templates::{reason, transition};

pub(super) fn content(order: &Order, locale: Locale) -> Result<EmailContent, SkipReason> {
    let cancellation = transition(order, OrderStatus::Cancelled)?;
    let by = match cancellation.by {
        Party::Buyer => "You cancelled the order.",
        Party::Seller => "The seller cancelled the order.",
        Party::System => "The order was cancelled.",
    };
    let payment = if order.is_free() {
        "No payment was needed, so there is nothing to refund."
    } else if transition(order, OrderStatus::Confirmed).is_ok() {
        "Your payment is being refunded; you will get another e-mail when it is done."
    } else {
        "If your payment went through in the meantime, it will be refunded automatically."
    };
    let at = Fact::new("Cancelled", locale.time(cancellation.at));
    Ok(EmailContent {
        kind: "order-cancelled",
        subject: "Your order is cancelled".to_owned(),
        heading: "Your order is cancelled".to_owned(),
        paragraphs: vec![by.to_owned(), payment.to_owned()],
        facts: [at].into_iter().chain(reason(order, cancellation)).collect(),
        ..EmailContent::default()
    })
}
