//! Stock and money: what the table has of them, against the gateway's ledger and the client's journal.

use std::collections::BTreeMap;

use shared::domain::order::fulfilment::{Fulfilment, StockPosition};
use shared::domain::order::{Order, OrderStatus};
use shared::domain::payment::Payment;
use shared::domain::product::Stock;
use shared::domain::refund::RefundStatus;
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

/// Everything in the table that the invariants speak of.
#[derive(Debug, Default)]
pub struct MoneyAndStock {
    /// Orders, by id.
    pub orders: BTreeMap<String, Order>,
    /// Payments, by their order's id.
    pub payments: BTreeMap<String, Payment>,
    /// Stock, by product.
    pub stock: BTreeMap<String, Stock>,
    /// Dead letters.
    pub dead_letters: Vec<DeadLetter>,
    /// Events about which an e-mail was begun as often as it may be, and nobody knows of any whether it is out.
    pub doubtful_emails: Vec<String>,
    /// Events that wait to be published.
    pub unpublished: usize,
}

impl MoneyAndStock {
    /// Reads the whole table. Only an auditor may do that.
    ///
    /// # Panics
    /// If the table does not answer, or holds what does not read.
    pub async fn read(shop: &TestApp) -> Self {
        Self::of(&Items::scan(shop).await)
    }

    /// Whether a dead letter is where its message ends, and a person decides: nobody knows whether its e-mail is out.
    #[must_use]
    pub fn is_for_a_person(&self, letter: &DeadLetter) -> bool {
        letter.queue == Subscriber::Emails && self.doubtful_emails.iter().any(|id| letter.body.contains(id))
    }

    /// What the table has of it.
    #[must_use]
    pub fn of(items: &Items) -> Self {
        let product = |pk: &str| pk.trim_start_matches("product#").to_owned();
        Self {
            orders: items.of::<Order>().map(|order| (order.id.to_string(), order)).collect(),
            payments: items.of::<Payment>().map(|payment| (payment.order_id.to_string(), payment)).collect(),
            stock: items.placed::<Stock>().map(|(key, stock)| (product(&key.pk), stock)).collect(),
            dead_letters: items.of::<DeadLetter>().collect(),
            doubtful_emails: items
                .of::<EmailDispatch>()
                .filter(is_unknown_outcome)
                .map(|of| of.id.to_string())
                .collect(),
            unpublished: items.of_kind(OUTBOX_KIND).count(),
        }
    }

    /// Everything that should not be so, in words.
    #[must_use]
    pub fn violations(&self, journal: &Expectations, ledger: &Ledger) -> Vec<String> {
        self.audit(journal, ledger).iter().map(Violation::to_string).collect()
    }

    /// Everything that should not be so.
    #[must_use]
    pub fn audit(&self, journal: &Expectations, ledger: &Ledger) -> Vec<Violation> {
        let mut found = self.stock_violations(journal);
        for id in journal.acknowledged.iter().filter(|id| !self.orders.contains_key(*id)) {
            found.push(Violation::new(Invariant::Http, id, "there, as was acknowledged", "it is not there"));
        }
        for (id, order) in &self.orders {
            found.extend(self.order_violations(id, order, ledger));
        }
        for id in ledger.orders() {
            if ledger.captured_total(id) > 0 && !self.orders.contains_key(id) {
                found.push(Violation::new(
                    Invariant::Sagas,
                    id,
                    "an order",
                    "it was charged and is not there",
                ));
            }
        }
        if self.unpublished > 0 {
            let was = format!("{} events are not published", self.unpublished);
            found.push(Violation::new(Invariant::Outbox, "outbox", "nothing is left in it", was));
        }
        found
    }

    /// Pieces are neither made nor lost, and each is where its order says.
    fn stock_violations(&self, journal: &Expectations) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut wrong = |product: &str, expected: String, stock: Stock| {
            let was = format!("its stock says {stock:?}");
            found.push(Violation::new(Invariant::Stock, product, expected, was));
        };
        for (product, began_with) in &journal.stocked {
            let stock = self.stock.get(product).copied().unwrap_or_default();
            let Stock { available, reserved, sold } = stock;
            let (held, bought) = self.pieces_of(product);
            if available < 0 || reserved < 0 || sold < 0 {
                wrong(product, "no negative count".to_owned(), stock);
            }
            if available + reserved + sold != *began_with {
                wrong(product, format!("the {began_with} pieces that it began with"), stock);
            }
            if reserved != held || sold != bought {
                wrong(product, format!("orders hold {held} and bought {bought} of it"), stock);
            }
        }
        found
    }

    /// How many pieces of a product orders hold, and how many they have bought.
    fn pieces_of(&self, product: &str) -> (i64, i64) {
        let (mut held, mut bought) = (0, 0);
        for order in self.orders.values() {
            let pieces: i64 = order
                .lines
                .iter()
                .filter(|line| line.product_id.to_string() == product)
                .map(|line| i64::from(line.quantity))
                .sum();
            match order.pieces() {
                StockPosition::Reserved => held += pieces,
                StockPosition::Sold => bought += pieces,
                StockPosition::Available => {}
            }
        }
        (held, bought)
    }

    /// An order comes to an end, is charged at most once, and money stays only where it was confirmed.
    fn order_violations(&self, id: &str, order: &Order, ledger: &Ledger) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut wrong = |expected: &str, was: String| {
            found.push(Violation::new(Invariant::Sagas, id, expected, was));
        };
        let buried = self.dead_letters.iter().any(|letter| letter.body.contains(id));
        let waiting = matches!(order.fulfilment, Fulfilment::AwaitingPayment { .. });
        if order.fulfilment != Fulfilment::Finished && !waiting && !buried {
            wrong("an end", format!("it does not get on: {}", order.fulfilment.public_name()));
        }
        if matches!(order.fulfilment, Fulfilment::AwaitingPayment { checkout: None, .. }) && !buried {
            wrong("something that its buyer can pay", "there is nothing".to_owned());
        }
        let captures = ledger.captures_of(id).len();
        if captures > 1 {
            wrong("one capture at most", format!("it was captured {captures} times"));
        }
        if ledger.net(id) < 0 {
            wrong("no more given back than was captured", format!("{} stayed", ledger.net(id)));
        }
        if order.fulfilment == Fulfilment::Finished && !buried {
            found.extend(self.money_violations(id, order, ledger));
        }
        found
    }

    /// What was captured is where the order and its payment say: all that was offered back went back, once, and the rest
    /// stayed only where the order was confirmed.
    fn money_violations(&self, id: &str, order: &Order, ledger: &Ledger) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut wrong = |expected: String, was: String| {
            found.push(Violation::new(Invariant::Sagas, id, expected, was));
        };
        let done = order.refunds.iter().filter(|refund| refund.status == RefundStatus::Succeeded);
        let back: i64 = done.map(|refund| refund.amount.amount()).sum();
        let expected = match order.status {
            OrderStatus::Confirmed | OrderStatus::Shipped | OrderStatus::Delivered => {
                order.total.amount() - back
            }
            _ => 0,
        };
        if ledger.net(id) != expected {
            let was = format!("it is {:?} and paid {}", order.status, ledger.net(id));
            wrong(format!("{expected} paid"), was);
        }
        if order.pending_refund().is_some() {
            wrong("no refund under way".to_owned(), "a refund does not get on".to_owned());
        }
        let payment = self.payments.get(id);
        let (captured, refunded) =
            payment.map_or((0, 0), |payment| (payment.captured.amount(), payment.refunded.amount()));
        if captured != ledger.captured_total(id) {
            let was = format!("{captured} captured on record");
            wrong(format!("{} captured, as the gateway says", ledger.captured_total(id)), was);
        }
        let truth = ledger.refunded_total(id);
        if (refunded, back) != (truth, truth) {
            let was = format!("{refunded} refunded on record, its order says {back}");
            wrong(format!("{truth} refunded, as the gateway says"), was);
        }
        found
    }
}
