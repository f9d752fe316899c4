//! Rules for refunds of lines.

use serde_json::Value;
use shared::domain::order::Order;
use shared::domain::order::lines::OrderLine;

use crate::model::Model;

/// Lines of a request for a refund.
pub(super) struct LinesOfRequest {
    /// Id of each product with its number of units.
    items: Vec<(String, i64)>,
    shipping: bool,
}

impl LinesOfRequest {
    /// Reads a body that refunds lines; `None` for another.
    pub(super) fn parse(body: &Value, model: &Model) -> Option<Self> {
        let shipping = body["shipping"].as_bool().unwrap_or_default();
        if !shipping && !body["lines"].is_array() {
            return None;
        }
        let item = |item: &Value| {
            let step = item["productId"].as_str()?.strip_prefix("$id:")?.parse().ok()?;
            Some((model.get(step)?.id.clone(), item["quantity"].as_i64()?))
        };
        let items = body["lines"].as_array().into_iter().flatten().filter_map(item).collect();
        Some(Self { items, shipping })
    }

    /// Returns true if the order has these lines, and enough of each is left to refund.
    pub(super) fn are_left(&self, order: &Order) -> bool {
        let mut gross = 0;
        for (product, units) in &self.items {
            let found = order.lines.iter().position(
                |(line, _)| matches!(line, OrderLine::Item(item) if item.product_id.to_string() == *product),
            );
            let Some(position) = found else { return false };
            let (amount, left) = left_of_line(order, position);
            if *units > left {
                return false;
            }
            gross += amount;
        }
        let shipping = order.lines.iter().position(|(line, _)| matches!(line, OrderLine::Shipping(_)));
        match shipping {
            None if self.shipping => return false,
            Some(position) if self.shipping => gross += left_of_line(order, position).0,
            _ => {}
        }
        gross > 0
    }
}

/// Gross amount and number of units of a line that are not refunded.
fn left_of_line(order: &Order, position: usize) -> (i64, i64) {
    let Some((line, whole)) = order.lines.iter().nth(position) else { return (0, 0) };
    let units = match line {
        OrderLine::Item(item) => i64::from(item.quantity),
        OrderLine::Shipping(_) => 0,
    };
    let counted = order.refunds.iter().filter(|refund| !refund.status.is_unmade());
    let parts = counted.flat_map(|refund| &refund.lines).filter(|part| part.line == position);
    parts.fold((whole.gross.amount(), units), |(gross, units), part| {
        (gross - part.amounts.gross.amount(), units - i64::from(part.units))
    })
}
