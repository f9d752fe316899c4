//! The auditor: holds the table, the payment gateway's own ledger and the client's journal against each other, once
//! nothing moves any more.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use local::payments::Ledger;
use serde::de::DeserializeOwned;
use shared::command::Record;
use shared::domain::dead_letter::DeadLetter;
use shared::domain::order::fulfilment::{Fulfilment, Pieces};
use shared::domain::order::{Order, OrderStatus};
use shared::domain::payment::Payment;
use shared::domain::product::Stock;
use shared::domain::refund::RefundStatus;
use shared::dynamodb::schema::OUTBOX_KIND;

use crate::shop::Shop;

/// What a client knows: what it put in and what it was told.
#[derive(Debug, Clone, Default)]
pub struct Journal {
    /// Pieces that each product began with.
    pub stocked: BTreeMap<String, i64>,
    /// Orders that were acknowledged.
    pub acknowledged: Vec<String>,
}

/// Everything in the table that the invariants speak of.
#[derive(Debug, Default)]
pub struct Books {
    /// Orders, by id.
    pub orders: BTreeMap<String, Order>,
    /// Payments, by their order's id.
    pub payments: BTreeMap<String, Payment>,
    /// Stock, by product.
    pub stock: BTreeMap<String, Stock>,
    /// Dead letters.
    pub dead_letters: Vec<DeadLetter>,
    /// Events that wait to be published.
    pub unpublished: usize,
}

impl Books {
    /// Reads the whole table. Only an auditor may do that.
    ///
    /// # Panics
    /// If the table does not answer, or holds what does not read.
    pub async fn read(shop: &Shop) -> Self {
        let table = shop.stack().table_name("Table").expect("the template has the table").to_owned();
        let pages = shop.dynamodb().scan().table_name(table).into_paginator().items().send();
        let items: Vec<_> = pages.collect::<Result<_, _>>().await.expect("the table answers");
        let mut books = Self::default();
        for item in items {
            books.enter(item);
        }
        books
    }

    fn enter(&mut self, item: std::collections::HashMap<String, AttributeValue>) {
        let text =
            |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
        let (kind, pk) = (text("kind"), text("pk"));
        if kind == Order::KIND {
            let order: Order = read(item);
            self.orders.insert(order.id.to_string(), order);
        } else if kind == Payment::KIND {
            let payment: Payment = read(item);
            self.payments.insert(payment.order_id.to_string(), payment);
        } else if kind == Stock::KIND {
            self.stock.insert(pk.trim_start_matches("product#").to_owned(), read(item));
        } else if kind == DeadLetter::KIND {
            self.dead_letters.push(read(item));
        } else if kind == OUTBOX_KIND {
            self.unpublished += 1;
        }
    }

    /// Everything that should not be so.
    #[must_use]
    pub fn violations(&self, journal: &Journal, ledger: &Ledger) -> Vec<String> {
        let mut found = self.stock_violations(journal);
        for id in &journal.acknowledged {
            if !self.orders.contains_key(id) {
                found.push(format!("{id} was acknowledged and is not there"));
            }
        }
        for (id, order) in &self.orders {
            found.extend(self.order_violations(id, order, ledger));
        }
        for id in ledger.orders() {
            if ledger.captured_total(id) > 0 && !self.orders.contains_key(id) {
                found.push(format!("{id} was charged and is not there"));
            }
        }
        if self.unpublished > 0 {
            found.push(format!("{} events are not published", self.unpublished));
        }
        found
    }

    /// Pieces are neither made nor lost, and each is where its order says.
    fn stock_violations(&self, journal: &Journal) -> Vec<String> {
        let mut found = Vec::new();
        for (product, began_with) in &journal.stocked {
            let stock = self.stock.get(product).copied().unwrap_or_default();
            let Stock { available, reserved, sold } = stock;
            let (held, bought) = self.pieces_of(product);
            if available < 0 || reserved < 0 || sold < 0 {
                found.push(format!("{product} has a negative count: {stock:?}"));
            }
            if available + reserved + sold != *began_with {
                found.push(format!("{product} began with {began_with} pieces and has {stock:?}"));
            }
            if reserved != held || sold != bought {
                found.push(format!(
                    "orders hold {held} and bought {bought} of {product}, its stock says {stock:?}"
                ));
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
                Pieces::Reserved => held += pieces,
                Pieces::Sold => bought += pieces,
                Pieces::Returned => {}
            }
        }
        (held, bought)
    }

    /// An order comes to an end, is charged at most once, and money stays only where it was confirmed.
    fn order_violations(&self, id: &str, order: &Order, ledger: &Ledger) -> Vec<String> {
        let mut found = Vec::new();
        let buried = self.dead_letters.iter().any(|letter| letter.body.contains(id));
        let waiting = matches!(order.fulfilment, Fulfilment::AwaitingPayment { .. });
        if order.fulfilment != Fulfilment::Finished && !waiting && !buried {
            found.push(format!("{id} does not get on: {:?}", order.fulfilment.public_name()));
        }
        let captures = ledger.captures_of(id).len();
        if captures > 1 {
            found.push(format!("{id} was captured {captures} times"));
        }
        if order.fulfilment == Fulfilment::Finished && !buried {
            found.extend(self.money_violations(id, order, ledger));
        }
        found
    }

    /// What was captured is where the order and its payment say: all that was offered back went back, once, and the rest
    /// stayed only where the order was confirmed.
    fn money_violations(&self, id: &str, order: &Order, ledger: &Ledger) -> Vec<String> {
        let mut found = Vec::new();
        let back: i64 = order
            .refunds
            .iter()
            .filter(|refund| refund.status == RefundStatus::Succeeded)
            .map(|refund| refund.amount.amount())
            .sum();
        let expected = match order.status {
            OrderStatus::Confirmed | OrderStatus::Shipped | OrderStatus::Delivered => {
                order.total.amount() - back
            }
            _ => 0,
        };
        if ledger.net(id) != expected {
            found.push(format!(
                "{id} is {:?} and paid {} instead of {expected}",
                order.status,
                ledger.net(id)
            ));
        }
        if order.pending_refund().is_some() {
            found.push(format!("{id} has a refund that does not get on"));
        }
        let (captured, refunded) = self
            .payments
            .get(id)
            .map_or((0, 0), |payment| (payment.captured.amount(), payment.refunded.amount()));
        if captured != ledger.captured_total(id) {
            found.push(format!("{id} has {captured} on record and {} captured", ledger.captured_total(id)));
        }
        if (refunded, back) != (ledger.refunded_total(id), ledger.refunded_total(id)) {
            let truth = ledger.refunded_total(id);
            found.push(format!(
                "{id} has {refunded} refunded on record, its order says {back}, in truth {truth}"
            ));
        }
        found
    }
}

fn read<T: DeserializeOwned>(item: std::collections::HashMap<String, AttributeValue>) -> T {
    serde_dynamo::from_item(item).expect("what is stored reads")
}
