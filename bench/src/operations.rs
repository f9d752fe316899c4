//! Operations of the functions, whose requests and capacity units are counted one after the other.

mod batches;
mod commands;
mod queries;

use std::path::Path;

use crate::fixture::Fixture;
use crate::request_counts::CostTable;

/// Runs every operation once, and counts its requests and units.
///
/// # Panics
/// If an operation fails.
pub async fn count(bins: &Path) -> CostTable {
    let fixture = Box::pin(Fixture::with_paused_streams(bins)).await;
    let mut costs = CostTable::default();
    Box::pin(queries::count(&fixture, &mut costs)).await;
    Box::pin(commands::count(&fixture, &mut costs)).await;
    Box::pin(batches::count(&fixture, &mut costs)).await;
    costs
}
