//! Data derived from entities: tallies, list totals, daily sales, balances of accounts and the search index.

pub mod account_balances;
pub mod daily_sales;
pub mod folding;
pub mod list_total;
pub mod name_index;
pub mod search_index;
pub mod tally;
