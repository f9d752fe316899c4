//! E-mails about orders.

use shared::domain::order::payment::refund::RefundStatus;
use shared::domain::order::{Order, Shipment};
use shared::domain::user::User;
use shared::domain::values::money::Money;

use crate::EmailEvent;
use crate::email::{Button, EmailContent, Fact, Item};
use crate::format_money::format_money;
use crate::skip_reason::SkipReason;

/// Composes the e-mail to the buyer.
pub(crate) fn compose(
    event: &EmailEvent,
    order: &Order,
    buyer: &User,
    app_url: &str,
) -> Result<EmailContent, SkipReason> {
    let content = match event {
        EmailEvent::OrderConfirmed(_) => confirmed(order),
        EmailEvent::OrderShipped(_) => shipped(order.shipment.as_ref().ok_or(SkipReason::StateChanged)?),
        EmailEvent::OrderRefunded(_) => refunded(order)?,
        EmailEvent::OrderExpired(_) => expired(),
        _ => return Err(SkipReason::NotEmailed),
    };
    let button = Button { label: "View your order", url: format!("{app_url}/orders/{}", order.id) };
    let mut facts = vec![Fact { label: "Order", value: order.id.to_string() }];
    facts.extend(content.facts);
    // The name is used only once the address is verified.
    let name = buyer.email_verified.then(|| buyer.name.as_str().to_owned());
    let footnote = "You received this e-mail because an order was placed with your account.";
    Ok(EmailContent { name, facts, button: Some(button), footnote, ..content })
}

fn confirmed(order: &Order) -> EmailContent {
    let items = order.lines.iter().map(|line| Item {
        title: line.title.as_str().to_owned(),
        quantity: line.quantity.get(),
        // The product cannot overflow: it is part of the order total, which is within bounds.
        price: line
            .unit_price
            .checked_mul(line.quantity)
            .map_or_else(|_| format_money(line.unit_price), format_money),
    });
    EmailContent {
        kind: "order-confirmed",
        subject: "Your order is confirmed".to_owned(),
        heading: "Thank you for your order".to_owned(),
        paragraphs: vec!["Your payment went through and the seller is preparing your order.".to_owned()],
        items: items.collect(),
        total: Some(format_money(order.total)),
        ..EmailContent::default()
    }
}

fn shipped(shipment: &Shipment) -> EmailContent {
    EmailContent {
        kind: "order-shipped",
        subject: "Your order is on its way".to_owned(),
        heading: "Your order is on its way".to_owned(),
        paragraphs: vec!["The seller has shipped your order.".to_owned()],
        facts: vec![
            Fact { label: "Carrier", value: shipment.carrier.as_str().to_owned() },
            Fact { label: "Tracking number", value: shipment.tracking_number.as_str().to_owned() },
        ],
        ..EmailContent::default()
    }
}

fn refunded(order: &Order) -> Result<EmailContent, SkipReason> {
    let succeeded = order.refunds.iter().filter(|refund| refund.status == RefundStatus::Succeeded);
    let zero = Money::zero(order.total.currency());
    let sum = succeeded.map(|refund| refund.amount).try_fold(zero, Money::checked_add);
    let sum = sum.map_err(|_| SkipReason::StateChanged)?;
    Ok(EmailContent {
        kind: "order-refunded",
        subject: "Your refund is on its way".to_owned(),
        heading: "Your refund is on its way".to_owned(),
        paragraphs: vec![
            "Depending on your bank, it can take a few days until the money is in your account.".to_owned(),
        ],
        facts: vec![
            Fact { label: "Refunded so far", value: format_money(sum) },
            Fact { label: "Order total", value: format_money(order.total) },
        ],
        ..EmailContent::default()
    })
}

fn expired() -> EmailContent {
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
