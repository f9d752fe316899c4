//! The ledger: journal entries, read from the stored attributes without the code of the domain, against the orders and
//! the payment gateway.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use shared::domain::ledger::JournalEntry;
use shared::domain::order::Order;
use shared::domain::order::payment::Payment;
use shared::kit::command::{Item, Record};
use stripe_sandbox::{Ledger, RefundStatus};

use super::items::read;
use super::lines::{amount, gross, integer, list, part_gross, tax};
use super::{History, Invariant, Items, Violation};

/// Balance of each account and currency, in minor units.
type Balances = BTreeMap<(String, String), i128>;

/// Orders with their payments and journal entries, as they are stored.
#[derive(Debug, Default)]
pub struct Journal {
    orders: BTreeMap<String, Value>,
    payments: BTreeMap<String, Value>,
    entries: Vec<Value>,
}

/// Checks that the postings of an entry never change, and that an entry was written with a version of its order.
pub(super) fn entries_are_final(history: &History) -> Vec<Violation> {
    let mut versions: BTreeSet<String> = BTreeSet::new();
    for (_, images, _) in history.of_kind(Order::KIND) {
        let orders = images.into_iter().map(read::<Value>);
        versions.extend(orders.map(|order| format!("{}.{}", text(&order["id"]), integer(&order["version"]))));
    }
    let mut found = Vec::new();
    for (key, images, is_deleted) in history.of_kind(JournalEntry::KIND) {
        let images: Vec<Value> = images.into_iter().map(read).collect();
        let Some(first) = images.first() else { continue };
        let mut wrong = |expected: &str, was: &str| {
            found.push(Violation::new(Invariant::Ledger, &key.sk, expected, was));
        };
        if is_deleted || images.iter().any(|image| image["postings"] != first["postings"]) {
            wrong("postings that never change", "changed postings");
        }
        if !versions.contains(text(&first["id"])) {
            wrong("an entry in the transaction of its cause", "an entry of a version that was not written");
        }
    }
    found
}

impl Journal {
    /// Selects the records among items.
    #[must_use]
    pub fn of(items: &Items) -> Self {
        let mut journal = Self::default();
        for kind in [Order::KIND, Payment::KIND, JournalEntry::KIND] {
            items.of_kind(kind).for_each(|item| journal.add(kind, item));
        }
        journal
    }

    /// Adds an item, if it is a record of the ledger.
    pub fn add(&mut self, kind: &str, item: &Item) {
        match kind {
            Order::KIND => drop(self.orders.insert(id_of(item, "id"), read(item))),
            Payment::KIND => drop(self.payments.insert(id_of(item, "orderId"), read(item))),
            JournalEntry::KIND => self.entries.push(read(item)),
            _ => {}
        }
    }

    /// Checks every entry, and the balances of every order against the order and the gateway's `ledger`. Orders in
    /// `unfinished` need a person, and are left out.
    #[must_use]
    pub fn violations(&self, ledger: &Ledger, unfinished: impl Fn(&str) -> bool) -> Vec<Violation> {
        self.compare(|order| left_of_intents(ledger, order), unfinished)
    }

    fn compare(
        &self,
        left: impl Fn(&str) -> Vec<(String, i128)>,
        unfinished: impl Fn(&str) -> bool,
    ) -> Vec<Violation> {
        let mut found = self.unbalanced();
        let mut posted: BTreeMap<&str, Balances> = BTreeMap::new();
        for entry in &self.entries {
            let order = text(&entry["id"]).rsplit_once('.').map_or("", |(order, _)| order);
            let balances = posted.entry(order).or_default();
            for posting in list(&entry["postings"]) {
                *balances.entry(account(posting)).or_default() += integer(&posting["amount"]);
            }
        }
        for (id, order) in self.orders.iter().filter(|(id, _)| !unfinished(id)) {
            let mut balances = posted.remove(id.as_str()).unwrap_or_default();
            balances.retain(|_, amount| *amount != 0);
            let expected = Expected::of(order, self.payments.get(id), &left(id));
            if let Err(expected) = expected.check(&balances) {
                found.push(Violation::new(Invariant::Ledger, id, expected, format!("{balances:?}")));
            }
        }
        found
    }

    /// Entries that do not add up to zero in each currency, or are empty.
    fn unbalanced(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        for entry in &self.entries {
            let mut sums: BTreeMap<&str, i128> = BTreeMap::new();
            for posting in list(&entry["postings"]) {
                *sums.entry(text(&posting["currency"])).or_default() += integer(&posting["amount"]);
            }
            if sums.is_empty() || sums.values().any(|sum| *sum != 0) {
                let was = entry["postings"].to_string();
                found.push(Violation::new(
                    Invariant::Ledger,
                    text(&entry["id"]),
                    "postings that add up to 0",
                    was,
                ));
            }
        }
        found
    }
}

/// Rest of each captured intent of an order after the refunds that were made.
fn left_of_intents(ledger: &Ledger, order: &str) -> Vec<(String, i128)> {
    let made = ledger.refunds_of(order).into_iter().filter(|refund| refund.status == RefundStatus::Succeeded);
    let made: Vec<(&str, i128)> =
        made.map(|refund| (refund.payment_intent.as_str(), refund.amount.into())).collect();
    let intents = ledger.intents.iter().filter(|intent| intent.order_id() == Some(order));
    let captured = intents.filter_map(|intent| Some((&intent.id, intent.captured_charge()?)));
    captured
        .map(|(intent, charge)| {
            let refunded: i128 = made.iter().filter(|(of, _)| of == intent).map(|(_, amount)| amount).sum();
            (intent.clone(), i128::from(charge.amount_captured) - refunded)
        })
        .collect()
}

/// Balances that the accounts must have because of an order.
struct Expected<'a> {
    order: &'a Value,
    currency: String,
    /// Money of the order at the gateway.
    held: i128,
    /// Refunds that are decided and not made.
    open: i128,
    /// True if a refund has failed or was cancelled.
    has_failed: bool,
    /// Money of payments other than the one of the order.
    duplicates: i128,
    /// True if the payment is the total of the order.
    is_paid: bool,
}

impl<'a> Expected<'a> {
    fn of(order: &'a Value, payment: Option<&Value>, left: &[(String, i128)]) -> Self {
        let own = payment.map_or("", |payment| text(&payment["gatewayId"]));
        let refunds = list(&order["refunds"]);
        let of_payment = || refunds.iter().filter(|refund| text(&refund["gatewayId"]) == own);
        let open =
            of_payment().filter(|refund| matches!(text(&refund["status"]), "pending" | "requires_action"));
        let total: i128 = list(&order["lines"]).into_iter().map(gross).sum();
        Self {
            order,
            currency: text(&order["lines"][0]["unitPrice"]["currency"]).to_owned(),
            held: left.iter().map(|(_, left)| left).sum(),
            open: open.map(|refund| amount(&refund["amount"])).sum(),
            has_failed: of_payment().any(|refund| matches!(text(&refund["status"]), "failed" | "cancelled")),
            duplicates: left.iter().filter(|(intent, _)| *intent != own).map(|(_, left)| left).sum(),
            is_paid: payment.is_some_and(|payment| amount(&payment["captured"]) == total),
        }
    }

    /// Compares the balances of the order; returns the expectation that is not met.
    fn check(&self, balances: &Balances) -> Result<(), String> {
        let of = |account: &str| {
            let key = (account.to_owned(), self.currency.clone());
            balances.get(&key).copied().unwrap_or_default()
        };
        let equal = |name: &str, was: i128, expected: i128| {
            if was == expected { Ok(()) } else { Err(format!("{name} of {expected}")) }
        };
        equal("gateway", of("gateway"), self.held)?;
        if let Some((account, currency)) = balances.keys().find(|(_, currency)| *currency != self.currency) {
            return Err(format!("no {account} in {currency}"));
        }
        let seller = of("seller:pending") + of("seller:available");
        let (commission, owed) = (of("platform:commission"), of("refunds:owed"));
        let status = text(&self.order["status"]);
        if !self.is_paid || !matches!(status, "confirmed" | "shipped" | "delivered" | "refunded") {
            equal("seller", seller, 0)?;
            equal("commission", commission, 0)?;
            return equal("refunds:owed", owed, -self.held);
        }
        let is_pending = matches!(status, "confirmed" | "shipped") && self.has_shipping();
        equal("other seller account", of(if is_pending { "seller:available" } else { "seller:pending" }), 0)?;
        if self.has_failed {
            return Ok(());
        }
        equal("refunds:owed", owed, -self.open - self.duplicates)?;
        equal("commission", commission, -self.commission())?;
        equal("seller", seller, -(self.held + owed + commission))
    }

    fn has_shipping(&self) -> bool {
        list(&self.order["lines"]).iter().any(|line| text(&line["type"]) == "shipping")
    }

    /// Commission on what is not refunded of the lines.
    fn commission(&self) -> i128 {
        let terms = &self.order["commission"];
        let refunds = list(&self.order["refunds"]);
        let lines = list(&self.order["lines"]).into_iter().enumerate();
        let of_line = |(position, line): (usize, &Value)| {
            if text(&line["type"]) == "shipping" {
                return 0;
            }
            let (whole, net) = (gross(line), gross(line) - tax(line));
            let commission = half_up(net * integer(&terms["rate"]), 10_000);
            let parts = refunds.iter().flat_map(|refund| list(&refund["lines"]));
            let refunded: i128 = parts.filter(|part| part["line"] == position).map(part_gross).sum();
            if terms["kept"] == true || whole == 0 {
                return commission;
            }
            commission - half_up(commission * refunded, whole)
        };
        lines.map(of_line).sum()
    }
}

fn half_up(numerator: i128, denominator: i128) -> i128 {
    (2 * numerator + denominator).div_euclid(2 * denominator)
}

fn account(posting: &Value) -> (String, String) {
    (text(&posting["account"]).to_owned(), text(&posting["currency"]).to_owned())
}

fn id_of(item: &Item, attribute: &str) -> String {
    super::items::text(item, attribute).to_owned()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "ord_1";

    /// Two units of 50 EUR with 10 % commission, and shipping of 5 EUR.
    fn order(status: &str, refunds: &Value) -> Value {
        let money = |amount: i64| json!({ "amount": amount, "currency": "EUR" });
        json!({
            "kind": "order", "id": ID, "version": 3, "status": status, "commission": { "rate": 1_000 },
            "lines": [
                { "type": "item", "quantity": 2, "unitPrice": money(5_000) },
                { "type": "shipping", "amount": money(500) },
            ],
            "refunds": refunds,
        })
    }

    fn violations(order: &Value, postings: &[(&str, i64)], refunded: i64) -> Vec<String> {
        let payment = json!({ "orderId": ID, "gatewayId": "pi_1", "captured": { "amount": 10_500 } });
        let postings = postings
            .iter()
            .map(|(account, amount)| json!({ "account": account, "amount": amount, "currency": "EUR" }));
        let entry = json!({ "id": "ord_1.3", "postings": postings.collect::<Vec<_>>() });
        let mut journal = Journal::default();
        for (kind, item) in [(Order::KIND, order), (Payment::KIND, &payment), (JournalEntry::KIND, &entry)] {
            journal.add(kind, &serde_dynamo::to_item(item).expect("the item is valid"));
        }
        let found = journal.compare(|_| vec![("pi_1".to_owned(), i128::from(10_500 - refunded))], |_| false);
        found.iter().map(|found| found.expected.clone()).collect()
    }

    #[test]
    fn missing_unbalanced_and_wrong_entries_are_found() {
        let sold = order("confirmed", &json!([]));
        let right = [("gateway", 10_500), ("seller:pending", -9_500), ("platform:commission", -1_000)];
        assert_eq!(violations(&sold, &right, 0), Vec::<String>::new());
        assert_eq!(violations(&sold, &[], 0).len(), 2, "the entry is empty");
        let more = [("gateway", 10_500), ("seller:pending", -9_501), ("platform:commission", -1_000)];
        assert_eq!(violations(&sold, &more, 0)[0], "postings that add up to 0");
        let free = [("gateway", 10_500), ("seller:pending", -10_500)];
        assert_eq!(violations(&sold, &free, 0), ["commission of -1000"]);
        assert_eq!(violations(&sold, &right, 500), ["gateway of 10000"]);
        let delivered = order("delivered", &json!([]));
        assert_eq!(violations(&delivered, &right, 0), ["other seller account of 0"]);
        let cancelled = order("cancelled", &json!([]));
        assert_eq!(violations(&cancelled, &right, 0), ["seller of 0"]);
    }

    #[test]
    fn refund_returns_the_commission_of_its_lines() {
        let part = json!({ "line": 0, "amounts": { "net": { "amount": 5_000 }, "tax": { "amount": 0 } } });
        let refund = |status: &str| {
            json!([{
                "status": status, "gatewayId": "pi_1", "amount": { "amount": 5_000 }, "lines": [part],
            }])
        };
        let made = [("gateway", 5_500), ("seller:pending", -5_000), ("platform:commission", -500)];
        assert_eq!(violations(&order("shipped", &refund("succeeded")), &made, 5_000), Vec::<String>::new());
        let open = [
            ("gateway", 10_500),
            ("seller:pending", -5_000),
            ("platform:commission", -500),
            ("refunds:owed", -5_000),
        ];
        assert_eq!(violations(&order("shipped", &refund("pending")), &open, 0), Vec::<String>::new());
        let kept = [("gateway", 5_500), ("seller:pending", -4_500), ("platform:commission", -1_000)];
        assert_eq!(violations(&order("shipped", &refund("succeeded")), &kept, 5_000), ["commission of -500"]);
    }
}
