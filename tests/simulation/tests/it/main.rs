//! Tests of the simulation: short runs, determinism and seeded bugs.

mod determinism;
mod outages;
mod schedules;
mod seeded_bugs;
