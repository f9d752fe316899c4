//! Benchmarks of the functions as Lambda runs them: release binaries that handle one event at a time behind
//! counting proxies.
//!
//! Suggested reading order: [`fixture`] (local stack with test data) and [`events`] (Lambda events);
//! [`operations`] and [`request_counts`] (requests and capacity units of each operation, independent of the
//! machine); [`workloads`], [`implementations`], [`runner`] and [`series`] (timed workloads of all
//! implementations); [`targets`] (targets for the results); [`scaling`] (tables with up to a million items),
//! [`load`] (load test) and [`instructions`] (callgrind); [`report`] and [`markdown_section`] (output).

#![expect(
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a benchmark that cannot continue panics with the cause; it prints its results"
)]

pub mod binary_size;
pub mod build_comparison;
pub mod cli;
pub mod error;
pub mod events;
pub mod fixture;
pub mod implementations;
pub mod instructions;
pub mod launcher;
pub mod load;
pub mod markdown_section;
pub mod naive_comparison;
pub mod operations;
pub mod order_lifecycle;
pub mod pricing;
pub mod procfs;
pub mod report;
pub mod request_counts;
pub mod run;
pub mod runner;
pub mod scaling;
pub mod series;
pub mod statistics;
pub mod targets;
pub mod throughput;
pub mod workloads;
