//! End of a schedule: faults stop, remaining work is done, and the invariants are checked.

use std::time::Duration;

use crate::functions::FULFILMENT;
use crate::template_config::{PAYMENT_WINDOW, RECONCILIATION, queue_of};
use crate::world::World;

/// Steps after which a world counts as not quiescing.
const MAX_STEPS: usize = 5_000;
/// Maximum number of sweeper runs before the audit.
const MAX_ROUNDS: usize = 8;

impl World {
    /// Runs steps until the world is idle without the sweeper; false if it does not quiesce.
    fn quiesce(&mut self) -> bool {
        (0..MAX_STEPS).any(|_| !self.step())
    }

    /// Stops faults, quiesces, and returns the violations.
    pub fn end(&mut self) -> Vec<String> {
        self.record("faults stop");
        self.decisions.stop_faults();
        let mut idle = self.quiesce();
        for _ in 0..MAX_ROUNDS {
            let commits = self.table.commits;
            self.queues.redrive(queue_of(FULFILMENT), self.now());
            let pause = if self.table.awaits_payment() { PAYMENT_WINDOW } else { RECONCILIATION };
            self.clock.advance_to(self.now().saturating_add(pause + Duration::from_mins(1)));
            idle = idle && self.quiesce();
            self.sweep();
            idle = idle && self.quiesce();
            // Advancing the reconciliation cursor is one commit.
            if self.table.commits <= commits + 1 && !self.table.awaits_payment() {
                break;
            }
        }
        self.record("the system is idle");
        let mut violations = self.violations();
        if !idle {
            violations.push("the world does not quiesce".to_owned());
        }
        violations
    }
}
