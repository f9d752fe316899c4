//! Lengths of lists, as if they had been counted.

use std::convert::Infallible;

use shared::kit::command::{Adjustment, Change, Command, Reads};
use shared::kit::system::clock::Timestamp;
use shared::projections::list_total::{ListName, ListTotal};

use crate::Scene;

impl Scene {
    /// Counts so many things more in a list.
    pub async fn counted(&self, list: ListName, by: i64) {
        self.run(Count { list, by }).await;
    }
}

/// Moves the length of a list.
#[derive(Debug, Clone)]
pub struct Count {
    /// Which list.
    pub list: ListName,
    /// By how many things.
    pub by: i64,
}

impl Command for Count {
    type State = ();
    type Output = ();
    type Error = Infallible;

    fn reads(&self) -> Reads<()> {
        Reads::nothing()
    }

    fn decide(&self, (): (), _: Timestamp) -> Result<Change<(), Infallible>, Infallible> {
        let moved = Adjustment::of::<ListTotal>().add(ListTotal::COUNT, self.by);
        Ok(Change::of(()).note::<ListTotal>(&self.list, moved))
    }
}
