//! Runs the workload: `workload --seed 1 --sequences 40`, `workload --minutes 120 --write`.

#![expect(clippy::print_stdout, reason = "a command prints its result")]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use workload::campaign::{Campaign, CampaignResult, STEPS, run_campaign};
use workload::report;
use workload::sequence::Place;
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
    #[arg(long, default_value_t = 40, conflicts_with = "minutes")]
    sequences: u64,
    /// Time after which no further sequence starts, in minutes.
    #[arg(long)]
    minutes: Option<u64>,
    /// Number of steps of a sequence.
    #[arg(long, default_value_t = STEPS)]
    steps: usize,
    /// Number of sequences that are executed at a time.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// System on which the sequences are executed.
    #[arg(long, value_enum, default_value_t = Place::Simulation)]
    on: Place,
    /// Prints a failing sequence as it is.
    #[arg(long)]
    unshrunk: bool,
    /// Writes the table to docs/fault-tests.md.
    #[arg(long)]
    write: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let start = Instant::now();
    let result = run_campaign(arguments.campaign());
    let duration = start.elapsed();
    println!("{}", report::table(&result, duration));
    let CampaignResult { failing: Some(failing), .. } = result else {
        if arguments.write {
            report::write(&result, arguments.seed, duration);
        }
        return ExitCode::SUCCESS;
    };
    let number = failing.settings.number;
    println!("sequence {number} failed after {} steps: {:?}", failing.steps.len(), failing.violations);
    println!("{}", if arguments.unshrunk { failing } else { shortened(failing) });
    ExitCode::FAILURE
}

impl Arguments {
    const fn campaign(&self) -> Campaign {
        let (sequences, limit) = match self.minutes {
            Some(minutes) => (u64::MAX, Duration::from_mins(minutes)),
            None => (self.sequences, Duration::MAX),
        };
        let Self { seed, first, steps, threads, on: place, .. } = *self;
        Campaign { place, seed, first, sequences, limit, steps, threads }
    }
}
