//! Which trials are to be made.

use std::ops::Range;

use crate::fault::{FaultInfo, TrialCounts};
use crate::run_log::CompletedBatch;

/// How much is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunLength {
    /// What `make test` has time for.
    Short,
    /// All of it.
    Long,
}

/// Trials of one proof that share a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The proof.
    pub fault: &'static str,
    /// The trials.
    pub numbers: Range<u64>,
}

/// The batches of a proof.
pub fn batches(listed: &FaultInfo, form: RunLength) -> impl Iterator<Item = Batch> + use<> {
    let TrialCounts { long, short, together } = listed.effort;
    let (count, fault) = (if form == RunLength::Short { short } else { long }, listed.name);
    (0..count.div_ceil(together)).map(move |part| {
        let first = part * together;
        Batch { fault, numbers: first..(first + together).min(count) }
    })
}

impl Batch {
    /// Whether it is among those done.
    #[must_use]
    pub fn is_in(&self, done: &[CompletedBatch]) -> bool {
        done.iter().any(|done| {
            done.fault == self.fault && (done.first, done.end) == (self.numbers.start, self.numbers.end)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_cover_every_trial_once() {
        for listed in crate::fault::all() {
            for (form, count) in
                [(RunLength::Short, listed.effort.short), (RunLength::Long, listed.effort.long)]
            {
                let numbers: Vec<u64> = batches(&listed, form).flat_map(|batch| batch.numbers).collect();
                assert_eq!(numbers, (0..count).collect::<Vec<_>>(), "{}", listed.name);
            }
        }
    }
}
