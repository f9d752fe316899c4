//! Noting that books differ.

use std::convert::Infallible;

use super::Discrepancy;
use crate::kit::command::{Change, Command, NoEvents, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Notes a discrepancy, for the first time or once more. One that was closed is open again.
#[derive(Debug, Clone)]
pub struct RecordDiscrepancy(pub Discrepancy);

impl Command for RecordDiscrepancy {
    type State = Option<Discrepancy>;
    type Output = ();
    type Error = Infallible;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.0.id)
    }

    fn decide(&self, known: Self::State, _: Timestamp) -> Result<Change<(), Infallible>, Infallible> {
        let seen = self.0.clone();
        let noted = match known {
            Some(known) => {
                Discrepancy { version: known.version.next(), first_seen_at: known.first_seen_at, ..seen }
            }
            None => seen,
        };
        Ok(Change::of(()).save(&noted, NoEvents))
    }
}
