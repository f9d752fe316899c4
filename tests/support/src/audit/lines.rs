//! Lines of orders, read from the stored attributes without the code of the domain.

use std::collections::BTreeMap;

use serde_json::Value;
use shared::domain::order::Order;
use shared::kit::command::Record;

use super::events::ever_written;
use super::items::read;
use super::{History, Invariant, Violation};

/// Checks that the lines of an order never change, that the tax of each line is the one of its rate, and that
/// each event of an order contains the sum of its lines.
pub(super) fn frozen_and_added_up(history: &History) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut totals: BTreeMap<String, i128> = BTreeMap::new();
    for (key, images, _) in history.of_kind(Order::KIND) {
        let versions: Vec<Value> = images.into_iter().map(read).collect();
        let Some(first) = versions.first() else { continue };
        if versions.iter().any(|version| version["lines"] != first["lines"]) {
            found.push(Violation::new(Invariant::Http, &key.pk, "lines that never change", "changed lines"));
        }
        let lines = || first["lines"].as_array().into_iter().flatten();
        for line in lines().filter(|line| tax(line) != exact_tax(line)) {
            let (expected, was) =
                (format!("a tax of {}", exact_tax(line)), format!("a tax of {}", tax(line)));
            found.push(Violation::new(Invariant::Http, &key.pk, expected, was));
        }
        totals.insert(first["id"].as_str().unwrap_or_default().to_owned(), lines().map(gross).sum());
    }
    for event in ever_written(history) {
        let Ok(body) = serde_json::from_str::<Value>(&event.body) else { continue };
        let data = &body["data"];
        let Some(expected) = data["orderId"].as_str().and_then(|id| totals.get(id)) else { continue };
        if data["total"].is_object() && amount(&data["total"]) != *expected {
            let was = format!("a total of {}", amount(&data["total"]));
            let expected = format!("a total of {expected}, the sum of the lines");
            found.push(Violation::new(Invariant::Http, event.event_id, expected, was));
        }
    }
    found
}

fn integer(value: &Value) -> i128 {
    value.as_i64().map_or(0, i128::from)
}

fn amount(money: &Value) -> i128 {
    integer(&money["amount"])
}

/// Price of a line, with or without its tax.
fn price(line: &Value) -> i128 {
    match &line["unitPrice"] {
        Value::Null => amount(&line["amount"]),
        unit_price => amount(unit_price) * integer(&line["quantity"]),
    }
}

fn tax(line: &Value) -> i128 {
    amount(&line["tax"]["amount"])
}

/// Tax of a line at its rate, rounded half up to an integer.
fn exact_tax(line: &Value) -> i128 {
    let rate = integer(&line["tax"]["rateBasisPoints"]);
    let whole = if line["tax"]["included"] == true { 10_000 + rate } else { 10_000 };
    (2 * price(line) * rate + whole).div_euclid(2 * whole)
}

fn gross(line: &Value) -> i128 {
    price(line) + if line["tax"]["included"] == true { 0 } else { tax(line) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use shared::kit::command::Key;

    use super::super::Change;
    use super::*;

    const ID: &str = "ord_01J8Z3K5V0ABCDEFGHJKMNPQRS";

    fn money(amount: i64) -> Value {
        json!({ "amount": amount, "currency": "EUR" })
    }

    /// Two units of 50 cents with 19 % tax, and shipping of 5 EUR without tax.
    fn lines(tax: i64, included: bool) -> Value {
        let tax =
            json!({ "rateBasisPoints": 1_900, "amount": money(tax), "name": "VAT", "included": included });
        json!([
            { "productId": "prd_1", "quantity": 2, "unitPrice": money(50), "tax": tax },
            { "optionId": "standard", "name": "Standard", "amount": money(500) },
        ])
    }

    fn change(pk: &str, item: Value) -> Change {
        let image = serde_dynamo::to_item(item).expect("the item is valid");
        Change { key: Key { pk: pk.to_owned(), sk: "sk".to_owned() }, image: Some(image) }
    }

    fn violations(versions: &[Value], total: i64) -> usize {
        let order = |lines: &Value| change("order", json!({ "kind": "order", "id": ID, "lines": lines }));
        let body = json!({ "type": "order.created", "data": { "orderId": ID, "total": money(total) } });
        let event = json!({
            "kind": "outbox-event", "pk": "outbox", "sk": "sk", "eventId": format!("{ID}.1"), "event": "order.created",
            "body": body.to_string(), "correlationId": "c1",
        });
        let history = versions.iter().map(order).chain([change("outbox", event)]);
        frozen_and_added_up(&History::of_changes(history)).len()
    }

    #[test]
    fn wrong_tax_total_or_changed_line_is_found() {
        assert_eq!(violations(&[lines(16, true), lines(16, true)], 600), 0);
        assert_eq!(violations(&[lines(19, false)], 619), 0);
        assert_eq!(violations(&[lines(19, true)], 600), 1, "the tax is not the included one");
        assert_eq!(violations(&[lines(19, false)], 600), 1, "the total is without the tax");
        assert_eq!(violations(&[lines(16, true), lines(0, true)], 600), 1, "the lines change");
    }
}
