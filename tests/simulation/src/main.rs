//! Runs many schedules (`simulate --seed 1 --schedules 100000`), one step by step (`simulate --seed 4711`), or
//! outages of services (`simulate --outages`).

#![expect(clippy::print_stdout, reason = "a command prints its result")]

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use simulation::outage::{self, Failure, Outage};
use simulation::schedule::{Schedule, run};
use simulation::seeded_bug::SeededBug;
use simulation::summary::run_all;
use strum::VariantArray as _;

/// Runs the order saga and its concurrent functions in schedules that are determined by seeds.
#[derive(Debug, Parser)]
#[command(name = "simulate")]
struct Arguments {
    /// First seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Number of consecutive seeds. A single one is printed step by step.
    #[arg(long, default_value_t = 1)]
    schedules: u64,
    /// Runs outages of services instead of schedules: every failure and every function that calls the service,
    /// for 10 s, 90 s and 1 h, with 1 and 1,000 messages.
    #[arg(long, conflicts_with_all = ["seed", "schedules", "seed_bug"])]
    outages: bool,
    /// Seeded bug.
    #[arg(long)]
    seed_bug: Option<SeededBug>,
}

fn main() -> ExitCode {
    let Arguments { seed, schedules, outages, seed_bug } = Arguments::parse();
    let passed = if outages {
        all_outages()
    } else if schedules == 1 {
        one(seed, seed_bug)
    } else {
        many(seed, schedules, seed_bug)
    };
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn one(seed: u64, seed_bug: Option<SeededBug>) -> bool {
    let schedule = run(seed, seed_bug);
    show(&schedule);
    schedule.violations.is_empty()
}

fn all_outages() -> bool {
    let mut passed = true;
    for outage in matrix() {
        let result = outage::run(outage);
        println!("{} {result}", if result.is_success() { "passed:" } else { "FAILED:" });
        passed &= result.is_success();
    }
    passed
}

/// All outages. With a backlog, they begin while the first messages are processed.
fn matrix() -> impl Iterator<Item = Outage> {
    let cases = Failure::VARIANTS
        .iter()
        .flat_map(|failure| failure.consumers().iter().map(|consumer| (*failure, *consumer)));
    cases.flat_map(|(failure, consumer)| {
        [10, 90, 3_600].into_iter().flat_map(move |seconds| {
            let duration = Duration::from_secs(seconds);
            [(0, 1), (500, 1_000)].map(|(millis, messages)| {
                let start = Duration::from_millis(millis);
                Outage { failure, start, duration, consumer, messages }
            })
        })
    })
}

fn many(seed: u64, schedules: u64, seed_bug: Option<SeededBug>) -> bool {
    let summary = run_all(seed..seed.saturating_add(schedules), seed_bug);
    if let Some(failing) = summary.failing.keys().next() {
        println!("First failing schedule, shortened:");
        show(&run(*failing, seed_bug).shortened(seed_bug));
    }
    println!("{summary}");
    summary.failing.is_empty()
}

fn show(schedule: &Schedule) {
    println!("{schedule}");
}
