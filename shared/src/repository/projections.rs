//! Readers of projections: daily sales, list totals and the search index.

pub mod daily_sales;
pub mod list_total;
pub mod search;
pub mod source;
