//! Tests of the simulation: short runs, determinism, regressions and seeded bugs.

mod determinism;
mod regressions;
mod schedules;
mod seeded_bugs;
