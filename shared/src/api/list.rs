//! Sort orders and pages with a total.

pub mod page_with_total;
pub mod sort;
