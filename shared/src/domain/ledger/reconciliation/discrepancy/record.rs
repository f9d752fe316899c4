//! Recording a discrepancy.

use std::convert::Infallible;

use super::Discrepancy;
use crate::kit::command::{Change, Command, NoEvents, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Records a discrepancy. If it is already stored, its time of last confirmation is updated. A closed
/// discrepancy is reopened.
#[derive(Debug, Clone)]
pub struct RecordDiscrepancy(pub Discrepancy);

impl Command for RecordDiscrepancy {
    type State = Option<Discrepancy>;
    type Output = ();
    type Error = Infallible;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.0.id)
    }

    fn decide(&self, stored: Self::State, _: Timestamp) -> Result<Change<(), Infallible>, Infallible> {
        let found = self.0.clone();
        let recorded = match stored {
            Some(stored) => {
                Discrepancy { version: stored.version.next(), first_seen_at: stored.first_seen_at, ..found }
            }
            None => found,
        };
        Ok(Change::of(()).save(&recorded, NoEvents))
    }
}
