//! Every history that a job can have: any number of workers that take it up, get on with it, fail and come too late; owners who
//! cancel and retry; messages that die and are redriven. However it goes, what is written is never torn, and a job that is
//! let go on in the end has written every row, in order, once.

mod model;

use proptest::prelude::*;

use super::JobStatus;
use model::{ORDERS, World, rows};

/// Something that may happen, whether or not the job expects it.
#[derive(Debug, Clone, Copy)]
enum Act {
    /// A message is delivered to a worker: one of those that were ever sent.
    Deliver {
        message: usize,
        worker: usize,
    },
    /// A worker reads a page of so many orders and commits it, whatever became of the job meanwhile.
    Page {
        worker: usize,
        orders: u64,
    },
    /// A worker's attempt fails.
    Stumble {
        worker: usize,
    },
    /// A worker finds that the job cannot be done.
    Refuse {
        worker: usize,
    },
    Cancel,
    Retry,
    /// A message dies.
    Die {
        message: usize,
    },
    /// Its letter is redriven.
    Redrive,
    Release,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let (message, worker) = (0..6_usize, 0..3_usize);
    let act = prop_oneof![
        6 => (message.clone(), worker.clone()).prop_map(|(message, worker)| Act::Deliver { message, worker }),
        8 => (worker.clone(), 1..4_u64).prop_map(|(worker, orders)| Act::Page { worker, orders }),
        2 => worker.clone().prop_map(|worker| Act::Stumble { worker }),
        1 => worker.prop_map(|worker| Act::Refuse { worker }),
        1 => Just(Act::Cancel),
        2 => Just(Act::Retry),
        2 => message.prop_map(|message| Act::Die { message }),
        2 => Just(Act::Redrive),
        1 => Just(Act::Release),
    ];
    prop::collection::vec(act, 1..60)
}

proptest! {
    #[test]
    fn whatever_happens_every_row_is_written_in_its_order_and_once(delayed in any::<bool>(), acts in acts()) {
        let mut world = World::with(delayed);
        for act in acts {
            world.act(act);
        }
        prop_assert_eq!(world.through(), rows(1, ORDERS));
    }
}

#[test]
fn a_dead_job_is_woken_by_the_redrive_of_its_own_death_and_by_nothing_else() {
    let mut world = World::with(false);
    world.act(Act::Deliver { message: 0, worker: 0 });
    world.act(Act::Page { worker: 0, orders: 3 });
    world.act(Act::Die { message: 0 });
    assert_eq!(world.job.status, JobStatus::Dead);
    world.act(Act::Page { worker: 0, orders: 3 });
    world.act(Act::Deliver { message: 0, worker: 1 });
    assert_eq!((world.job.status, world.job.written.rows), (JobStatus::Dead, 3), "a late copy wakes nobody");
    world.act(Act::Redrive);
    world.act(Act::Deliver { message: 1, worker: 1 });
    assert_eq!((world.job.status, world.job.attempts), (JobStatus::Running, 1));
    world.act(Act::Page { worker: 1, orders: 4 });
    assert_eq!((world.job.status, world.text()), (JobStatus::Succeeded, rows(1, ORDERS)));
}

#[test]
fn a_message_has_no_say_any_more_once_the_job_was_asked_for_again() {
    let mut world = World::with(false);
    world.act(Act::Deliver { message: 0, worker: 0 });
    world.act(Act::Page { worker: 0, orders: 3 });
    world.act(Act::Cancel);
    world.act(Act::Retry);
    let retried = world.job.clone();
    assert_eq!((retried.status, retried.written.rows), (JobStatus::Queued, 0));
    for act in
        [Act::Page { worker: 0, orders: 3 }, Act::Deliver { message: 0, worker: 1 }, Act::Die { message: 0 }]
    {
        world.act(act);
        assert_eq!(world.job, retried, "{act:?}");
    }
}
