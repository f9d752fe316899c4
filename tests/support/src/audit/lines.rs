//! Lines of orders and of their refunds, read from the stored attributes without the code of the domain.

use std::collections::BTreeMap;

use serde_json::Value;
use shared::domain::order::Order;
use shared::kit::command::Record;

use super::events::ever_written;
use super::items::read;
use super::{History, Invariant, Violation};

/// Checks that the lines of an order never change, that the tax of each line is the one of its rate, that its
/// refunds are within its lines, and that each event of an order contains the sum of its lines.
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
        for version in &versions {
            let wrong = wrong_refunds(version);
            found.extend(
                wrong
                    .into_iter()
                    .map(|(expected, was)| Violation::new(Invariant::Http, &key.pk, expected, was)),
            );
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

/// Deviations of the refunds of an order from its lines, each with what is expected and what was found: refunds of
/// more than a line, and refunds whose parts do not add up to their amount.
fn wrong_refunds(order: &Value) -> Vec<(String, String)> {
    let refunds = list(&order["refunds"]);
    let counts = |refund: &&&Value| !matches!(refund["status"].as_str(), Some("failed" | "cancelled"));
    let counted: Vec<&Value> = refunds.iter().filter(counts).copied().collect();
    let mut wrong = Vec::new();
    for (position, line) in list(&order["lines"]).into_iter().enumerate() {
        let refunded = |amount: fn(&Value) -> i128| sum_of_parts(&counted, Some(position), amount);
        for (of, expected, was) in [
            ("amount", gross(line), refunded(part_gross)),
            ("tax", tax(line), refunded(part_tax)),
            ("number of units", integer(&line["quantity"]), refunded(|part| integer(&part["units"]))),
            (
                "number of units in the stock",
                integer(&line["quantity"]),
                sum_of_parts(&refunds, Some(position), |part| integer(&part["restocked"])),
            ),
        ] {
            if was > expected {
                let expected = format!("a refunded {of} of at most {expected} of line {position}");
                wrong.push((expected, was.to_string()));
            }
        }
    }
    // A refund has no parts if its payment is not one of the total. If an earlier failure is not recorded yet, the
    // refunds are more than the total.
    let sum: i128 = counted.iter().map(|refund| amount(&refund["amount"])).sum();
    let total: i128 = list(&order["lines"]).into_iter().map(gross).sum();
    for refund in counted.iter().filter(|refund| refund["lines"].is_array() && sum <= total) {
        let (expected, was) = (amount(&refund["amount"]), sum_of_parts(&[*refund], None, part_gross));
        if was != expected {
            wrong.push((format!("a refund of {expected} by line"), was.to_string()));
        }
    }
    wrong
}

pub(super) fn list(value: &Value) -> Vec<&Value> {
    value.as_array().into_iter().flatten().collect()
}

/// Sum over the parts of refunds, of one line or of all.
fn sum_of_parts(refunds: &[&Value], line: Option<usize>, number: impl Fn(&Value) -> i128) -> i128 {
    let parts = refunds.iter().flat_map(|refund| list(&refund["lines"]));
    parts.filter(|part| line.is_none_or(|line| part["line"] == line)).map(number).sum()
}

pub(super) fn part_gross(part: &Value) -> i128 {
    amount(&part["amounts"]["net"]) + part_tax(part)
}

fn part_tax(part: &Value) -> i128 {
    amount(&part["amounts"]["tax"])
}

pub(super) fn integer(value: &Value) -> i128 {
    value.as_i64().map_or(0, i128::from)
}

pub(super) fn amount(money: &Value) -> i128 {
    integer(&money["amount"])
}

/// Price of a line, with or without its tax.
fn price(line: &Value) -> i128 {
    match &line["unitPrice"] {
        Value::Null => amount(&line["amount"]),
        unit_price => amount(unit_price) * integer(&line["quantity"]),
    }
}

pub(super) fn tax(line: &Value) -> i128 {
    amount(&line["tax"]["amount"])
}

/// Tax of a line at its rate, rounded half up to an integer.
fn exact_tax(line: &Value) -> i128 {
    let rate = integer(&line["tax"]["rateBasisPoints"]);
    let whole = if line["tax"]["included"] == true { 10_000 + rate } else { 10_000 };
    (2 * price(line) * rate + whole).div_euclid(2 * whole)
}

pub(super) fn gross(line: &Value) -> i128 {
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

    /// Refund of a line by a unit and an amount with its tax.
    fn refund(status: &str, amount: i64, (net, tax): (i64, i64)) -> Value {
        let amounts = json!({ "net": money(net), "tax": money(tax) });
        let part = json!({ "line": 0, "units": 1, "restocked": 1, "amounts": amounts });
        json!({ "status": status, "amount": money(amount), "lines": [part] })
    }

    fn wrong(refunds: &[Value]) -> usize {
        wrong_refunds(&json!({ "lines": lines(16, true), "refunds": refunds })).len()
    }

    #[test]
    fn refund_of_more_than_a_line_is_found() {
        let half = || refund("succeeded", 50, (42, 8));
        assert_eq!(wrong(&[half(), half()]), 0);
        assert_eq!(wrong(&[refund("pending", 50, (41, 8))]), 1, "the parts are less than the amount");
        assert_eq!(wrong(&[half(), refund("succeeded", 51, (43, 8))]), 1, "more than the line");
        assert_eq!(wrong(&[half(), refund("succeeded", 50, (41, 9))]), 1, "more than its tax");
        assert_eq!(wrong(&[half(), half(), refund("failed", 50, (0, 0))]), 1, "more units in the stock");
    }
}
