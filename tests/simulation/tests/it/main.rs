//! The simulation: short runs of it, that it repeats itself, and that it notices what it is there for.

mod planted;
mod repeatable;
mod schedules;
