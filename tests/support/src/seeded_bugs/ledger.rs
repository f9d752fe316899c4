//! Bugs that lose a journal entry, or let it be written twice.

use local::faults::{RequestMutation, Service};

use super::{SeededBug, drop_items, kind};
use crate::audit::Invariant;

pub(super) const BUGS: &[SeededBug] = &[SeededBug {
    name: "entry-not-recorded",
    invariant: Invariant::Ledger,
    description: "a captured payment has no journal entry",
    detected_by: "trade",
    delayed_function: None,
    mutation: || {
        RequestMutation::new("queue-fulfilment", Service::DynamoDb, |_, body| {
            drop_items(body, |item| kind(item) == "journal-entry");
        })
    },
}];
