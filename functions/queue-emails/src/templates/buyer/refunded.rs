//! E-mail about a refund.

use shared::domain::order::Order;
use shared::domain::order::payment::refund::RefundStatus;
use shared::domain::order::payment::refund::lines::RefundLine;
use shared::domain::values::money::Money;

use crate::email::{EmailContent, Fact, Item};
use crate::locale::Locale;
use crate::skip_reason::SkipReason;
use crate::templates::item;

pub(super) fn content(order: &Order, locale: Locale) -> Result<EmailContent, SkipReason> {
    let succeeded = order.refunds.iter().filter(|refund| refund.status == RefundStatus::Succeeded);
    let zero = Money::zero(order.total().currency());
    let sum = succeeded.map(|refund| refund.amount).try_fold(zero, Money::checked_add);
    let sum = sum.map_err(|_| SkipReason::StateChanged)?;
    Ok(EmailContent {
        kind: "order-refunded",
        subject: "Your refund is on its way".to_owned(),
        heading: "Your refund is on its way".to_owned(),
        paragraphs: vec![
            "Depending on your bank, it can take a few days until the money is in your account.".to_owned(),
        ],
        items: refunded_items(order, locale),
        facts: vec![
            Fact::new("Refunded so far", locale.money(sum)),
            Fact::new("Order total", locale.money(order.total())),
        ],
        ..EmailContent::default()
    })
}

/// Refunded parts of the lines.
fn refunded_items(order: &Order, locale: Locale) -> Vec<Item> {
    let lines = order.lines.iter().enumerate().filter_map(|(position, (line, _))| {
        let RefundLine { units, amounts, .. } = order.refunded_line(position);
        let item =
            Item { quantity: Some(units).filter(|units| *units > 0), ..item(line, amounts.gross, locale) };
        (amounts.gross.amount() > 0).then_some(item)
    });
    lines.collect()
}
