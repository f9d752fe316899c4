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

pub mod cli;
pub mod command;
pub mod counts;
pub mod document;
pub mod events;
pub mod figures;
pub mod footprint;
pub mod growth;
pub mod instructions;
pub mod journey;
pub mod load;
pub mod operations;
pub mod prices;
pub mod process;
pub mod report;
pub mod scale;
pub mod script;
pub mod series;
pub mod stage;
pub mod subjects;
pub mod targets;
pub mod theatre;
pub mod usual;
pub mod workloads;
