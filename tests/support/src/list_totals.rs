//! Direct changes of list totals.

use std::convert::Infallible;

use shared::kit::command::{Adjustment, Change, Command, ReadSet};
use shared::kit::system::clock::Timestamp;
use shared::projections::list_total::{ListKey, ListTotal};

use crate::Marketplace;

impl Marketplace {
    /// Adds `by` to the total of a list.
    pub async fn add_to_list_total(&self, list: ListKey, by: i64) {
        self.run(AddToListTotal { list, by }).await;
    }
}

/// Command that changes the total of a list.
#[derive(Debug, Clone)]
pub struct AddToListTotal {
    /// Key of the list.
    pub list: ListKey,
    /// Difference.
    pub by: i64,
}

impl Command for AddToListTotal {
    type State = ();
    type Output = ();
    type Error = Infallible;

    fn reads(&self) -> ReadSet<()> {
        ReadSet::empty()
    }

    fn decide(&self, (): (), _: Timestamp) -> Result<Change<(), Infallible>, Infallible> {
        let adjustment = Adjustment::of::<ListTotal>().add(ListTotal::COUNT, self.by);
        Ok(Change::of(()).adjust_unchecked::<ListTotal>(&self.list, adjustment))
    }
}
