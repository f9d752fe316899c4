//! Requests that wrote something, and what was answered: the client's side of it.

use std::collections::{BTreeMap, BTreeSet};

use http::StatusCode;

use super::{Invariant, MoneyAndStock, Violation};
use crate::app::Answer;

/// A request under an idempotency key, and its answer.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// Who asked.
    pub caller: String,
    /// For what: method and path.
    pub route: String,
    /// Under which key.
    pub key: String,
    /// What was answered.
    pub answer: Answer,
}

/// All that a client has asked for under keys, and what limits it was told of.
#[derive(Debug, Clone, Default)]
pub struct HttpLog {
    all: Vec<Exchange>,
    /// What each group of requests is limited to, by the beginning of its counters.
    limits: BTreeMap<String, i64>,
}

/// Where orders are placed.
const ORDERS: &str = "POST /v1/orders";

impl HttpLog {
    /// Notes one.
    pub fn note(&mut self, exchange: Exchange) {
        self.all.push(exchange);
    }

    /// Notes that counters which begin so are to stay within a limit.
    pub fn note_limit(&mut self, counters: &str, most: i64) {
        self.limits.insert(counters.to_owned(), most);
    }

    pub(super) const fn limits(&self) -> &BTreeMap<String, i64> {
        &self.limits
    }

    /// One key has one answer, byte for byte, that was fresh once; what was acknowledged is there; and nobody has more
    /// orders than they have used keys for.
    #[must_use]
    pub fn violations(&self, books: &MoneyAndStock) -> Vec<Violation> {
        let mut by_key: BTreeMap<(&str, &str, &str), Vec<&Answer>> = BTreeMap::new();
        for exchange in &self.all {
            let key = (exchange.caller.as_str(), exchange.route.as_str(), exchange.key.as_str());
            by_key.entry(key).or_default().push(&exchange.answer);
        }
        let mut found = Vec::new();
        for ((_, route, key), answers) in &by_key {
            let done: Vec<&&Answer> = answers.iter().filter(|answer| answer.status.is_success()).collect();
            let bodies: BTreeSet<&str> = done.iter().map(|answer| answer.text.as_str()).collect();
            let fresh =
                done.iter().filter(|answer| !answer.headers.contains_key("idempotent-replay")).count();
            if bodies.len() > 1 || fresh > 1 {
                let was = format!("{} different answers, {fresh} of them fresh", bodies.len());
                let subject = format!("{route} {key}");
                found.push(Violation::new(Invariant::Http, subject, "one answer, replayed", was));
            }
        }
        found.extend(self.orders(books));
        found
    }

    fn orders(&self, books: &MoneyAndStock) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut told: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        let mut keys: BTreeMap<&str, BTreeMap<&str, bool>> = BTreeMap::new();
        for exchange in self.all.iter().filter(|exchange| exchange.route == ORDERS) {
            let acknowledged = exchange.answer.status == StatusCode::CREATED;
            *keys.entry(&exchange.caller).or_default().entry(&exchange.key).or_default() |= acknowledged;
            if acknowledged {
                let id = exchange.answer.json()["data"]["id"].as_str().unwrap_or_default().to_owned();
                if !books.orders.contains_key(&id) {
                    found.push(Violation::new(
                        Invariant::Http,
                        &id,
                        "there, as was acknowledged",
                        "it is not",
                    ));
                }
                told.entry(&exchange.caller).or_default().insert(id);
            }
        }
        for (caller, keys) in keys {
            let known = told.remove(caller).unwrap_or_default();
            let of_caller = books.orders.values().filter(|order| order.buyer_id.to_string() == caller);
            let untold = of_caller.filter(|order| !known.contains(&order.id.to_string())).count();
            let open = keys.values().filter(|acknowledged| !**acknowledged).count();
            if untold > open {
                let expected = format!("at most {open} orders that nobody was told of");
                found.push(Violation::new(Invariant::Http, caller, expected, format!("there are {untold}")));
            }
        }
        found
    }
}
