//! Coverage of a run: operations with their statuses, and with the states of the resources they were about.

use std::collections::{BTreeMap, BTreeSet};

use crate::operations::OPERATIONS;

/// Operations about a resource.
type Operations = &'static [&'static str];

const OF_ORDERS: Operations = &[
    "getOrder",
    "getOrderTimeline",
    "cancelOrder",
    "shipOrder",
    "deliverOrder",
    "refundOrder",
    "getPayment",
];

/// Kinds of resources with their states, and the operations about them.
pub const STATES: &[(&str, &[&str], Operations)] = &[
    (
        "order",
        &[
            "pending",
            "awaiting_payment",
            "confirmed",
            "shipped",
            "delivered",
            "rejected",
            "cancelled",
            "expired",
            "refunded",
        ],
        OF_ORDERS,
    ),
    ("refund", &["pending", "requires_action", "succeeded", "failed", "cancelled"], OF_ORDERS),
    (
        "market",
        &["draft", "active", "suspended", "closed"],
        &[
            "getMarket",
            "patchMarket",
            "replaceMarket",
            "deleteMarket",
            "getMarketStats",
            "getMarketShipping",
            "setMarketShipping",
            "getMarketTax",
            "setMarketTax",
            "getMarketCommission",
            "setMarketCommission",
            "getMarketBalance",
            "listMarketEntries",
            "createProduct",
            "listProducts",
        ],
    ),
    (
        "job",
        &["queued", "running", "succeeded", "failed", "dead", "cancelled"],
        &["getJob", "getJobResult", "cancelJob", "retryJob", "deleteJob"],
    ),
    ("account", &["active", "suspended"], &["getUser", "patchUser", "replaceUser", "deleteUser"]),
];

/// Number of responses by operation and status, and of requests by state and operation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    statuses: BTreeMap<(String, u16), usize>,
    states: BTreeMap<(String, String, String), usize>,
}

impl Coverage {
    /// Records a response.
    pub fn record(&mut self, operation: &str, status: u16, found: Vec<(String, String)>) {
        *self.statuses.entry((operation.to_owned(), status)).or_default() += 1;
        for (kind, state) in found {
            *self.states.entry((kind, state, operation.to_owned())).or_default() += 1;
        }
    }

    /// Adds the coverage of another run.
    pub fn add(&mut self, other: &Self) {
        for (key, count) in &other.statuses {
            *self.statuses.entry(key.clone()).or_default() += count;
        }
        for (key, count) in &other.states {
            *self.states.entry(key.clone()).or_default() += count;
        }
    }

    /// Number of responses.
    #[must_use]
    pub fn responses(&self) -> usize {
        self.statuses.values().sum()
    }

    /// Number of responses of an operation with a status.
    #[must_use]
    pub fn of(&self, operation: &str, status: u16) -> usize {
        self.statuses.get(&(operation.to_owned(), status)).copied().unwrap_or_default()
    }

    /// Number of successful responses of an operation.
    #[must_use]
    pub fn successes(&self, operation: &str) -> usize {
        let of_operation = self.statuses.iter().filter(|((of, _), _)| of == operation);
        of_operation.filter(|((_, status), _)| *status < 300).map(|(_, count)| count).sum()
    }

    /// Number of requests of an operation about a resource in a state.
    #[must_use]
    pub fn of_state(&self, kind: &str, state: &str, operation: &str) -> usize {
        let key = (kind.to_owned(), state.to_owned(), operation.to_owned());
        self.states.get(&key).copied().unwrap_or_default()
    }

    /// Documented statuses of all operations that no response had.
    #[must_use]
    pub fn missing(&self) -> BTreeSet<(&'static str, u16)> {
        let documented = OPERATIONS
            .values()
            .flat_map(|operation| operation.statuses.iter().map(|status| (operation.id.as_str(), *status)));
        documented.filter(|(operation, status)| self.of(operation, *status) == 0).collect()
    }

    /// Operations that no request called about a resource in a state.
    #[must_use]
    pub fn missing_states(&self) -> Vec<(&'static str, &'static str, &'static str)> {
        let mut missing = Vec::new();
        for (kind, states, operations) in STATES {
            for state in *states {
                for operation in *operations {
                    if self.of_state(kind, state, operation) == 0 {
                        missing.push((*kind, *state, *operation));
                    }
                }
            }
        }
        missing
    }
}
