//! The simulation: short runs of it, that it repeats itself, and that it notices what it is there for.

mod determinism;
mod regressions;
mod schedules;
mod seeded_bugs;
