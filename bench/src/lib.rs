//! Measures the functions as Lambda runs them: the built binaries, fed one event at a time, behind proxies that count.
//!
//! Read in this order: [`stage`] is the shop that everything happens in, [`events`] what Lambda would hand to a function.
//! [`operations`] are the things that a function can be asked for, [`counts`] what requests each of them takes: figures that
//! depend on no machine. [`workloads`] are those whose time is of interest, [`subjects`] who does them (our functions, and what
//! they are compared with), [`series`] runs them, [`process`] says what that took, [`targets`] what it may take.
//! [`growth`] does the same on tables of up to a million items, [`load`] asks for much at once. [`instructions`] counts what the processor is asked for. [`report`] and [`document`] tell it.

#![expect(
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a measurement that cannot go on says where, and stops; its figures are what the command is for"
)]

pub mod binary_size;
pub mod cli;
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
