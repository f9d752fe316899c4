//! Fault tests: the real function binaries on the local stack, behind proxies that inject faults, audited
//! once the stack is idle.
//!
//! Suggested reading order: [`fault`] (interface of a fault test) and `faults` (all of them); `scenario`
//! (what users do with an order in a trial) and `fixture` (stack, users and recorded observations); [`run`]
//! (runs batches of trials), [`plan`] (selects them) and [`run_log`] (remembers finished ones);
//! [`seeded_bugs`] (checks that the fault tests detect bugs); [`report`] (results).

#![expect(
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a fault test that cannot continue panics with the cause"
)]

pub mod cli;
pub mod fault;
pub mod plan;
pub mod report;
pub mod run;
pub mod run_cli;
pub mod run_log;
pub mod seeded_bugs;

pub mod faults;
mod fixture;
mod scenario;
mod trial;
