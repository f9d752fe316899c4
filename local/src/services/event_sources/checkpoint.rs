//! How far a stream has been read: everything before the oldest record that is not done.

use std::{
    collections::BTreeSet,
    fs, io,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Progress through one shard. Sequence numbers have a fixed width, so they sort as text.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    path: Option<PathBuf>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Records that have been read and are not done.
    open: BTreeSet<String>,
    /// The last record that was read, filtered ones included.
    read: Option<String>,
    /// The last record before which everything is done.
    done: Option<String>,
}

impl Checkpoint {
    /// Continues where the file says; without a file, nothing is kept.
    pub(crate) fn load(path: Option<PathBuf>) -> Self {
        let done = path.as_ref().and_then(|path| fs::read_to_string(path).ok());
        let done = done.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        Self { path, state: Mutex::new(State { done, ..State::default() }) }
    }

    /// The sequence number behind which reading begins.
    pub(crate) fn position(&self) -> Option<String> {
        self.lock().done.clone()
    }

    /// A record has been read; `wanted` says whether it must be worked on.
    pub(crate) fn read(&self, sequence: &str, wanted: bool) {
        let mut state = self.lock();
        if wanted {
            state.open.insert(sequence.to_owned());
        }
        state.read = Some(sequence.to_owned());
    }

    /// Records are done, or given up.
    pub(crate) fn done<'a>(&self, sequences: impl IntoIterator<Item = &'a str>) {
        let mut state = self.lock();
        for sequence in sequences {
            state.open.remove(sequence);
        }
    }

    /// Whether every record that was read is done.
    pub(crate) fn is_settled(&self) -> bool {
        self.lock().open.is_empty()
    }

    /// Writes the checkpoint if it has moved.
    pub(crate) fn save(&self) -> io::Result<()> {
        let mut state = self.lock();
        // While a record is open, everything before it counts as done, but no record is known that stands just before
        // it; the number one less is enough for `AFTER_SEQUENCE_NUMBER`.
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
    fn the_checkpoint_stands_before_the_oldest_open_record() {
        let checkpoint = Checkpoint::load(None);
        for (sequence, wanted) in [
            ("100000000000000000001", true),
            ("100000000000000000002", false),
            ("100000000000000000005", true),
        ] {
            checkpoint.read(sequence, wanted);
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
