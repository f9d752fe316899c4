//! Texts of the e-mails: one file for each.

pub(crate) mod account;
pub(crate) mod buyer;
pub(crate) mod job;
pub(crate) mod seller;

use shared::domain::order::{Order, OrderStatus, Party, Transition};

use crate::email::{Fact, Item};
use crate::locale::Locale;
use crate::skip_reason::SkipReason;

/// Lines of an order.
fn items(order: &Order, locale: Locale) -> Vec<Item> {
    let items = order.lines.iter().map(|line| Item {
        title: line.title.as_str().to_owned(),
        quantity: line.quantity.get(),
        // The product cannot overflow: it is part of the order total, which is within bounds.
        price: locale.money(line.unit_price.checked_mul(line.quantity).unwrap_or(line.unit_price)),
    });
    items.collect()
}

/// Change of the order to `status`. Later entries of the timeline with this status are about failed refunds.
fn transition(order: &Order, status: OrderStatus) -> Result<&Transition, SkipReason> {
    order.timeline.iter().find(|entry| entry.status == status).ok_or(SkipReason::StateChanged)
}

/// Reason of a change, if there is one. The ids of products are replaced by their titles, which are user
/// input.
fn reason(order: &Order, transition: &Transition) -> Option<Fact> {
    let reason = transition.reason.as_deref()?;
    let value = order.lines.iter().fold(reason.to_owned(), |text, line| {
        text.replace(&line.product_id.to_string(), line.title.as_str())
    });
    let is_user_input = transition.by != Party::System || value != reason;
    Some(Fact { label: "Reason", value, is_user_input })
}
