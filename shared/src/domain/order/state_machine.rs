//! State machine of an order: statuses, transitions, and the stock position and balances that follow from them.

pub mod balances;
pub(crate) mod commit;
#[cfg(test)]
pub(crate) mod proptests;
pub(crate) mod refund_transitions;
pub(crate) mod refunded_lines;
pub mod require_seller;
pub(crate) mod status;
pub mod stock_position;
#[cfg(test)]
mod tests;
pub(crate) mod transition;
