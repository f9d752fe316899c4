//! The words about orders.

use shared::domain::order::{Order, OrderEvent, Shipment};
use shared::domain::refund::RefundStatus;
use shared::domain::user::User;
use shared::domain::values::money::Money;

use crate::compose::SkipReason;
use crate::email::{Button, EmailContent, Fact, Item};
use crate::format_money::price;

/// What the buyer is to know of the event.
pub(crate) fn about(
    event: &OrderEvent,
    order: &Order,
    buyer: &User,
    app_url: &str,
) -> Result<EmailContent, SkipReason> {
    let words = match event {
        OrderEvent::Confirmed(_) => confirmed(order),
        OrderEvent::Shipped(_) => shipped(order.shipment.as_ref().ok_or(SkipReason::StateChanged)?),
        OrderEvent::PartiallyRefunded(_) | OrderEvent::Refunded(_) => refunded(order)?,
        OrderEvent::Expired(_) => expired(),
        _ => return Err(SkipReason::NotEmailed),
    };
    let button = Button { label: "See the order", url: format!("{app_url}/orders/{}", order.id) };
    let mut facts = vec![Fact { label: "Order", value: order.id.to_string() }];
    facts.extend(words.facts);
    // A name is somebody's own only once the address is.
    let name = buyer.email_verified.then(|| buyer.name.as_str().to_owned());
    let footnote = "You get this message because an order was placed with your account.";
    Ok(EmailContent { name, facts, button: Some(button), footnote, ..words })
}

fn confirmed(order: &Order) -> EmailContent {
    let items = order.lines.iter().map(|line| Item {
        title: line.title.as_str().to_owned(),
        quantity: line.quantity.get(),
        // An order whose total is in bounds has no line beyond them.
        price: line.unit_price.checked_mul(line.quantity).map_or_else(|_| price(line.unit_price), price),
    });
    EmailContent {
        kind: "order-confirmed",
        subject: "Your order is confirmed".to_owned(),
        heading: "Thank you for your order".to_owned(),
        paragraphs: vec!["It is paid, and the seller gets it ready.".to_owned()],
        items: items.collect(),
        total: Some(price(order.total)),
        ..EmailContent::default()
    }
}

fn shipped(shipment: &Shipment) -> EmailContent {
    EmailContent {
        kind: "order-shipped",
        subject: "Your order is on its way".to_owned(),
        heading: "Your order is on its way".to_owned(),
        paragraphs: vec!["The seller has sent it.".to_owned()],
        facts: vec![
            Fact { label: "Carrier", value: shipment.carrier.as_str().to_owned() },
            Fact { label: "Tracking number", value: shipment.tracking_number.as_str().to_owned() },
        ],
        ..EmailContent::default()
    }
}

fn refunded(order: &Order) -> Result<EmailContent, SkipReason> {
    let through = order.refunds.iter().filter(|refund| refund.status == RefundStatus::Succeeded);
    let none = Money::zero(order.total.currency());
    let sum = through.map(|refund| refund.amount).try_fold(none, Money::checked_add);
    let sum = sum.map_err(|_| SkipReason::StateChanged)?;
    Ok(EmailContent {
        kind: "order-refunded",
        subject: "Money for your order goes back to you".to_owned(),
        heading: "Money goes back to you".to_owned(),
        paragraphs: vec!["Depending on your bank, it takes some days until you see it.".to_owned()],
        facts: vec![
            Fact { label: "Refunded so far", value: price(sum) },
            Fact { label: "Total of the order", value: price(order.total) },
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
            "It was not paid in time, so that its products are for sale again. Nothing was charged."
                .to_owned(),
            "Should a payment still be under way, it goes back to you by itself.".to_owned(),
        ],
        ..EmailContent::default()
    }
}
