//! What is done already, one line a batch: an interrupted run goes on where it was.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use test_support::audit::Violation;

/// Something that was found, with the trial that it is about, if that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The trial's number.
    pub trial: Option<u64>,
    /// What should not be so.
    pub violation: Violation,
}

/// A batch that is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompletedBatch {
    /// Of which proof.
    pub fault: String,
    /// The first trial.
    pub first: u64,
    /// The trial after the last.
    pub end: u64,
    /// How many trials were really made: the fault struck, and the trial came to its end.
    pub made: u64,
    /// What was found.
    pub findings: Vec<Finding>,
    /// How long it took.
    pub milliseconds: u64,
}

/// The record of the runs with one seed.
#[derive(Debug, Clone)]
pub struct Record {
    path: PathBuf,
}

impl Record {
    /// The record of a seed, in the folder where the local stack keeps its state.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        Self { path: test_support::workspace(".local/proofs").join(format!("{seed}.jsonl")) }
    }

    /// A record in this file.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Begins anew.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn restart(&self) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&self.path, "")
    }

    /// The batches that are done. A line that was cut off by a kill is none.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn read(&self) -> io::Result<Vec<CompletedBatch>> {
        match fs::read_to_string(&self.path) {
            Ok(text) => Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Adds a batch.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn add(&self, done: &CompletedBatch) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = OpenOptions::new().append(true).create(true).open(&self.path)?;
        writeln!(file, "{}", serde_json::to_string(done)?)
    }
}
