//! One request for what several ask for at the same time: group commit, and the same for loads.
//!
//! Messages of a batch are handled at once, each as if it were alone. What they have in common is the table: what they load is
//! loaded together, and what they commit is committed together as long as no two of them touch the same item.

mod coalescer;

use std::collections::HashSet;

use aws_sdk_dynamodb::types::CancellationReason;

use super::transaction::{MAX_ITEMS, TransactError, TransactRequest, TransactResult, any_failed};
use crate::kit::aws::dynamodb::read::loader;
use crate::kit::aws::dynamodb::{Consistency, Table};
use crate::kit::command::{Key, LoadedItems, StoreError};
use crate::kit::system::clock::{Clock, Entropy};
use coalescer::Coalescer;

/// What is asked of the table, gathered.
#[derive(Debug, Default)]
pub(crate) struct GroupCommit {
    loads: Coalescer<Vec<Key>, Result<LoadedItems, StoreError>>,
    commits: Coalescer<TransactRequest, TransactResult>,
}

/// Answer of a group that came to none.
const NO_RESPONSE: StoreError = StoreError::Unavailable("a request that several shared was not answered");

impl GroupCommit {
    /// Loads the items under `keys`, together with what others load in this moment.
    pub(crate) async fn load(
        &self,
        table: &Table,
        keys: Vec<Key>,
        (clock, entropy): (&impl Clock, &impl Entropy),
    ) -> Result<LoadedItems, StoreError> {
        let (table, clock, entropy) = (table.clone(), clock.clone(), entropy.clone());
        let together = move |asks: Vec<Vec<Key>>| async move {
            let keys = asks.iter().flatten();
            let loaded = loader::load(&table, keys, Consistency::Strong, None, (&clock, &entropy)).await;
            if asks.len() == 1 {
                return vec![loaded];
            }
            asks.iter()
                .map(|keys| loaded.as_ref().map(|all| all.restrict_to(keys)).map_err(Clone::clone))
                .collect()
        };
        self.loads.ask(keys, together).await.unwrap_or(Err(NO_RESPONSE))
    }

    /// Sends the parcel, together with those that others send in this moment.
    pub(crate) async fn commit(&self, table: &Table, parcel: TransactRequest) -> TransactResult {
        let table = table.clone();
        let together = move |parcels| async move { send(&table, parcels).await };
        self.commits.ask(parcel, together).await.unwrap_or(Err(TransactError::Failed(NO_RESPONSE)))
    }
}

/// Sends all of the parcels, each of them wholly or not at all, in as few transactions as there can be.
///
/// One that touches an item of an earlier one waits for its end. Where a transaction is cancelled, those whose own items
/// were to blame have their answer, and the others go again without them.
async fn send(table: &Table, mut parcels: Vec<TransactRequest>) -> Vec<TransactResult> {
    let mut ends: Vec<Option<TransactResult>> = parcels.iter().map(|_| None).collect();
    let mut together = true;
    loop {
        let left = ends.iter().enumerate().filter(|(_, end)| end.is_none()).map(|(position, _)| position);
        let round = if together { disjoint_subset(left, &parcels) } else { left.take(1).collect() };
        if round.is_empty() {
            return ends.into_iter().flatten().collect();
        }
        let parcel = match round.as_slice() {
            // It has its end after that, whatever it is.
            [only] => std::mem::take(&mut parcels[*only]),
            several => TransactRequest::joined(several.iter().map(|position| &parcels[*position])),
        };
        match parcel.send(table).await {
            Err(TransactError::Cancelled(reasons)) if round.len() > 1 => {
                let blamed = split_reasons(&round, &parcels, reasons);
                // As nobody is, each has to find out by itself.
                together = !blamed.is_empty();
                for (position, reasons) in blamed {
                    ends[position] = Some(Err(TransactError::Cancelled(reasons)));
                }
            }
            // Together they may be too large, or the table may not take one of them.
            Err(TransactError::Failed(StoreError::Rejected(_))) if round.len() > 1 => together = false,
            sent => round.into_iter().for_each(|position| ends[position] = Some(sent.clone())),
        }
    }
}

/// As many of the parcels at `positions` as fit one transaction, none of which touches what an earlier one touches.
fn disjoint_subset(positions: impl Iterator<Item = usize>, parcels: &[TransactRequest]) -> Vec<usize> {
    let (mut touched, mut items) = (HashSet::new(), 0);
    let mut round = Vec::new();
    for position in positions {
        let parcel = &parcels[position];
        let is_apart = !parcel.touches.iter().any(|key| touched.contains(key));
        if is_apart && (round.is_empty() || items + parcel.len() <= MAX_ITEMS) {
            items += parcel.len();
            round.push(position);
        }
        touched.extend(&parcel.touches);
    }
    round
}

/// Whose items a transaction of several was cancelled for, each with the reasons of its own items.
fn split_reasons(
    round: &[usize],
    parcels: &[TransactRequest],
    reasons: Vec<CancellationReason>,
) -> Vec<(usize, Vec<CancellationReason>)> {
    let mut reasons = reasons.into_iter();
    let parts = round.iter().map(|position| {
        let own: Vec<_> = reasons.by_ref().take(parcels[*position].len()).collect();
        (*position, own)
    });
    parts.filter(|(_, own)| any_failed(own)).collect()
}
