//! The auditor: what must hold once nothing moves any more, whatever went wrong before.

use std::collections::{BTreeMap, BTreeSet};

use shared::domain::order::fulfilment::Fulfilment;
use shared::domain::order::{Order, OrderStatus};
use shared::domain::payment::Payment;
use shared::domain::product::Stock;
use shared::kit::aws::dynamodb::schema::OUTBOX_KIND;
use shared::kit::command::Record;
use shared::kit::command::read_set::parse;
use shared::messaging::event_routing::subscribers;
use test_support::audit::{Expectations, MoneyAndStock};

use crate::payments::Payments;
use crate::queues::Queues;
use crate::scenario::{self, Scenario, UserAction};
use crate::table::Table;
use crate::template_config;

/// What callers were told.
#[derive(Debug, Clone, Default)]
pub struct Acknowledged {
    /// The orders that each buyer was told of, by the buyer's place.
    pub placed: BTreeMap<usize, BTreeSet<String>>,
    /// The deeds that were done, with the order.
    pub done: Vec<(UserAction, String)>,
}

/// All that the auditor looks at.
pub struct Evidence<'a> {
    /// The table.
    pub table: &'a Table,
    /// The queues.
    pub queues: &'a Queues,
    /// The payment gateway.
    pub payments: &'a Payments,
    /// What callers were told.
    pub promises: &'a Acknowledged,
    /// What they wanted.
    pub scenario: &'a Scenario,
}

impl Evidence<'_> {
    /// Everything that should not be so.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        let books = self.books();
        let product = scenario::product().to_string();
        let acknowledged = self.promises.placed.values().flatten().cloned().collect();
        let journal = Expectations { stocked: [(product, self.scenario.stock)].into(), acknowledged };
        let mut found = books.violations(&journal, &self.payments.ledger());
        found.extend(self.one_order_for_each_key(&books));
        found.extend(self.every_version_once());
        for order in books.orders.values() {
            found.extend(self.events_of(order));
            found.extend(ended(order));
        }
        found.extend(self.every_event_reached_its_queues());
        found.extend(self.promises_are_kept(&books));
        found
    }

    fn books(&self) -> MoneyAndStock {
        let mut books = MoneyAndStock::default();
        for (kind, pk, item) in self.table.everything() {
            match kind.as_str() {
                Order::KIND => {
                    let order: Order = parse(item).expect("an order reads");
                    books.orders.insert(order.id.to_string(), order);
                }
                Payment::KIND => {
                    let payment: Payment = parse(item).expect("a payment reads");
                    books.payments.insert(payment.order_id.to_string(), payment);
                }
                Stock::KIND => {
                    let product = pk.trim_start_matches("product#").to_owned();
                    books.stock.insert(product, parse(item).expect("a stock reads"));
                }
                OUTBOX_KIND => books.unpublished += 1,
                _ => {}
            }
        }
        books
    }

    /// One key is one order, and every answer under it names that one.
    fn one_order_for_each_key(&self, books: &MoneyAndStock) -> Vec<String> {
        let mut found = Vec::new();
        for place in 0..self.scenario.buyers.len() {
            let buyer = scenario::buyer(place).user;
            let orders = books.orders.values().filter(|order| order.buyer_id == buyer).count();
            if orders > 1 {
                found.push(format!("buyer {place} has {orders} orders under one key"));
            }
            let told = self.promises.placed.get(&place).map_or(0, BTreeSet::len);
            if told > 1 {
                found.push(format!("buyer {place} was told of {told} orders under one key"));
            }
        }
        found
    }

    /// Versions of an order follow each other without a gap, each written once.
    fn every_version_once(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (id, versions) in &self.table.versions {
            for (place, (version, status)) in versions.iter().enumerate() {
                let expected = u64::try_from(place).unwrap_or_default() + 1;
                if *version != expected {
                    found.push(format!("{id}: version {version} ({status}) was written twice, or late"));
                    break;
                }
            }
        }
        found
    }

    /// Whatever the order became, there is the event that tells of it.
    fn events_of(&self, order: &Order) -> Vec<String> {
        let id = order.id.to_string();
        let versions = self.table.versions.get(&id).map(Vec::as_slice).unwrap_or_default();
        let mut before = "";
        let mut found = Vec::new();
        for (version, status) in versions {
            let name = if *version == 1 { "order.created".to_owned() } else { format!("order.{status}") };
            let event = self.table.events.get(&format!("{id}.{version}"));
            if status != before && !subscribers(&name).is_empty() && event != Some(&name) {
                found.push(format!("{id}: version {version} has no event {name}"));
            }
            before = status;
        }
        found
    }

    /// Every event was taken by the queue of everybody who subscribes to it.
    fn every_event_reached_its_queues(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (event, name) in &self.table.events {
            let heard_by = subscribers(name);
            for (subscriber, address) in template_config::addresses() {
                let taken = self.queues.taken.get(address).is_some_and(|taken| taken.contains(event));
                if heard_by.contains(subscriber) && !taken {
                    found.push(format!("{event} ({name}) never reached {}", subscriber.as_str()));
                }
            }
        }
        found
    }

    /// What a caller was told is done, stays done, and is done once.
    fn promises_are_kept(&self, books: &MoneyAndStock) -> Vec<String> {
        let mut found = Vec::new();
        for (deed, id) in &self.promises.done {
            let Some(order) = books.orders.get(id) else { continue };
            let kept = match deed {
                UserAction::CancelAsBuyer(_) | UserAction::CancelAsSeller(_) => {
                    order.status == OrderStatus::Cancelled
                }
                UserAction::Ship(_) => order.shipment.is_some(),
                UserAction::Deliver(_) => {
                    order.timeline.iter().any(|entry| entry.status == OrderStatus::Delivered)
                }
                UserAction::Refund(..) => !order.refunds.is_empty(),
                UserAction::Place(_) | UserAction::Pay(_) | UserAction::PayDeclined(_) => true,
            };
            if !kept {
                found.push(format!("{id}: \"{deed}\" was acknowledged, and the order is {:?}", order.status));
            }
        }
        for (place, order) in books.orders.values().filter_map(|order| Some((self.place_of(order)?, order))) {
            let of_seller = |deed: &&UserAction| matches!(deed, UserAction::Refund(of, _) if *of == place);
            let asked = self.scenario.deeds.iter().filter(of_seller).count();
            let offered = order.refunds.iter().filter(|refund| refund.reason == "changed my mind").count();
            if offered > asked {
                found.push(format!("{}: {offered} refunds under {asked} keys", order.id));
            }
        }
        found
    }

    fn place_of(&self, order: &Order) -> Option<usize> {
        (0..self.scenario.buyers.len()).find(|place| scenario::buyer(*place).user == order.buyer_id)
    }
}

/// An order comes to its end once its payment is overdue, at the latest.
fn ended(order: &Order) -> Option<String> {
    let waits = matches!(order.fulfilment, Fulfilment::AwaitingPayment { .. });
    waits.then(|| format!("{} still waits for its payment, which is overdue", order.id))
}
