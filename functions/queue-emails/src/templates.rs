//! Texts of the e-mails.

pub(crate) mod account;
pub(crate) mod order;
