//! Short form of the fault tests, and some of the seeded bugs.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod run_log;
mod seeded_bugs;
mod smoke;
