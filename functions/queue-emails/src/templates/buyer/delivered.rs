//! E-mail about a delivered order.

use shared::domain::order::{Order, OrderStatus};

use crate::email::{EmailContent, Fact};
use crate::locale::Locale;
use crate::skip_reason::SkipReason;
use crate::templates::transition;

pub(super) fn content(order: &Order, locale: Locale) -> Result<EmailContent, SkipReason> {
    let delivery = transition(order, OrderStatus::Delivered)?;
    Ok(EmailContent {
        kind: "order-delivered",
        subject: "Your order has been delivered".to_owned(),
        heading: "Your order has been delivered".to_owned(),
        paragraphs: vec![
            "The seller has marked your order as delivered. If something is missing, please contact the \
             seller."
                .to_owned(),
        ],
        facts: vec![Fact::new("Delivered", locale.time(delivery.at))],
        ..EmailContent::default()
    })
}
