//! What the functions can be asked for, one operation after the other, each counted by itself.

mod batches;
mod commands;
mod queries;

use std::path::Path;

use crate::fixture::Fixture;
use crate::request_counts::CostTable;

/// Carries out every operation once, and counts what it takes.
///
/// # Panics
/// If one of them does not succeed.
pub async fn count(bins: &Path) -> CostTable {
    let stage = Box::pin(Fixture::with_paused_streams(bins)).await;
    let mut book = CostTable::default();
    Box::pin(queries::count(&stage, &mut book)).await;
    Box::pin(commands::count(&stage, &mut book)).await;
    Box::pin(batches::count(&stage, &mut book)).await;
    book
}
