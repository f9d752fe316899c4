//! Support for all test suites: the local stack, an embedded table, Lambda events, recorders, seeded bugs,
//! the auditor.

#![expect(clippy::expect_used, reason = "a test that cannot continue fails with a message")]

pub mod api_function;
pub mod app;
pub mod audit;
pub mod capacity_meter;
pub mod collector;
pub mod counting_service;
mod expire;
pub mod fixture;
pub mod fuzz;
pub mod lambda_event;
pub mod list_totals;
pub mod openapi_contract;
pub mod queue_function;
pub mod recording_queue;
pub mod recount;
pub mod request_recorder;
pub mod sdk_config;
pub mod search_index;
pub mod seeded_bugs;
pub mod table;
pub mod test_queue;

use std::path::PathBuf;

pub use crate::app::{TestApp, TestUser};
pub use crate::fixture::Marketplace;
pub use collector::Collector;
pub use table::TestTable;

/// Absolute path of a path relative to the workspace.
///
/// # Panics
/// If this crate is not in the workspace.
#[must_use]
pub fn workspace(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("the crate is two folders below the workspace")
        .join(path)
}
