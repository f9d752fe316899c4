//! Stock and money in the table, checked against the gateway's ledger and the client's expectations.

use std::collections::{BTreeMap, BTreeSet};

use shared::domain::order::fulfilment::{Fulfilment, StockPosition};
use shared::domain::order::payment::Payment;
use shared::domain::order::payment::refund::RefundStatus;
use shared::domain::order::{Order, OrderStatus};
use shared::domain::product::Stock;
use shared::kit::aws::dynamodb::schema::OUTBOX_KIND;
use shared::messaging::dead_letter::DeadLetter;
use shared::messaging::email_dispatch::{DispatchState, EmailDispatch, MAX_SENDS};
use shared::messaging::event_routing::Subscriber;
use stripe_sandbox::Ledger;

use super::{Expectations, Invariant, Items, Violation};
use crate::app::TestApp;

fn is_unknown_outcome(dispatch: &EmailDispatch) -> bool {
    dispatch.sends == MAX_SENDS && matches!(dispatch.state, DispatchState::Sending { .. })
}

/// Items of the table that the checks read.
#[derive(Debug, Default)]
pub struct MoneyAndStock {
    /// Orders by id.
    pub orders: BTreeMap<String, Order>,
    /// Payments by order id.
    pub payments: BTreeMap<String, Payment>,
    /// Stock by product id.
    pub stock: BTreeMap<String, Stock>,
    /// Dead letters.
    pub dead_letters: Vec<DeadLetter>,
    /// Ids of events whose e-mail reached the maximum number of attempts with an unknown outcome.
    pub unknown_emails: Vec<String>,
    /// Number of events that are not published.
    pub unpublished: usize,
}

impl MoneyAndStock {
    /// Scans the table of `app`.
    ///
    /// # Panics
    /// If the table does not respond, or contains an invalid item.
    pub async fn read(app: &TestApp) -> Self {
        Self::of(&Items::scan(app).await)
    }

    /// Returns true if an operator must decide on a dead letter, because it is unknown whether its e-mail was
    /// sent.
    #[must_use]
    pub fn needs_operator(&self, dead_letter: &DeadLetter) -> bool {
        dead_letter.queue == Subscriber::Emails
            && self.unknown_emails.iter().any(|id| dead_letter.body.contains(id))
    }

    /// Returns true if a message about an order could not be handled.
    #[must_use]
    pub fn is_dead_lettered(&self, order: &str) -> bool {
        self.dead_letters.iter().any(|dead_letter| dead_letter.body.contains(order))
    }

    /// Selects the records among items.
    #[must_use]
    pub fn of(items: &Items) -> Self {
        let product = |pk: &str| pk.trim_start_matches("product#").to_owned();
        Self {
            orders: items.of::<Order>().map(|order| (order.id.to_string(), order)).collect(),
            payments: items.of::<Payment>().map(|payment| (payment.order_id.to_string(), payment)).collect(),
            stock: items.placed::<Stock>().map(|(key, stock)| (product(&key.pk), stock)).collect(),
            dead_letters: items.of::<DeadLetter>().collect(),
            unknown_emails: items
                .of::<EmailDispatch>()
                .filter(is_unknown_outcome)
                // A seller's dispatch has the id of the event and a suffix.
                .map(|of| of.id.to_string().trim_end_matches(".seller").to_owned())
                .collect(),
            unpublished: items.of_kind(OUTBOX_KIND).count(),
        }
    }

    /// Runs the checks, and formats the violations.
    #[must_use]
    pub fn violations(&self, expectations: &Expectations, ledger: &Ledger) -> Vec<String> {
        self.audit(expectations, ledger).iter().map(Violation::to_string).collect()
    }

    /// Runs the checks.
    #[must_use]
    pub fn audit(&self, expectations: &Expectations, ledger: &Ledger) -> Vec<Violation> {
        let mut found = self.stock_violations(expectations);
        for id in expectations.acknowledged.iter().filter(|id| !self.orders.contains_key(*id)) {
            found.push(Violation::new(
                Invariant::Http,
                id,
                "the acknowledged order exists",
                "it does not exist",
            ));
        }
        for (id, order) in &self.orders {
            found.extend(self.order_violations(id, order, ledger));
        }
        for id in ledger.orders() {
            if ledger.captured_total(id) > 0 && !self.orders.contains_key(id) {
                found.push(Violation::new(
                    Invariant::Sagas,
                    id,
                    "a charged order exists",
                    "it does not exist",
                ));
            }
        }
        if self.unpublished > 0 {
            let was = format!("{} events are not published", self.unpublished);
            found.push(Violation::new(Invariant::Outbox, "outbox", "all events are published", was));
        }
        found
    }

    /// Checks that the number of units is constant, and that the counters match the orders.
    fn stock_violations(&self, expectations: &Expectations) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut wrong = |product: &str, expected: String, stock: Stock| {
            let was = format!("{stock:?}");
            found.push(Violation::new(Invariant::Stock, product, expected, was));
        };
        for (product, initial) in &expectations.stocked {
            let stock = self.stock.get(product).copied().unwrap_or_default();
            let Stock { available, reserved, sold } = stock;
            let (reserved_by_orders, sold_by_orders) = self.units_of(product);
            if available < 0 || reserved < 0 || sold < 0 {
                wrong(product, "no negative counter".to_owned(), stock);
            }
            if available + reserved + sold != *initial {
                wrong(product, format!("the {initial} initial units"), stock);
            }
            if reserved != reserved_by_orders || sold != sold_by_orders {
                let expected = format!("{reserved_by_orders} reserved and {sold_by_orders} sold by orders");
                wrong(product, expected, stock);
            }
        }
        found
    }

    /// Units of a product that orders have reserved, and units that they have bought.
    fn units_of(&self, product: &str) -> (i64, i64) {
        let (mut reserved, mut sold) = (0, 0);
        for order in self.orders.values() {
            let units: i64 = order
                .lines
                .numbered_items()
                .filter(|(_, line)| line.product_id.to_string() == product)
                .map(|(position, line)| i64::from(line.quantity) - i64::from(order.restocked(position)))
                .sum();
            match order.stock_position() {
                StockPosition::Reserved => reserved += units,
                StockPosition::Sold => sold += units,
                StockPosition::Available => {}
            }
        }
        (reserved, sold)
    }

    /// Checks that the fulfilment of an order ends, and that it is captured at most once and refunded at most
    /// in full.
    fn order_violations(&self, id: &str, order: &Order, ledger: &Ledger) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut wrong = |expected: &str, was: String| {
            found.push(Violation::new(Invariant::Sagas, id, expected, was));
        };
        let is_dead_lettered = self.is_dead_lettered(id);
        let awaits_payment = matches!(order.fulfilment, Fulfilment::AwaitingPayment { .. });
        if order.fulfilment != Fulfilment::Finished && !awaits_payment && !is_dead_lettered {
            wrong("fulfilment ends", format!("it is still {}", order.fulfilment.public_name()));
        }
        if matches!(order.fulfilment, Fulfilment::AwaitingPayment { checkout: None, .. }) && !is_dead_lettered
        {
            wrong("a checkout for the buyer", "no checkout".to_owned());
        }
        let captures = ledger.captures_of(id).len();
        if captures > 1 {
            wrong("at most one capture", format!("{captures} captures"));
        }
        let mut names = BTreeSet::new();
        let refunds = ledger.refunds_of(id).into_iter();
        for refund in refunds.filter(|refund| refund.status != stripe_sandbox::RefundStatus::Failed) {
            if let Some(name) = refund.metadata.get("refund")
                && !names.insert(name)
            {
                wrong("each refund is made once", format!("the refund {name} is made twice"));
            }
        }
        if ledger.net(id) < 0 {
            wrong("at most the captured amount is refunded", format!("{} remain", ledger.net(id)));
        }
        if order.fulfilment == Fulfilment::Finished && !is_dead_lettered {
            found.extend(self.money_violations(id, order, ledger));
        }
        found
    }

    /// Checks captured and refunded amounts of an order against its payment and the ledger. Only a confirmed
    /// order keeps money.
    fn money_violations(&self, id: &str, order: &Order, ledger: &Ledger) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut wrong = |expected: String, was: String| {
            found.push(Violation::new(Invariant::Sagas, id, expected, was));
        };
        let succeeded = order.refunds.iter().filter(|refund| refund.status == RefundStatus::Succeeded);
        let refunded_by_order: i64 = succeeded.map(|refund| refund.amount.amount()).sum();
        // A refund that fails leaves money in an order that has ended, until it is refunded again.
        let has_failed_refund = order.refunds.iter().any(|refund| refund.status == RefundStatus::Failed);
        let expected = match order.status {
            OrderStatus::Confirmed | OrderStatus::Shipped | OrderStatus::Delivered => {
                order.total().amount() - refunded_by_order
            }
            _ if has_failed_refund => ledger.captured_total(id) - refunded_by_order,
            _ => 0,
        };
        if ledger.net(id) != expected {
            let was = format!("{} paid, with status {:?}", ledger.net(id), order.status);
            wrong(format!("{expected} paid"), was);
        }
        if order.due_refund().is_some() {
            wrong("no refund to request".to_owned(), "a refund that is not requested".to_owned());
        }
        let payment = self.payments.get(id);
        let (captured, refunded) =
            payment.map_or((0, 0), |payment| (payment.captured.amount(), payment.refunded.amount()));
        if captured != ledger.captured_total(id) {
            let was = format!("{captured} captured in the payment");
            wrong(format!("{} captured, as in the ledger", ledger.captured_total(id)), was);
        }
        let expected = ledger.refunded_total(id);
        if (refunded, refunded_by_order) != (expected, expected) {
            let was = format!("{refunded} refunded in the payment, {refunded_by_order} in the order");
            wrong(format!("{expected} refunded, as in the ledger"), was);
        }
        found
    }
}
