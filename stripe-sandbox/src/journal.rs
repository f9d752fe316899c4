//! Journal of the sandbox: one JSON line per commit, appended before the commit is applied.
//!
//! The file is not synced for each commit: no commit is lost if the process is killed, but commits can be
//! lost in a power failure. A kill during a write leaves an incomplete last line; its call was never
//! responded to, so the line is truncated at the next start.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::store::Commit;

/// Failure to open a journal.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The file cannot be read or written.
    #[error("cannot open the payment journal {}", path.display())]
    File {
        /// Path of the journal.
        path: PathBuf,
        /// Cause.
        source: io::Error,
    },
    /// Another process has locked the file.
    #[error("the payment journal {} is in use by another process", path.display())]
    InUse {
        /// Path of the journal.
        path: PathBuf,
    },
    /// A complete line is not a commit.
    #[error("line {line} of the payment journal {} is not valid", path.display())]
    Damaged {
        /// Path of the journal.
        path: PathBuf,
        /// Line number, counted from 1.
        line: usize,
        /// Cause.
        source: serde_json::Error,
    },
}

/// Destination of commits.
pub(super) enum Journal {
    /// No destination: the state is lost when the sandbox is dropped.
    None,
    File(File),
}

impl Journal {
    /// Opens or creates the journal, and reads its commits.
    pub(super) fn open(path: &Path) -> Result<(Self, Vec<Commit>), OpenError> {
        let failed = |source| OpenError::File { path: path.to_owned(), source };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let mut options = OpenOptions::new();
        let mut file = options.read(true).append(true).create(true).open(path).map_err(failed)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => OpenError::InUse { path: path.to_owned() },
            TryLockError::Error(source) => failed(source),
        })?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(failed)?;
        let complete = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        text.truncate(complete);
        let commits = parse(&text, path)?;
        let length = u64::try_from(complete).map_err(io::Error::other).map_err(failed)?;
        file.set_len(length).and_then(|()| file.rewind()).map_err(failed)?;
        Ok((Self::File(file), commits))
    }

    /// Writes a commit. It may only be applied if this succeeds.
    pub(super) fn append(&mut self, commit: &Commit) -> io::Result<()> {
        let Self::File(file) = self else { return Ok(()) };
        let before = file.metadata()?.len();
        let mut line = serde_json::to_vec(commit)?;
        line.push(b'\n');
        // A partial line followed by further lines would make the journal unreadable.
        file.write_all(&line).inspect_err(|_| drop(file.set_len(before)))
    }
}

fn parse(text: &[u8], path: &Path) -> Result<Vec<Commit>, OpenError> {
    let lines = text.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty());
    let commits = lines.map(|(index, line)| {
        serde_json::from_slice(line).map_err(|source| OpenError::Damaged {
            path: path.to_owned(),
            line: index + 1,
            source,
        })
    });
    commits.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(event: &str) -> Commit {
        Commit { completed_delivery: Some(event.to_owned()), ..Commit::default() }
    }

    fn scratch(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("journal-{name}-{}.jsonl", std::process::id()));
        let _ = std::fs::remove_file(&path);
        path
    }

    #[test]
    fn appended_commits_are_read_after_reopening() {
        let path = scratch("reopen");
        let (mut journal, commits) = Journal::open(&path).unwrap();
        assert!(commits.is_empty());
        journal.append(&completed("evt_1")).unwrap();
        drop(journal);
        let (mut journal, _) = Journal::open(&path).unwrap();
        journal.append(&completed("evt_2")).unwrap();
        drop(journal);
        let events: Vec<_> = Journal::open(&path)
            .unwrap()
            .1
            .into_iter()
            .filter_map(|commit| commit.completed_delivery)
            .collect();
        assert_eq!(events, ["evt_1", "evt_2"]);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn incomplete_line_is_truncated_and_invalid_line_reported() {
        let path = scratch("torn");
        std::fs::write(&path, "{\"completed_delivery\":\"evt_1\"}\n{\"completed_delivery\":\"ev").unwrap();
        let (mut journal, commits) = Journal::open(&path).unwrap();
        assert_eq!(commits.len(), 1);
        journal.append(&completed("evt_2")).unwrap();
        drop(journal);
        assert_eq!(Journal::open(&path).unwrap().1.len(), 2);

        std::fs::write(&path, "{\"completed_delivery\":\"evt_1\"}\n{\"surprise\":1}\n").unwrap();
        assert!(matches!(Journal::open(&path), Err(OpenError::Damaged { line: 2, .. })));
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn journal_is_locked_by_its_writer() {
        let path = scratch("lock");
        let _held = Journal::open(&path).unwrap();
        assert!(matches!(Journal::open(&path), Err(OpenError::InUse { .. })));
        std::fs::remove_file(path).unwrap();
    }
}
