//! Layout of the table: keys, index partitions and sort orders.

pub(crate) mod countable;
pub mod due_list;
pub(crate) mod keys;
mod name_lists;
pub mod partitions;
pub mod sorted_list;
