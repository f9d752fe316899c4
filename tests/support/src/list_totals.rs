//! Direct changes of list totals.

use shared::kit::command::{Adjustment, Change};
use shared::projections::list_total::{ListKey, ListTotal};

use crate::Marketplace;

impl Marketplace {
    /// Adds `by` to the total of a list.
    pub async fn add_to_list_total(&self, list: ListKey, by: i64) {
        let adjustment = || Adjustment::of::<ListTotal>().add(ListTotal::COUNT, by);
        self.write(|_| Change::of(()).adjust_unchecked::<ListTotal>(&list, adjustment())).await;
    }
}
