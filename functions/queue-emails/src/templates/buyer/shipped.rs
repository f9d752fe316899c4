//! E-mail about a shipped order.

use shared::domain::order::Order;

use crate::email::{EmailContent, Fact};
use crate::skip_reason::SkipReason;

pub(super) fn content(order: &Order) -> Result<EmailContent, SkipReason> {
    let shipment = order.shipment.as_ref().ok_or(SkipReason::StateChanged)?;
    Ok(EmailContent {
        kind: "order-shipped",
        subject: "Your order is on its way".to_owned(),
        heading: "Your order is on its way".to_owned(),
        paragraphs: vec!["The seller has shipped your order.".to_owned()],
        facts: vec![
            Fact::of_user("Carrier", shipment.carrier.as_str().to_owned()),
            Fact::of_user("Tracking number", shipment.tracking_number.as_str().to_owned()),
        ],
        ..EmailContent::default()
    })
}
