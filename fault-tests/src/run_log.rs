//! Run log with one line of JSON for each completed batch, from which an interrupted run can be resumed.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use test_support::audit::Violation;

/// A violation, with its trial if known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Number of the trial.
    pub trial: Option<u64>,
    /// The violation.
    pub violation: Violation,
}

/// A completed batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompletedBatch {
    /// Name of the fault test.
    pub fault: String,
    /// Number of the first trial.
    pub first: u64,
    /// Number after the last trial.
    pub end: u64,
    /// Number of trials in which the fault really occurred.
    pub made: u64,
    /// Violations that were found.
    pub findings: Vec<Finding>,
    /// Duration.
    pub milliseconds: u64,
}

/// Run log of a seed.
#[derive(Debug, Clone)]
pub struct RunLog {
    path: PathBuf,
}

impl RunLog {
    /// Run log of a seed, in the folder of the local stack's state.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        Self { path: test_support::workspace(".local/fault-tests").join(format!("{seed}.jsonl")) }
    }

    /// Run log at this path.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Deletes all entries.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn restart(&self) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&self.path, "")
    }

    /// Reads the completed batches. An incomplete line, as a killed process leaves it, is ignored.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn read(&self) -> io::Result<Vec<CompletedBatch>> {
        match fs::read_to_string(&self.path) {
            Ok(text) => Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Appends a batch.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn add(&self, done: &CompletedBatch) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = OpenOptions::new().append(true).create(true).open(&self.path)?;
        writeln!(file, "{}", serde_json::to_string(done)?)
    }
}
