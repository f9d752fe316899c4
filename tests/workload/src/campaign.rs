//! Many sequences on several threads.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::coverage::Coverage;
use crate::sequence::{Place, Sequence, Settings, run};

/// Number of steps of a sequence, unless another one is chosen.
pub const STEPS: usize = 250;

/// Plan of a campaign.
#[derive(Debug, Clone, Copy)]
pub struct Campaign {
    /// System on which the sequences are executed.
    pub place: Place,
    /// Seed.
    pub seed: u64,
    /// Number of the first sequence.
    pub first: u64,
    /// Number of sequences.
    pub sequences: u64,
    /// Time after which no further sequence starts.
    pub limit: Duration,
    /// Number of steps of a sequence.
    pub steps: usize,
    /// Number of threads.
    pub threads: usize,
}

/// Result of a campaign.
#[derive(Debug, Clone, Default)]
pub struct CampaignResult {
    /// Number of sequences.
    pub sequences: u64,
    /// Number of injected faults.
    pub faults: u64,
    /// Coverage of all sequences.
    pub coverage: Coverage,
    /// The first sequence with a violation. No sequence starts after it.
    pub failing: Option<Sequence>,
}

/// Runs the sequences of a campaign.
///
/// # Panics
/// If a system does not start.
#[must_use]
pub fn run_campaign(campaign: Campaign) -> CampaignResult {
    let (next, result) = (AtomicU64::new(0), Mutex::new(CampaignResult::default()));
    let start = Instant::now();
    thread::scope(|scope| {
        for _ in 0..campaign.threads {
            scope.spawn(|| {
                while lock(&result).failing.is_none() && start.elapsed() < campaign.limit {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    if number >= campaign.sequences {
                        return;
                    }
                    let Campaign { place, seed, first, steps, .. } = campaign;
                    let sequence = run(Settings { place, seed, number: first + number, steps });
                    lock(&result).record(sequence);
                }
            });
        }
    });
    result.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn lock(result: &Mutex<CampaignResult>) -> std::sync::MutexGuard<'_, CampaignResult> {
    result.lock().unwrap_or_else(PoisonError::into_inner)
}

impl CampaignResult {
    fn record(&mut self, sequence: Sequence) {
        self.sequences += 1;
        self.faults += sequence.faults;
        self.coverage.add(&sequence.coverage);
        if !sequence.violations.is_empty() && self.failing.is_none() {
            self.failing = Some(sequence);
        }
    }
}
