//! Runs the workload: `workload --seed 1 --sequences 40`.

#![expect(clippy::print_stdout, reason = "a command prints its result")]

use std::process::ExitCode;

use clap::Parser;
use workload::coverage::Coverage;
use workload::sequence::{Place, Settings, run};
use workload::shrink::shortened;

/// Generates requests and other events from a seed, and checks every response and all stored data.
#[derive(Debug, Parser)]
#[command(name = "workload")]
struct Arguments {
    /// Seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Number of the first sequence.
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Number of sequences.
    #[arg(long, default_value_t = 40)]
    sequences: u64,
    /// Number of steps of a sequence.
    #[arg(long, default_value_t = 250)]
    steps: usize,
    /// System on which the sequences are executed.
    #[arg(long, value_enum, default_value_t = Place::Simulation)]
    on: Place,
    /// Prints a failing sequence as it is.
    #[arg(long)]
    unshrunk: bool,
}

fn main() -> ExitCode {
    let Arguments { seed, first, sequences, steps, on, unshrunk } = Arguments::parse();
    let (mut coverage, mut faults) = (Coverage::default(), 0);
    for number in first..first + sequences {
        let sequence = run(Settings { place: on, seed, number, steps });
        coverage.add(&sequence.coverage);
        faults += sequence.faults;
        if !sequence.violations.is_empty() {
            println!(
                "sequence {number} failed after {} steps: {:?}",
                sequence.steps.len(),
                sequence.violations
            );
            let sequence = if unshrunk { sequence } else { shortened(sequence) };
            println!("{sequence}");
            println!("{} responses before the violation", coverage.responses());
            return ExitCode::FAILURE;
        }
    }
    println!("{} responses, {faults} faults, 0 violations", coverage.responses());
    for (operation, status) in coverage.missing() {
        println!("never: {operation} {status}");
    }
    ExitCode::SUCCESS
}
