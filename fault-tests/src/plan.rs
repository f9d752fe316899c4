//! Selects the trials to run.

use std::ops::Range;

use crate::fault::{FaultInfo, TrialCounts};
use crate::run_log::CompletedBatch;

/// Length of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunLength {
    /// Short form, part of `make test`.
    Short,
    /// Long form.
    Long,
}

/// Trials of one fault test that share a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Name of the fault test.
    pub fault: &'static str,
    /// Numbers of the trials.
    pub numbers: Range<u64>,
}

/// Batches of a fault test.
pub fn batches(fault: &FaultInfo, length: RunLength) -> impl Iterator<Item = Batch> + use<> {
    let TrialCounts { long, short, per_stack } = fault.trial_counts;
    let (count, fault) = (if length == RunLength::Short { short } else { long }, fault.name);
    (0..count.div_ceil(per_stack)).map(move |part| {
        let first = part * per_stack;
        Batch { fault, numbers: first..(first + per_stack).min(count) }
    })
}

impl Batch {
    /// Returns true if the batch is among the completed ones.
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
        for fault in crate::faults::all() {
            for (length, count) in
                [(RunLength::Short, fault.trial_counts.short), (RunLength::Long, fault.trial_counts.long)]
            {
                let numbers: Vec<u64> = batches(&fault, length).flat_map(|batch| batch.numbers).collect();
                assert_eq!(numbers, (0..count).collect::<Vec<_>>(), "{}", fault.name);
            }
        }
    }
}
