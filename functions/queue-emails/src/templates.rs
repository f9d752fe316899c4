//! Texts of the e-mails: one file for each.

pub(crate) mod account;
pub(crate) mod buyer;
pub(crate) mod job;
pub(crate) mod seller;

use std::collections::BTreeMap;

use shared::domain::order::lines::{ItemLine, OrderLine, ShippingLine};
use shared::domain::order::{Order, OrderStatus, Party, Transition};
use shared::domain::values::money::Money;

use crate::email::{Fact, Item};
use crate::locale::Locale;
use crate::skip_reason::SkipReason;

/// Lines of an order with their gross amounts, which add up to the total.
fn items(order: &Order, locale: Locale) -> Vec<Item> {
    order.lines.iter().map(|(line, amounts)| item(line, amounts.gross, locale)).collect()
}

/// Line of an order with an amount.
fn item(line: &OrderLine, amount: Money, locale: Locale) -> Item {
    let (title, quantity) = match line {
        OrderLine::Item(line) => (line.title.as_str().to_owned(), Some(line.quantity.get())),
        OrderLine::Shipping(line) => (format!("Shipping: {}", line.name.as_str()), None),
    };
    Item { title, quantity, price: locale.money(amount) }
}

/// Taxes of an order, with one text for each name and rate.
fn taxes(order: &Order, locale: Locale) -> Vec<String> {
    let mut taxes: BTreeMap<(&str, i64), Money> = BTreeMap::new();
    for (line, amounts) in order.lines.iter() {
        let (OrderLine::Item(ItemLine { tax, .. }) | OrderLine::Shipping(ShippingLine { tax, .. })) = line;
        if let Some(tax) = tax {
            let sum = taxes.entry((tax.name.as_str(), tax.rate_basis_points.into()));
            let sum = sum.or_insert(Money::zero(amounts.tax.currency()));
            // The sum is at most the total, which is within bounds.
            *sum = sum.checked_add(amounts.tax).unwrap_or(*sum);
        }
    }
    let text = |((name, rate), sum)| format!("{name} {}: {}", locale.percent(rate), locale.money(sum));
    taxes.into_iter().map(text).collect()
}

/// Change of the order to `status`. Later entries of the timeline with this status are about failed refunds.
fn transition(order: &Order, status: OrderStatus) -> Result<&Transition, SkipReason> {
    order.timeline.iter().find(|entry| entry.status == status).ok_or(SkipReason::StateChanged)
}

/// Reason of a change, if there is one. The ids of products are replaced by their titles, which are user
/// input.
fn reason(order: &Order, transition: &Transition) -> Option<Fact> {
    let reason = transition.reason.as_deref()?;
    let value = order.lines.items().fold(reason.to_owned(), |text, line| {
        text.replace(&line.product_id.to_string(), line.title.as_str())
    });
    let is_user_input = transition.by != Party::System || value != reason;
    Some(Fact { label: "Reason", value, is_user_input })
}
