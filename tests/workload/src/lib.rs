//! Generated workload over all operations of the API.
//!
//! A run generates requests and other events from a seed, sends them to a [`system`], and checks each response
//! against the API description and the [`rules`], and the stored data against the auditor when the system is
//! idle. A failing run is shortened to the steps that are needed ([`shrink`]). The system is the simulation, with
//! its faults and crashes, or the function binaries on the local stack.

#![expect(clippy::expect_used, reason = "a test that cannot continue fails with a message")]

pub mod generate;
pub mod model;
pub mod operations;
pub mod step;
pub mod variations;

pub mod facts;
pub mod rules;

pub mod campaign;
pub mod coverage;
pub mod report;
pub mod run;
pub mod sequence;
pub mod shrink;

pub mod binaries;
pub mod simulated;
pub mod system;
