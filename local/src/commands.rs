//! Commands of the local stack.

pub(crate) mod payments;
