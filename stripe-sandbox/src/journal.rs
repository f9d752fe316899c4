//! The journal: one JSON line for each commit, appended before the commit is applied.
//!
//! The file is not synced to the disk for each commit: a kill of the process loses nothing, a power cut may.
//! A kill in the middle of a write leaves a line without its end; such a line was never answered, and is cut off.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::store::Commit;

/// Why a journal could not be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The file cannot be read or written.
    #[error("the payment journal {} cannot be opened", path.display())]
    File {
        /// The journal.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another process writes to it.
    #[error("the payment journal {} is in use by another process", path.display())]
    InUse {
        /// The journal.
        path: PathBuf,
    },
    /// A complete line is not a commit.
    #[error("line {line} of the payment journal {} is damaged", path.display())]
    Damaged {
        /// The journal.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

/// Where commits go.
pub(super) enum Journal {
    /// Nowhere: the sandbox forgets when it ends.
    None,
    File(File),
}

impl Journal {
    /// Opens or creates the journal, and gives back what is in it.
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

    /// Writes one commit; nothing of it may be applied unless this succeeds.
    pub(super) fn append(&mut self, commit: &Commit) -> io::Result<()> {
        let Self::File(file) = self else { return Ok(()) };
        let before = file.metadata()?.len();
        let mut line = serde_json::to_vec(commit)?;
        line.push(b'\n');
        // A half-written line in the middle would damage the journal for good.
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

    fn settled(event: &str) -> Commit {
        Commit { settled: Some(event.to_owned()), ..Commit::default() }
    }

    fn scratch(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("journal-{name}-{}.jsonl", std::process::id()));
        let _ = std::fs::remove_file(&path);
        path
    }

    #[test]
    fn what_was_appended_is_there_after_reopening() {
        let path = scratch("reopen");
        let (mut journal, commits) = Journal::open(&path).unwrap();
        assert!(commits.is_empty());
        journal.append(&settled("evt_1")).unwrap();
        drop(journal);
        let (mut journal, _) = Journal::open(&path).unwrap();
        journal.append(&settled("evt_2")).unwrap();
        drop(journal);
        let events: Vec<_> =
            Journal::open(&path).unwrap().1.into_iter().filter_map(|commit| commit.settled).collect();
        assert_eq!(events, ["evt_1", "evt_2"]);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_torn_last_line_is_cut_off_and_a_damaged_one_is_named() {
        let path = scratch("torn");
        std::fs::write(&path, "{\"settled\":\"evt_1\"}\n{\"settled\":\"ev").unwrap();
        let (mut journal, commits) = Journal::open(&path).unwrap();
        assert_eq!(commits.len(), 1);
        journal.append(&settled("evt_2")).unwrap();
        drop(journal);
        assert_eq!(Journal::open(&path).unwrap().1.len(), 2);

        std::fs::write(&path, "{\"settled\":\"evt_1\"}\n{\"surprise\":1}\n").unwrap();
        assert!(matches!(Journal::open(&path), Err(OpenError::Damaged { line: 2, .. })));
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_journal_has_one_writer() {
        let path = scratch("lock");
        let _held = Journal::open(&path).unwrap();
        assert!(matches!(Journal::open(&path), Err(OpenError::InUse { .. })));
        std::fs::remove_file(path).unwrap();
    }
}
