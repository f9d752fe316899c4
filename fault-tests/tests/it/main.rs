//! The short form of the proofs, and some of the planted bugs: what `make test` has time for.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod run_log;
mod seeded_bugs;
mod smoke;
