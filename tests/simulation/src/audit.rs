//! The auditor: invariants that must hold when the system is idle.

use std::collections::{BTreeMap, BTreeSet};

use shared::domain::order::fulfilment::Fulfilment;
use shared::domain::order::payment::Payment;
use shared::domain::order::{Order, OrderStatus};
use shared::domain::product::Stock;
use shared::kit::aws::dynamodb::event_log::LoggedEvent;
use shared::kit::aws::dynamodb::schema::{LOGGED_EVENT_KIND, OUTBOX_KIND};
use shared::kit::command::Record;
use shared::kit::command::read_set::parse;
use shared::messaging::event_routing::subscribers;
use test_support::audit::{Expectations, Journal, MoneyAndStock, Violation};

use crate::payments::Payments;
use crate::queues::{Queues, queue_name};
use crate::scenario::{self, Scenario, UserAction};
use crate::table::Table;
use crate::template_config;

/// Responses that callers received.
#[derive(Debug, Clone, Default)]
pub struct Acknowledged {
    /// Ids of acknowledged orders by the buyer's index.
    pub placed: BTreeMap<usize, BTreeSet<String>>,
    /// Acknowledged actions with their order ids.
    pub done: Vec<(UserAction, String)>,
}

/// Input of the auditor.
pub struct AuditInput<'a> {
    /// The table.
    pub table: &'a Table,
    /// The queues.
    pub queues: &'a Queues,
    /// The payment gateway.
    pub payments: &'a Payments,
    /// Responses that callers received.
    pub acknowledged: &'a Acknowledged,
    /// Scenario of the schedule.
    pub scenario: &'a Scenario,
}

impl AuditInput<'_> {
    /// Runs all checks.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        let state = self.state();
        let product = scenario::product().to_string();
        let acknowledged = self.acknowledged.placed.values().flatten().cloned().collect();
        let expectations = Expectations { stocked: [(product, self.scenario.stock)].into(), acknowledged };
        let mut found = state.violations(&expectations, &self.payments.ledger());
        let wrong = self.journal().violations(&self.payments.ledger(), |order| state.is_dead_lettered(order));
        found.extend(wrong.iter().map(Violation::to_string));
        found.extend(self.one_order_per_key(&state));
        found.extend(self.every_version_once());
        for order in state.orders.values() {
            found.extend(self.events_of(order));
            found.extend(overdue(order));
        }
        found.extend(self.every_event_reached_its_queues());
        found.extend(self.every_event_is_logged_once());
        found.extend(self.acknowledged_actions_hold(&state));
        found
    }

    fn journal(&self) -> Journal {
        let mut journal = Journal::default();
        for (kind, _, item) in self.table.items() {
            journal.add(&kind, &item);
        }
        journal
    }

    fn state(&self) -> MoneyAndStock {
        let mut state = MoneyAndStock::default();
        for (kind, pk, item) in self.table.items() {
            match kind.as_str() {
                Order::KIND => {
                    let order: Order = parse(item).expect("the order is valid");
                    state.orders.insert(order.id.to_string(), order);
                }
                Payment::KIND => {
                    let payment: Payment = parse(item).expect("the payment is valid");
                    state.payments.insert(payment.order_id.to_string(), payment);
                }
                Stock::KIND => {
                    let product = pk.trim_start_matches("product#").to_owned();
                    state.stock.insert(product, parse(item).expect("the stock is valid"));
                }
                OUTBOX_KIND => state.unpublished += 1,
                _ => {}
            }
        }
        state
    }

    /// Checks that each key has one order and that all responses name it.
    fn one_order_per_key(&self, state: &MoneyAndStock) -> Vec<String> {
        let mut found = Vec::new();
        for index in 0..self.scenario.buyers.len() {
            let buyer = scenario::buyer(index).user;
            let orders = state.orders.values().filter(|order| order.buyer_id == buyer).count();
            if orders > 1 {
                found.push(format!("buyer {index} has {orders} orders under one key"));
            }
            let acknowledged = self.acknowledged.placed.get(&index).map_or(0, BTreeSet::len);
            if acknowledged > 1 {
                found.push(format!("buyer {index} got {acknowledged} orders under one key"));
            }
        }
        found
    }

    /// Checks that versions of an order are consecutive and written once.
    fn every_version_once(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (id, versions) in &self.table.versions {
            for (index, (version, status)) in versions.iter().enumerate() {
                let expected = u64::try_from(index).unwrap_or_default() + 1;
                if *version != expected {
                    found.push(format!(
                        "{id}: version {version} ({status}) was written twice or out of order"
                    ));
                    break;
                }
            }
        }
        found
    }

    /// Checks that each change of status with subscribers has its event.
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

    /// Checks that each event was accepted by the queues of all subscribers.
    fn every_event_reached_its_queues(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (event, name) in &self.table.events {
            let expected = subscribers(name);
            for (subscriber, address) in template_config::addresses() {
                let is_taken =
                    self.queues.taken.get(queue_name(address)).is_some_and(|taken| taken.contains(event));
                if expected.contains(subscriber) && !is_taken {
                    found.push(format!("{event} ({name}) never reached {subscriber}"));
                }
            }
        }
        found
    }

    /// Checks that the log has the event of each version of an order, and each published event, once.
    fn every_event_is_logged_once(&self) -> Vec<String> {
        let mut logged: BTreeMap<String, usize> = BTreeMap::new();
        for (kind, _, item) in self.table.items() {
            if kind == LOGGED_EVENT_KIND {
                let event: LoggedEvent = parse(item).expect("the logged event is valid");
                *logged.entry(event.event_id().to_owned()).or_default() += 1;
            }
        }
        let versions = self.table.versions.iter();
        let of_versions = versions
            .flat_map(|(id, versions)| versions.iter().map(move |(version, _)| format!("{id}.{version}")));
        let expected: BTreeSet<String> = of_versions.chain(self.table.events.keys().cloned()).collect();
        let times = expected.into_iter().map(|id| (logged.get(&id).copied().unwrap_or_default(), id));
        times.filter(|(n, _)| *n != 1).map(|(n, id)| format!("{id} is logged {n} times")).collect()
    }

    /// Checks that acknowledged actions took effect, and took effect once.
    fn acknowledged_actions_hold(&self, state: &MoneyAndStock) -> Vec<String> {
        let mut found = Vec::new();
        for (action, id) in &self.acknowledged.done {
            let Some(order) = state.orders.get(id) else { continue };
            let holds = match action {
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
            if !holds {
                found.push(format!(
                    "{id}: \"{action}\" was acknowledged, but the order is {:?}",
                    order.status
                ));
            }
        }
        for (index, order) in
            state.orders.values().filter_map(|order| Some((self.buyer_index(order)?, order)))
        {
            let of_seller =
                |action: &&UserAction| matches!(action, UserAction::Refund(of, _) if *of == index);
            let keys = self.scenario.actions.iter().filter(of_seller).count();
            let refunds = order.refunds.iter().filter(|refund| refund.reason == "changed my mind").count();
            if refunds > keys {
                found.push(format!("{}: {refunds} refunds under {keys} keys", order.id));
            }
        }
        found
    }

    fn buyer_index(&self, order: &Order) -> Option<usize> {
        (0..self.scenario.buyers.len()).find(|index| scenario::buyer(*index).user == order.buyer_id)
    }
}

/// Checks that no order waits for a payment that is overdue.
fn overdue(order: &Order) -> Option<String> {
    let is_waiting =
        matches!(order.fulfilment, Fulfilment::AwaitingPayment { .. } | Fulfilment::ClosingCheckout { .. });
    is_waiting.then(|| format!("{} still waits for its payment, which is overdue", order.id))
}
