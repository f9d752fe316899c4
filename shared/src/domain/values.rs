//! Value types of entities: ids, money, dates, periods, text, e-mail addresses.

pub mod actor;
pub mod country;
pub mod date;
pub mod email;
pub mod id;
pub mod money;
pub mod period;
pub mod stall;
pub mod text;
pub mod unknown_value;
