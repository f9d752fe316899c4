//! Shortens a failing sequence by delta debugging (Zeller and Hildebrandt, "Simplifying and Isolating
//! Failure-Inducing Input"): removes ever smaller parts as long as the rest still fails.

use crate::sequence::{Sequence, replay};
use crate::step::Step;

/// Maximum number of executions.
const MAX_RUNS: usize = 150;

/// Returns the shortest failing sequence that was found.
#[must_use]
pub fn shortened(failing: Sequence) -> Sequence {
    let (mut shortest, mut parts, mut runs) = (failing, 2, 0);
    while shortest.steps.len() > 1 && runs < MAX_RUNS {
        let size = shortest.steps.len().div_ceil(parts);
        let starts = (0..shortest.steps.len()).step_by(size);
        let candidates: Vec<Vec<(usize, Step)>> =
            starts.map(|start| without(&shortest.steps, start, size)).collect();
        let mut smaller = None;
        for steps in candidates {
            runs += 1;
            let tried = replay(shortest.settings, &steps);
            if !tried.violations.is_empty() {
                smaller = Some(tried);
                break;
            }
        }
        match smaller {
            Some(smaller) => {
                shortest = smaller;
                parts = (parts - 1).max(2);
            }
            None if size == 1 => break,
            None => parts = (parts * 2).min(shortest.steps.len()),
        }
    }
    shortest
}

fn without(steps: &[(usize, Step)], start: usize, size: usize) -> Vec<(usize, Step)> {
    let kept = steps.iter().enumerate().filter(|(index, _)| !(start..start + size).contains(index));
    kept.map(|(_, step)| step.clone()).collect()
}
