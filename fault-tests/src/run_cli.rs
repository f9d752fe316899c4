//! What the command line asks for, done: proofs, planted bugs, lists.

use std::io;
use std::process::ExitCode;
use std::time::Instant;

use test_support::seeded_bugs::{self, SeededBug};

use crate::cli::{Cli, Lists};
use crate::fault::{self, FaultInfo};
use crate::plan::{Batch, RunLength, batches};
use crate::run::{self, Settings};
use crate::run_log::{CompletedBatch, Record};
use crate::seeded_bugs::Detection;
use crate::{report, report::WriteError};

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing was violated, and every bug was caught.
    Holds,
    /// Something was, or one was not.
    Broken,
}

/// Why it did not come to an end.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// There is no such proof.
    #[error("there is no proof called `{0}`; --list names them")]
    NoProof(String),
    /// There is no such bug.
    #[error("there is no bug called `{0}` to plant; --list-bugs names them")]
    NoPlant(String),
    /// The record cannot be read or written.
    #[error("the record of what is done: {0}")]
    Record(#[from] io::Error),
    /// The report cannot be written.
    #[error("the report: {0}")]
    Report(#[from] WriteError),
}

/// Says what is wrong, on the standard error.
#[must_use]
pub fn says(error: &CommandError) -> ExitCode {
    eprintln!("proofs: {error}");
    ExitCode::from(2)
}

/// Does what the command line asks for.
///
/// # Errors
/// [`CommandError`].
pub async fn run(cli: Cli) -> Result<Outcome, CommandError> {
    if cli.lists.list || cli.lists.list_bugs {
        list(cli.lists);
        return Ok(Outcome::Holds);
    }
    let settings = Settings { seed: cli.seed, bins: cli.bins.clone() };
    let (proofs, bugs) = (proofs(&cli)?, bugs(&cli)?);
    let done = if cli.seed_bug.is_empty() { prove(&cli, &settings, &proofs).await? } else { Vec::new() };
    let verdicts = plant(bugs, &settings).await;
    let holds = done.iter().all(|done| done.findings.is_empty()) && verdicts.iter().all(Detection::is_caught);
    let mut text = String::new();
    if !done.is_empty() {
        text.push_str(&report::table(&proofs, &done));
        text.push('\n');
    }
    if !verdicts.is_empty() {
        text.push_str(&report::caught(&verdicts));
    }
    println(&text);
    if let Some(document) = &cli.write {
        let form = if cli.short { " --short" } else { "" };
        let made = format!("`proofs --seed {}{form}`, {}\n\n{text}", cli.seed, today());
        report::write(document, &made)?;
    }
    Ok(if holds { Outcome::Holds } else { Outcome::Broken })
}

/// Runs the batches that are not done yet, and gives all of them.
async fn prove(
    cli: &Cli,
    settings: &Settings,
    proofs: &[FaultInfo],
) -> Result<Vec<CompletedBatch>, CommandError> {
    let form = if cli.short { RunLength::Short } else { RunLength::Long };
    let planned: Vec<Batch> = match &cli.trials {
        Some(numbers) => {
            proofs.iter().map(|proof| Batch { fault: proof.name, numbers: numbers.clone() }).collect()
        }
        None => proofs.iter().flat_map(|proof| batches(proof, form)).collect(),
    };
    let record = Record::of(cli.seed);
    // Trials that are repeated by number are no part of a run that can be gone on with.
    let remembers = cli.trials.is_none();
    if remembers && !cli.resume {
        record.restart()?;
    }
    let mut done = if cli.resume { record.read()? } else { Vec::new() };
    done.retain(|done| planned.iter().any(|batch| batch.is_in(std::slice::from_ref(done))));
    let left: Vec<Batch> = planned.into_iter().filter(|batch| !batch.is_in(&done)).collect();
    let (begun, all) = (Instant::now(), left.len());
    let mut written = Ok(());
    let mut finished = 0;
    run::batches(left, settings, cli.jobs, |batch| {
        finished += 1;
        progress(&batch, settings, (finished, all), begun);
        if remembers && written.is_ok() {
            written = record.add(&batch);
        }
        done.push(batch);
    })
    .await;
    written?;
    Ok(done)
}

fn progress(done: &CompletedBatch, settings: &Settings, (finished, all): (usize, usize), begun: Instant) {
    let (fault, made, found) = (&done.fault, done.made, done.findings.len());
    let seconds = begun.elapsed().as_secs();
    eprintln!(
        "[{seconds:>5} s, {finished}/{all}] {fault} {}..{}: {made} trials, {found} violations",
        done.first, done.end
    );
    for finding in &done.findings {
        eprintln!("  {}\n    again: {}", finding.violation, settings.repeats(done, finding));
    }
}

async fn plant(bugs: Vec<&'static SeededBug>, settings: &Settings) -> Vec<Detection> {
    let mut verdicts = Vec::new();
    for bug in bugs {
        let verdict = Box::pin(crate::seeded_bugs::run(bug, settings)).await;
        let caught = if verdict.is_caught() { "caught" } else { "MISSED" };
        eprintln!("[planted] {}: {caught}, {} violations", bug.name, verdict.findings.len());
        for finding in verdict.findings.iter().take(3) {
            eprintln!("  {}", finding.violation);
        }
        verdicts.push(verdict);
    }
    verdicts
}

/// The proofs that are asked for.
fn proofs(cli: &Cli) -> Result<Vec<FaultInfo>, CommandError> {
    if cli.only.is_empty() {
        return Ok(fault::all().collect());
    }
    let named = |name: &String| {
        fault::all().find(|proof| proof.name == name).ok_or_else(|| CommandError::NoProof(name.clone()))
    };
    cli.only.iter().map(named).collect()
}

/// The bugs that are to be planted: those that are named; otherwise all, unless only some proofs are asked for.
fn bugs(cli: &Cli) -> Result<Vec<&'static SeededBug>, CommandError> {
    if cli.seed_bug.is_empty() {
        return Ok(seeded_bugs::all().filter(|_| cli.only.is_empty()).collect());
    }
    let named = |name: &String| seeded_bugs::named(name).ok_or_else(|| CommandError::NoPlant(name.clone()));
    cli.seed_bug.iter().map(named).collect()
}

fn list(lists: Lists) {
    if lists.list {
        for proof in fault::all() {
            let effort = proof.effort;
            println(&format!(
                "{:<20} {:>6} {:>5}  {}",
                proof.name, effort.long, effort.short, proof.description
            ));
        }
    }
    if lists.list_bugs {
        for bug in seeded_bugs::all() {
            println(&format!(
                "{:<24} {:<9} {:<20} {}",
                bug.name, bug.invariant, bug.shown_by, bug.description
            ));
        }
    }
}

fn today() -> String {
    local::system::clock::now().to_string()[..10].to_owned()
}

#[expect(clippy::print_stdout, reason = "the report is what the command is for")]
fn println(text: &str) {
    println!("{text}");
}
