//! What tests share: a table to work on, a way to send events through a router, and a shop that runs on the local stack.

#![expect(clippy::expect_used, reason = "a test that cannot go on says where, and stops")]

pub mod app;
pub mod audit;
pub mod collector;
mod expire;
pub mod fixture;
pub mod fuzz;
pub mod lambda_event;
pub mod list_totals;
pub mod openapi_contract;
pub mod read_units;
pub mod recording_queue;
pub mod recount;
pub mod request_recorder;
pub mod search_index;
pub mod seeded_bugs;
pub mod table;

use std::path::PathBuf;

pub use crate::app::{TestApp, TestUser};
pub use crate::fixture::Marketplace;
pub use collector::Collector;
pub use table::TestTable;

/// A path below the workspace's folder.
///
/// # Panics
/// If this crate does not lie in the workspace.
#[must_use]
pub fn workspace(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("the crate lies two folders below the workspace")
        .join(path)
}
