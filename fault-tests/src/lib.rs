//! Proofs: the real function binaries on the local stack, through the proxies that inject faults, audited once nothing
//! moves any more.
//!
//! Read in this order: [`fault`] is what a proof is, `faults` are all of them, `course` what people do in a trial, `bench`
//! the shop that it happens in. [`run`] runs batches of trials, [`plan`] says which, [`record`] remembers those that are
//! done, [`planted`] shows that the proofs can fail, [`report`] says how it went.

#![expect(
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a proof that cannot go on says where, and stops"
)]

pub mod cli;
pub mod fault;
pub mod plan;
pub mod report;
pub mod run;
pub mod run_cli;
pub mod run_log;
pub mod seeded_bugs;

mod faults;
mod fixture;
mod random;
mod scenario;
mod trial;
