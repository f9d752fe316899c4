//! Lengths of lists, as if they had been counted.

use std::convert::Infallible;

use shared::kit::command::{Adjustment, Change, Command, ReadSet};
use shared::kit::system::clock::Timestamp;
use shared::projections::list_total::{ListKey, ListTotal};

use crate::Marketplace;

impl Marketplace {
    /// Counts so many things more in a list.
    pub async fn counted(&self, list: ListKey, by: i64) {
        self.run(Count { list, by }).await;
    }
}

/// Moves the length of a list.
#[derive(Debug, Clone)]
pub struct Count {
    /// Which list.
    pub list: ListKey,
    /// By how many things.
    pub by: i64,
}

impl Command for Count {
    type State = ();
    type Output = ();
    type Error = Infallible;

    fn reads(&self) -> ReadSet<()> {
        ReadSet::empty()
    }

    fn decide(&self, (): (), _: Timestamp) -> Result<Change<(), Infallible>, Infallible> {
        let moved = Adjustment::of::<ListTotal>().add(ListTotal::COUNT, self.by);
        Ok(Change::of(()).adjust_unchecked::<ListTotal>(&self.list, moved))
    }
}
