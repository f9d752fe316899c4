//! The simulation: short runs of it, that it repeats itself, and that it notices what it is there for.

mod found;
mod planted;
mod repeatable;
mod schedules;
