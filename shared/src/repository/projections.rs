//! Readers of projections: daily sales, list totals and the search index.

mod account_balances;
pub mod daily_sales;
pub mod list_total;
pub mod search;
pub mod source;
