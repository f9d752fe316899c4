//! Property test of jobs: arbitrary sequences of deliveries, commits and failures of several workers,
//! cancellations, retries, dead letters and redrives. The output is never torn, and a job that completes
//! contains every row once and in order.

mod model;

use proptest::prelude::*;

use super::JobStatus;
use model::{ORDERS, World, rows};

/// Action that may occur in any state, expected or not.
#[derive(Debug, Clone, Copy)]
enum Action {
    /// A message is delivered to a worker. Any message that was ever sent may be delivered again.
    Deliver {
        message: usize,
        worker: usize,
    },
    /// A worker writes a page with this number of orders, based on the job as it last read it.
    Page {
        worker: usize,
        orders: u64,
    },
    /// A worker's attempt fails.
    FailAttempt {
        worker: usize,
    },
    /// A worker finds that the job cannot be completed.
    Refuse {
        worker: usize,
    },
    Cancel,
    Retry,
    /// A message is dead-lettered.
    DeadLetter {
        message: usize,
    },
    /// A dead letter is redriven.
    Redrive,
    Release,
    /// The sweeper resumes the job.
    Resume,
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let (message, worker) = (0..6_usize, 0..3_usize);
    let action = prop_oneof![
        6 => (message.clone(), worker.clone())
            .prop_map(|(message, worker)| Action::Deliver { message, worker }),
        8 => (worker.clone(), 1..4_u64).prop_map(|(worker, orders)| Action::Page { worker, orders }),
        2 => worker.clone().prop_map(|worker| Action::FailAttempt { worker }),
        1 => worker.prop_map(|worker| Action::Refuse { worker }),
        1 => Just(Action::Cancel),
        2 => Just(Action::Retry),
        2 => message.prop_map(|message| Action::DeadLetter { message }),
        2 => Just(Action::Redrive),
        1 => Just(Action::Release),
        1 => Just(Action::Resume),
    ];
    prop::collection::vec(action, 1..60)
}

proptest! {
    #[test]
    fn every_row_is_written_once_and_in_order(delayed in any::<bool>(), actions in actions()) {
        let mut world = World::with(delayed);
        for action in actions {
            world.apply_action(action);
        }
        prop_assert_eq!(world.complete(), rows(1, ORDERS));
    }
}

#[test]
fn dead_job_is_resumed_only_by_its_own_redrive() {
    let mut world = World::with(false);
    world.apply_action(Action::Deliver { message: 0, worker: 0 });
    world.apply_action(Action::Page { worker: 0, orders: 3 });
    world.apply_action(Action::DeadLetter { message: 0 });
    assert_eq!(world.job.status, JobStatus::Dead);
    world.apply_action(Action::Page { worker: 0, orders: 3 });
    world.apply_action(Action::Deliver { message: 0, worker: 1 });
    assert_eq!(
        (world.job.status, world.job.output.rows),
        (JobStatus::Dead, 3),
        "a late duplicate does not resume the job"
    );
    world.apply_action(Action::Redrive);
    world.apply_action(Action::Deliver { message: 1, worker: 1 });
    assert_eq!((world.job.status, world.job.attempts), (JobStatus::Running, 1));
    world.apply_action(Action::Page { worker: 1, orders: 4 });
    assert_eq!((world.job.status, world.text()), (JobStatus::Succeeded, rows(1, ORDERS)));
}

#[test]
fn message_of_a_superseded_request_has_no_effect() {
    let mut world = World::with(false);
    world.apply_action(Action::Deliver { message: 0, worker: 0 });
    world.apply_action(Action::Page { worker: 0, orders: 3 });
    world.apply_action(Action::Cancel);
    world.apply_action(Action::Retry);
    let retried = world.job.clone();
    assert_eq!((retried.status, retried.output.rows), (JobStatus::Queued, 0));
    for action in [
        Action::Page { worker: 0, orders: 3 },
        Action::Deliver { message: 0, worker: 1 },
        Action::DeadLetter { message: 0 },
    ] {
        world.apply_action(action);
        assert_eq!(world.job, retried, "{action:?}");
    }
}
