//! E-mail about an order that was not paid in time.

use crate::email::EmailContent;

pub(super) fn content() -> EmailContent {
    EmailContent {
        kind: "order-expired",
        subject: "Your order has expired".to_owned(),
        heading: "Your order has expired".to_owned(),
        paragraphs: vec![
            "We did not receive your payment in time, so the products are for sale again. \
             You have not been charged."
                .to_owned(),
            "If a payment still comes through, it will be refunded automatically.".to_owned(),
        ],
        ..EmailContent::default()
    }
}
