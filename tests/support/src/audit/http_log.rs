//! Log of the client's write requests and their responses.

use std::collections::{BTreeMap, BTreeSet};

use http::StatusCode;

use super::{Invariant, MoneyAndStock, Violation};
use crate::app::TestResponse;

/// A request with an idempotency key, and its response.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// User id of the caller.
    pub caller: String,
    /// Method and path.
    pub route: String,
    /// Idempotency key.
    pub key: String,
    /// Response.
    pub response: TestResponse,
}

/// All requests with idempotency keys, and the rate limits that the client expects.
#[derive(Debug, Clone, Default)]
pub struct HttpLog {
    all: Vec<Exchange>,
    /// Rate limits by prefix of the counter's name.
    limits: BTreeMap<String, i64>,
}

const PLACE_ORDER: &str = "POST /v1/orders";

impl HttpLog {
    /// Records a request and its response.
    pub fn record(&mut self, exchange: Exchange) {
        self.all.push(exchange);
    }

    /// Records the limit of all counters whose name has this prefix.
    pub fn record_limit(&mut self, prefix: &str, limit: i64) {
        self.limits.insert(prefix.to_owned(), limit);
    }

    pub(super) const fn limits(&self) -> &BTreeMap<String, i64> {
        &self.limits
    }

    /// Checks that all successful responses of a key have the same body and at most one is not a replay, that
    /// acknowledged orders exist, and that no caller has more orders than idempotency keys.
    #[must_use]
    pub fn violations(&self, state: &MoneyAndStock) -> Vec<Violation> {
        let mut by_key: BTreeMap<(&str, &str, &str), Vec<&TestResponse>> = BTreeMap::new();
        for exchange in &self.all {
            let key = (exchange.caller.as_str(), exchange.route.as_str(), exchange.key.as_str());
            by_key.entry(key).or_default().push(&exchange.response);
        }
        let mut found = Vec::new();
        for ((_, route, key), answers) in &by_key {
            let succeeded: Vec<&&TestResponse> =
                answers.iter().filter(|response| response.status.is_success()).collect();
            let bodies: BTreeSet<&str> = succeeded.iter().map(|response| response.text.as_str()).collect();
            let executed = succeeded
                .iter()
                .filter(|response| !response.headers.contains_key("idempotent-replay"))
                .count();
            if bodies.len() > 1 || executed > 1 {
                let was = format!("{} different responses, {executed} of them not replayed", bodies.len());
                let subject = format!("{route} {key}");
                found.push(Violation::new(Invariant::Http, subject, "one response, which is replayed", was));
            }
        }
        found.extend(self.orders(state));
        found
    }

    fn orders(&self, state: &MoneyAndStock) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut acknowledged_ids: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        let mut keys: BTreeMap<&str, BTreeMap<&str, bool>> = BTreeMap::new();
        for exchange in self.all.iter().filter(|exchange| exchange.route == PLACE_ORDER) {
            let acknowledged = exchange.response.status == StatusCode::CREATED;
            *keys.entry(&exchange.caller).or_default().entry(&exchange.key).or_default() |= acknowledged;
            if acknowledged {
                let id = exchange.response.json()["data"]["id"].as_str().unwrap_or_default().to_owned();
                if !state.orders.contains_key(&id) {
                    found.push(Violation::new(
                        Invariant::Http,
                        &id,
                        "the acknowledged order exists",
                        "it does not exist",
                    ));
                }
                acknowledged_ids.entry(&exchange.caller).or_default().insert(id);
            }
        }
        for (caller, keys) in keys {
            let known = acknowledged_ids.remove(caller).unwrap_or_default();
            let of_caller = state.orders.values().filter(|order| order.buyer_id.to_string() == caller);
            let unacknowledged = of_caller.filter(|order| !known.contains(&order.id.to_string())).count();
            let without_response = keys.values().filter(|acknowledged| !**acknowledged).count();
            if unacknowledged > without_response {
                let expected = format!("at most {without_response} unacknowledged orders");
                found.push(Violation::new(
                    Invariant::Http,
                    caller,
                    expected,
                    format!("{unacknowledged} unacknowledged orders"),
                ));
            }
        }
        found
    }
}
