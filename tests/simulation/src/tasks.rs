//! The tasks of a world: invocations of functions, each run for as long as it can without waiting.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use crate::network::Network;
use crate::payments::Report;
use crate::user_actions::ActionResult;

/// What a task is: an invocation, and what becomes of its work when it dies.
#[derive(Debug, Clone)]
pub enum Role {
    /// An instance of the fulfilment, at these messages.
    Consumer(usize, Vec<u64>),
    /// The relay, at so many events of a lane of the stream.
    Relay(String, usize),
    /// The function that hears from the gateway.
    Webhook(Report),
    /// A function over HTTP, at the deed with this number; tried so often before.
    Deed(usize, u32),
    /// The sweeper.
    Sweeper,
}

/// How a task came to its end.
#[derive(Debug)]
pub enum Ended {
    /// These messages come back.
    Batch(Vec<String>),
    /// These events are done.
    Relayed(Vec<bool>),
    /// The webhook was answered with this status.
    Heard(u16),
    /// The caller was told.
    Told(ActionResult),
    /// The tick is through; whether all of it was.
    Swept(bool),
}

type Work = Pin<Box<dyn Future<Output = Ended> + Send>>;

struct Task {
    role: Role,
    work: Work,
    awake: Arc<Awake>,
}

/// Whether a task can go on.
struct Awake(AtomicBool);

impl Wake for Awake {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// All tasks that have not come to an end.
#[derive(Default)]
pub struct Tasks {
    next: u64,
    running: BTreeMap<u64, Task>,
}

impl Tasks {
    /// Begins a task; it runs when everything is run next.
    pub fn begin(&mut self, role: Role, work: impl Future<Output = Ended> + Send + 'static) -> u64 {
        self.next += 1;
        let awake = Arc::new(Awake(AtomicBool::new(true)));
        self.running.insert(self.next, Task { role, work: Box::pin(work), awake });
        self.next
    }

    /// Runs every task until all of them wait; gives those that came to an end.
    pub fn run(&mut self, network: &Network) -> Vec<(u64, Role, Ended)> {
        let mut ended = Vec::new();
        while let Some((number, outcome)) = self.poll_next(network) {
            if let Some(outcome) = outcome
                && let Some(task) = self.running.remove(&number)
            {
                ended.push((number, task.role, outcome));
            }
        }
        ended
    }

    /// Polls the first task that can go on.
    fn poll_next(&mut self, network: &Network) -> Option<(u64, Option<Ended>)> {
        let mut awake = self.running.iter_mut();
        let (number, task) = awake.find(|(_, task)| task.awake.0.swap(false, Ordering::SeqCst))?;
        network.runs(*number);
        let waker = Waker::from(Arc::clone(&task.awake));
        match task.work.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(outcome) => Some((*number, Some(outcome))),
            Poll::Pending => Some((*number, None)),
        }
    }

    /// Kills a task in the middle of whatever it is at.
    pub fn kill(&mut self, number: u64) -> Option<Role> {
        self.running.remove(&number).map(|task| task.role)
    }

    /// What a task is, in a word.
    #[must_use]
    pub fn name(&self, number: u64) -> String {
        let Some(task) = self.running.get(&number) else { return format!("nobody (was {number})") };
        match &task.role {
            Role::Consumer(instance, _) => format!("fulfilment {instance}"),
            Role::Relay(lane, _) => format!("relay of {lane}"),
            Role::Webhook(_) => "webhook".to_owned(),
            Role::Deed(deed, _) => format!("deed {deed}"),
            Role::Sweeper => "sweeper".to_owned(),
        }
    }

    /// The tasks that run, by their numbers.
    #[must_use]
    pub fn numbers(&self) -> Vec<u64> {
        self.running.keys().copied().collect()
    }

    /// The tasks that run, by their roles.
    pub fn roles(&self) -> impl Iterator<Item = &Role> {
        self.running.values().map(|task| &task.role)
    }

    /// Whether none is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.running.is_empty()
    }
}
