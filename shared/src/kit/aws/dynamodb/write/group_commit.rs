//! Group commit: concurrent commands share requests to the table.
//!
//! ```text
//! command 1: load a, b ---+
//! command 2: load b, c ---+---> BatchGetItem a, b, c ---> each command gets the items of its own keys
//! command 3: load a ------+
//!
//! command 1: write a -----+
//! command 2: write c -----+---> TransactWriteItems a, c
//! command 3: write a ---------> TransactWriteItems a       (same item as command 1: next transaction)
//! ```
//!
//! The messages of a batch are handled concurrently, and each handler executes its commands as if it were
//! alone. A [`Coalescer`] collects the requests that are submitted at the same time. Loads share one batch
//! read. Commits share one transaction, as long as no two of them contain the same item; each command is
//! still committed completely or not at all, and gets its own result.

mod coalescer;

use std::collections::HashSet;

use aws_sdk_dynamodb::types::CancellationReason;

use super::transaction::{MAX_ITEMS, TransactError, TransactRequest, TransactResult, any_failed};
use crate::kit::aws::dynamodb::read::loader;
use crate::kit::aws::dynamodb::{Consistency, Table};
use crate::kit::command::{Key, LoadedItems, StoreError};
use crate::kit::system::clock::{Clock, Entropy};
use coalescer::Coalescer;

/// Combines the loads and the commits of concurrent commands.
#[derive(Debug, Default)]
pub(crate) struct GroupCommit {
    loads: Coalescer<Vec<Key>, Result<LoadedItems, StoreError>>,
    commits: Coalescer<TransactRequest, TransactResult>,
}

/// Error for a command whose shared request returned no result.
const NO_RESPONSE: StoreError = StoreError::Unavailable("no response to a shared request");

impl GroupCommit {
    /// Loads the items under `keys`, in one batch read with concurrent loads.
    pub(crate) async fn load(
        &self,
        table: &Table,
        keys: Vec<Key>,
        clock: &impl Clock,
        entropy: &impl Entropy,
    ) -> Result<LoadedItems, StoreError> {
        let (table, clock, entropy) = (table.clone(), clock.clone(), entropy.clone());
        let load_all = move |key_sets: Vec<Vec<Key>>| async move {
            let keys = key_sets.iter().flatten();
            let loaded = loader::load(&table, keys, Consistency::Strong, None, &clock, &entropy).await;
            if key_sets.len() == 1 {
                return vec![loaded];
            }
            key_sets
                .iter()
                .map(|keys| loaded.as_ref().map(|all| all.restrict_to(keys)).map_err(Clone::clone))
                .collect()
        };
        self.loads.submit(keys, load_all).await.unwrap_or(Err(NO_RESPONSE))
    }

    /// Sends a transaction, combined with concurrent ones.
    pub(crate) async fn commit(&self, table: &Table, request: TransactRequest) -> TransactResult {
        let table = table.clone();
        let send_all = move |requests| async move { send(&table, requests).await };
        self.commits.submit(request, send_all).await.unwrap_or(Err(TransactError::Failed(NO_RESPONSE)))
    }
}

/// Sends all requests in as few transactions as possible; each request is committed completely or not at all.
///
/// A request that contains an item of an earlier request waits until that one is finished. If a combined
/// transaction is cancelled, the requests whose own items failed are finished, and the others are sent again
/// without them.
async fn send(table: &Table, mut requests: Vec<TransactRequest>) -> Vec<TransactResult> {
    let mut results: Vec<Option<TransactResult>> = requests.iter().map(|_| None).collect();
    let mut combine = true;
    loop {
        let unfinished =
            results.iter().enumerate().filter(|(_, result)| result.is_none()).map(|(position, _)| position);
        let round =
            if combine { disjoint_subset(unfinished, &requests) } else { unfinished.take(1).collect() };
        if round.is_empty() {
            return results.into_iter().flatten().collect();
        }
        let request = match round.as_slice() {
            // Moved out instead of copied: it is finished after this round in any case.
            [only] => std::mem::take(&mut requests[*only]),
            several => TransactRequest::joined(several.iter().map(|position| &requests[*position])),
        };
        match request.send(table).await {
            Err(TransactError::Cancelled(reasons)) if round.len() > 1 => {
                let failed = split_reasons(&round, &requests, reasons);
                // If no request can be identified as the cause, each is sent alone.
                combine = !failed.is_empty();
                for (position, reasons) in failed {
                    results[position] = Some(Err(TransactError::Cancelled(reasons)));
                }
            }
            // The combined request may be too large, or one of its parts may be invalid.
            Err(TransactError::Failed(StoreError::Rejected(_))) if round.len() > 1 => combine = false,
            result => round.into_iter().for_each(|position| results[position] = Some(result.clone())),
        }
    }
}

/// Selects as many of the requests at `positions` as fit one transaction, so that none writes an item of an
/// earlier one. Keys of requests that are left out count as well, so requests for the same item keep their
/// order.
fn disjoint_subset(positions: impl Iterator<Item = usize>, requests: &[TransactRequest]) -> Vec<usize> {
    let (mut keys, mut items) = (HashSet::new(), 0);
    let mut round = Vec::new();
    for position in positions {
        let request = &requests[position];
        let is_disjoint = !request.keys.iter().any(|key| keys.contains(key));
        if is_disjoint && (round.is_empty() || items + request.len() <= MAX_ITEMS) {
            items += request.len();
            round.push(position);
        }
        keys.extend(&request.keys);
    }
    round
}

/// Splits the cancellation reasons by request; returns the requests that have a failed item.
fn split_reasons(
    round: &[usize],
    requests: &[TransactRequest],
    reasons: Vec<CancellationReason>,
) -> Vec<(usize, Vec<CancellationReason>)> {
    let mut reasons = reasons.into_iter();
    let parts = round.iter().map(|position| {
        let own: Vec<_> = reasons.by_ref().take(requests[*position].len()).collect();
        (*position, own)
    });
    parts.filter(|(_, own)| any_failed(own)).collect()
}
