//! Checkpoint of a stream mapping: the position before the oldest record that is not yet processed.

use std::{
    collections::BTreeSet,
    fs, io,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Progress through one shard. Sequence numbers have a fixed width, so that they sort as text.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    path: Option<PathBuf>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Records that have been read but not processed.
    open: BTreeSet<String>,
    /// Last record that was read, including filtered ones.
    read: Option<String>,
    /// Sequence number up to which all records are processed.
    done: Option<String>,
}

impl Checkpoint {
    /// Loads the checkpoint from a file. Without a path, progress is not persisted.
    pub(crate) fn load(path: Option<PathBuf>) -> Self {
        let done = path.as_ref().and_then(|path| fs::read_to_string(path).ok());
        let done = done.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        Self { path, state: Mutex::new(State { done, ..State::default() }) }
    }

    /// Sequence number after which reading starts.
    pub(crate) fn position(&self) -> Option<String> {
        self.lock().done.clone()
    }

    /// Records that a record was read. `pending` is true if it matches the filters and must be processed.
    pub(crate) fn read(&self, sequence: &str, pending: bool) {
        let mut state = self.lock();
        if pending {
            state.open.insert(sequence.to_owned());
        }
        state.read = Some(sequence.to_owned());
    }

    /// Marks records as processed or discarded.
    pub(crate) fn done<'a>(&self, sequences: impl IntoIterator<Item = &'a str>) {
        let mut state = self.lock();
        for sequence in sequences {
            state.open.remove(sequence);
        }
    }

    /// Returns true if every record that was read is processed.
    pub(crate) fn is_settled(&self) -> bool {
        self.lock().open.is_empty()
    }

    /// Writes the checkpoint if it has changed.
    pub(crate) fn save(&self) -> io::Result<()> {
        let mut state = self.lock();
        // Everything before the first open record is processed. The sequence number of the record before it
        // is not known, but the open record's number minus one is sufficient for `AFTER_SEQUENCE_NUMBER`.
        let done = match state.open.first() {
            Some(open) => before(open),
            None => state.read.clone(),
        };
        if done.is_none() || done == state.done {
            return Ok(());
        }
        state.done = done;
        match (&self.path, &state.done) {
            (Some(path), Some(done)) => fs::write(path, done),
            _ => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn before(sequence: &str) -> Option<String> {
    let number: u128 = sequence.parse().ok()?;
    Some(format!("{:0width$}", number.checked_sub(1)?, width = sequence.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoint_is_before_the_oldest_open_record() {
        let checkpoint = Checkpoint::load(None);
        for (sequence, pending) in [
            ("100000000000000000001", true),
            ("100000000000000000002", false),
            ("100000000000000000005", true),
        ] {
            checkpoint.read(sequence, pending);
        }
        checkpoint.done(["100000000000000000005"]);
        checkpoint.save().unwrap();
        assert_eq!(checkpoint.position().as_deref(), Some("100000000000000000000"));
        assert!(!checkpoint.is_settled());
        checkpoint.done(["100000000000000000001"]);
        checkpoint.save().unwrap();
        assert_eq!(checkpoint.position().as_deref(), Some("100000000000000000005"));
        assert!(checkpoint.is_settled());
    }
}
