//! Value types that entities are made of: ids, money, dates, text, addresses.

pub mod actor;
pub mod date;
pub mod email;
pub mod id;
pub mod money;
pub(crate) mod string_enum;
pub mod text;
