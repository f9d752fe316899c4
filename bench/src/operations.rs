//! What the functions can be asked for, one operation after the other, each counted by itself.

mod batches;
mod commands;
mod queries;

use std::path::Path;

use crate::fixture::Stage;
use crate::request_counts::Book;

/// Carries out every operation once, and counts what it takes.
///
/// # Panics
/// If one of them does not succeed.
pub async fn count(bins: &Path) -> Book {
    let stage = Box::pin(Stage::still(bins)).await;
    let mut book = Book::default();
    Box::pin(queries::count(&stage, &mut book)).await;
    Box::pin(commands::count(&stage, &mut book)).await;
    Box::pin(batches::count(&stage, &mut book)).await;
    book
}
