//! What tests share: a table to work on, a way to send events through a router, and a shop that runs on the local stack.

#![expect(clippy::expect_used, reason = "a test that cannot go on says where, and stops")]

pub mod audit;
pub mod collector;
pub mod contract;
pub mod event;
pub mod fuzz;
pub mod index;
mod lapse;
pub mod lengths;
pub mod meter;
pub mod plants;
pub mod queue;
pub mod recount;
pub mod requests;
pub mod scene;
pub mod shop;
pub mod table;

use std::path::PathBuf;

pub use collector::Collector;
pub use scene::Scene;
pub use shop::{Customer, Shop};
pub use table::TestTable;

/// A path below the workspace's folder.
///
/// # Panics
/// If this crate does not lie in the workspace.
#[must_use]
pub fn workspace(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace").join(path)
}
