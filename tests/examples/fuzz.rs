//! Thousands of generated requests against the running system: `make fuzz`, or `make fuzz SEED=7 EXAMPLES=500`.

#![expect(clippy::print_stdout, reason = "a command says how it went")]

use std::process::ExitCode;
use std::time::Duration;

use shared::domain::user::Role;
use test_support::TestApp;
use test_support::fuzz;
use test_support::fuzz::Effort;

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>());
    let (Some(Ok(seed)), Some(Ok(examples))) = (arguments.next(), arguments.next()) else {
        println!("give a seed and a number of examples for each operation");
        return ExitCode::FAILURE;
    };
    let effort = Effort {
        examples: u32::try_from(examples).unwrap_or(u32::MAX),
        seed,
        at_most: Duration::from_hours(1),
    };
    let shop = TestApp::open().await;
    let caller = shop.user_with_role("admin", Role::Admin).await;
    let verdict = fuzz::run(&shop, &caller, effort).await;
    println!("{}", verdict.report);
    println!(
        "seed {seed}: {} requests, {}",
        verdict.requests,
        if verdict.holds { "0 violations" } else { "violated" }
    );
    if verdict.holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
