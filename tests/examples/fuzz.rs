//! Fuzzes a local stack with generated requests: `make fuzz`, or `make fuzz SEED=7 EXAMPLES=500`.

#![expect(clippy::print_stdout, reason = "a command prints its result")]

use std::process::ExitCode;
use std::time::Duration;

use shared::domain::user::Role;
use test_support::TestApp;
use test_support::fuzz;
use test_support::fuzz::FuzzConfig;

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>());
    let (Some(Ok(seed)), Some(Ok(examples))) = (arguments.next(), arguments.next()) else {
        println!("usage: fuzz SEED EXAMPLES_PER_OPERATION");
        return ExitCode::FAILURE;
    };
    let config = FuzzConfig {
        examples: u32::try_from(examples).unwrap_or(u32::MAX),
        seed,
        timeout: Duration::from_hours(1),
    };
    let app = TestApp::start().await;
    let caller = app.user_with_role("admin", Role::Admin).await;
    let report = fuzz::run(&app, &caller, config).await;
    println!("{}", report.output);
    println!(
        "seed {seed}: {} requests, {}",
        report.requests,
        if report.passed { "0 violations" } else { "failed" }
    );
    if report.passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
