//! Runs what the command line selects: fault tests, seeded bugs or lists.

use std::io;
use std::process::ExitCode;
use std::time::Instant;

use test_support::seeded_bugs::{self, SeededBug};

use crate::cli::{Cli, Lists};
use crate::fault::FaultInfo;
use crate::faults;
use crate::plan::{Batch, RunLength, batches};
use crate::run::{self, Settings};
use crate::run_log::{CompletedBatch, RunLog};
use crate::seeded_bugs::Detection;
use crate::{report, report::WriteError};

/// Outcome of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// No violation, and every seeded bug was detected.
    Passed,
    /// A violation, or a seeded bug that was not detected.
    Failed,
}

/// Error of a run.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// A fault test does not exist.
    #[error("fault test `{0}` not found; --list prints all of them")]
    UnknownFault(String),
    /// A seeded bug does not exist.
    #[error("seeded bug `{0}` not found; --list-bugs prints all of them")]
    UnknownBug(String),
    /// The run log cannot be read or written.
    #[error("run log: {0}")]
    RunLog(#[from] io::Error),
    /// The report cannot be written.
    #[error("report: {0}")]
    Report(#[from] WriteError),
}

/// Prints an error to standard error.
#[must_use]
pub fn print_error(error: &CommandError) -> ExitCode {
    eprintln!("fault-tests: {error}");
    ExitCode::from(2)
}

/// Runs what the command line selects.
///
/// # Errors
/// [`CommandError`].
pub async fn run(cli: Cli) -> Result<Outcome, CommandError> {
    if cli.lists.list || cli.lists.list_bugs {
        list(cli.lists);
        return Ok(Outcome::Passed);
    }
    let settings = Settings { seed: cli.seed, bins: cli.bins.clone() };
    let (faults, bugs) = (selected_faults(&cli)?, selected_bugs(&cli)?);
    let done =
        if cli.seed_bug.is_empty() { run_fault_tests(&cli, &settings, &faults).await? } else { Vec::new() };
    let detections = run_seeded_bugs(bugs, &settings).await;
    let passed =
        done.iter().all(|done| done.findings.is_empty()) && detections.iter().all(Detection::is_detected);
    let mut text = String::new();
    if !done.is_empty() {
        text.push_str(&report::table(&faults, &done));
        text.push('\n');
    }
    if !detections.is_empty() {
        text.push_str(&report::detected(&detections));
    }
    println(&text);
    if let Some(document) = &cli.write {
        let length = if cli.short { " --short" } else { "" };
        let content = format!("`fault-tests --seed {}{length}`, {}\n\n{text}", cli.seed, today());
        report::write(document, &content)?;
    }
    Ok(if passed { Outcome::Passed } else { Outcome::Failed })
}

/// Runs the batches that are not completed yet; returns all completed ones.
async fn run_fault_tests(
    cli: &Cli,
    settings: &Settings,
    faults: &[FaultInfo],
) -> Result<Vec<CompletedBatch>, CommandError> {
    let length = if cli.short { RunLength::Short } else { RunLength::Long };
    let planned: Vec<Batch> = match &cli.trials {
        Some(numbers) => {
            faults.iter().map(|fault| Batch { fault: fault.name, numbers: numbers.clone() }).collect()
        }
        None => faults.iter().flat_map(|fault| batches(fault, length)).collect(),
    };
    let run_log = RunLog::of(cli.seed);
    // Trials that are selected by number are not part of a run that can be resumed.
    let is_logged = cli.trials.is_none();
    if is_logged && !cli.resume {
        run_log.restart()?;
    }
    let mut done = if cli.resume { run_log.read()? } else { Vec::new() };
    done.retain(|done| planned.iter().any(|batch| batch.is_in(std::slice::from_ref(done))));
    let left: Vec<Batch> = planned.into_iter().filter(|batch| !batch.is_in(&done)).collect();
    let (start, total) = (Instant::now(), left.len());
    let mut written = Ok(());
    let mut finished = 0;
    run::batches(left, settings, cli.jobs, |batch| {
        finished += 1;
        progress(&batch, settings, finished, total, start);
        if is_logged && written.is_ok() {
            written = run_log.add(&batch);
        }
        done.push(batch);
    })
    .await;
    written?;
    Ok(done)
}

fn progress(done: &CompletedBatch, settings: &Settings, finished: usize, total: usize, start: Instant) {
    let (fault, made, found) = (&done.fault, done.made, done.findings.len());
    let seconds = start.elapsed().as_secs();
    eprintln!(
        "[{seconds:>5} s, {finished}/{total}] {fault} {}..{}: {made} trials, {found} violations",
        done.first, done.end
    );
    for finding in &done.findings {
        eprintln!("  {}\n    repeat: {}", finding.violation, settings.repeat_command(done, finding));
    }
}

async fn run_seeded_bugs(bugs: Vec<&'static SeededBug>, settings: &Settings) -> Vec<Detection> {
    let mut detections = Vec::new();
    for bug in bugs {
        let detection = Box::pin(crate::seeded_bugs::run(bug, settings)).await;
        let detected = if detection.is_detected() { "detected" } else { "MISSED" };
        eprintln!("[seeded bug] {}: {detected}, {} violations", bug.name, detection.findings.len());
        for finding in detection.findings.iter().take(3) {
            eprintln!("  {}", finding.violation);
        }
        detections.push(detection);
    }
    detections
}

/// Fault tests that the command line selects; all by default.
fn selected_faults(cli: &Cli) -> Result<Vec<FaultInfo>, CommandError> {
    if cli.only.is_empty() {
        return Ok(faults::all().collect());
    }
    let named = |name: &String| {
        faults::all().find(|fault| fault.name == name).ok_or_else(|| CommandError::UnknownFault(name.clone()))
    };
    cli.only.iter().map(named).collect()
}

/// Bugs that the command line selects: the named ones; otherwise all, unless fault tests are selected.
fn selected_bugs(cli: &Cli) -> Result<Vec<&'static SeededBug>, CommandError> {
    if cli.seed_bug.is_empty() {
        return Ok(seeded_bugs::all().filter(|_| cli.only.is_empty()).collect());
    }
    let named =
        |name: &String| seeded_bugs::by_name(name).ok_or_else(|| CommandError::UnknownBug(name.clone()));
    cli.seed_bug.iter().map(named).collect()
}

fn list(lists: Lists) {
    if lists.list {
        for fault in faults::all() {
            let trial_counts = fault.trial_counts;
            println(&format!(
                "{:<20} {:>6} {:>5}  {}",
                fault.name, trial_counts.long, trial_counts.short, fault.description
            ));
        }
    }
    if lists.list_bugs {
        for bug in seeded_bugs::all() {
            println(&format!(
                "{:<24} {:<9} {:<20} {}",
                bug.name, bug.invariant, bug.detected_by, bug.description
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
