//! The end of a schedule: nothing goes wrong any more, and everything that is left comes to its end.

use std::time::Duration;

use crate::template_config::{PAYMENT_WINDOW, RECONCILIATION};
use crate::world::World;

/// More steps than any world needs to come to rest.
const MOST_STEPS: usize = 5_000;
/// How often the sweeper runs at most before the world is looked at.
const MOST_ROUNDS: usize = 8;

impl World {
    /// Goes on until nothing moves any more without the sweeper; false if it does not come to rest.
    fn quiesce(&mut self) -> bool {
        (0..MOST_STEPS).any(|_| !self.step())
    }

    /// Ends the storm, lets everything come to its end, and looks whether all is as it should be.
    pub fn end(&mut self) -> Vec<String> {
        self.note("the storm is over");
        self.chance.stop_faults();
        let mut at_rest = self.quiesce();
        for _ in 0..MOST_ROUNDS {
            let commits = self.table.commits;
            self.queues.redrive(self.now());
            let pause = if self.table.awaits_payment() { PAYMENT_WINDOW } else { RECONCILIATION };
            self.clock.advance_to(self.now().saturating_add(pause + Duration::from_mins(1)));
            at_rest = at_rest && self.quiesce();
            self.sweep();
            at_rest = at_rest && self.quiesce();
            // Moving the position of the comparison is a commit of its own.
            if self.table.commits <= commits + 1 && !self.table.awaits_payment() {
                break;
            }
        }
        self.note("nothing moves any more");
        let mut violations = self.violations();
        if !at_rest {
            violations.push("the world does not come to rest".to_owned());
        }
        violations
    }
}
