//! Tasks of a world: invocations of functions, each polled until it waits.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use crate::network::Network;
use crate::payments::Webhook;
use crate::user_actions::ActionResult;

/// Kind of a task, with the work that is affected by a crash.
#[derive(Debug, Clone)]
pub enum Role {
    /// An instance of the fulfilment with its messages.
    Consumer(usize, Vec<u64>),
    /// The relay with a partition of the stream and the number of its events.
    Relay(String, usize),
    /// The webhook function.
    Webhook(Webhook),
    /// An HTTP function with the number of the action and the number of the attempt.
    Action(usize, u32),
    /// The sweeper.
    Sweeper,
}

/// Outcome of a task.
#[derive(Debug)]
pub enum Outcome {
    /// Ids of failed messages.
    BatchDone(Vec<String>),
    /// True for each published event.
    RelayDone(Vec<bool>),
    /// Status of the response to the webhook.
    WebhookDone(u16),
    /// Result of the action.
    ActionDone(ActionResult),
    /// True if the sweeper succeeded.
    SweepDone(bool),
}

type Work = Pin<Box<dyn Future<Output = Outcome> + Send>>;

struct Task {
    role: Role,
    work: Work,
    awake: Arc<WakeFlag>,
}

/// True if a task can continue.
struct WakeFlag(AtomicBool);

impl Wake for WakeFlag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// All running tasks.
#[derive(Default)]
pub struct Tasks {
    next: u64,
    running: BTreeMap<u64, Task>,
}

impl Tasks {
    /// Starts a task; the next [`run`](Self::run) polls it.
    pub fn begin(&mut self, role: Role, work: impl Future<Output = Outcome> + Send + 'static) -> u64 {
        self.next += 1;
        let awake = Arc::new(WakeFlag(AtomicBool::new(true)));
        self.running.insert(self.next, Task { role, work: Box::pin(work), awake });
        self.next
    }

    /// Polls all tasks until they wait, and returns the finished ones.
    pub fn run(&mut self, network: &Network) -> Vec<(u64, Role, Outcome)> {
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

    /// Polls the first task that can continue.
    fn poll_next(&mut self, network: &Network) -> Option<(u64, Option<Outcome>)> {
        let mut awake = self.running.iter_mut();
        let (number, task) = awake.find(|(_, task)| task.awake.0.swap(false, Ordering::SeqCst))?;
        network.set_current_task(*number);
        let waker = Waker::from(Arc::clone(&task.awake));
        match task.work.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(outcome) => Some((*number, Some(outcome))),
            Poll::Pending => Some((*number, None)),
        }
    }

    /// Kills a task.
    pub fn kill(&mut self, number: u64) -> Option<Role> {
        self.running.remove(&number).map(|task| task.role)
    }

    /// Name of a task for the trace.
    #[must_use]
    pub fn name(&self, number: u64) -> String {
        let Some(task) = self.running.get(&number) else { return format!("finished task {number}") };
        match &task.role {
            Role::Consumer(instance, _) => format!("fulfilment {instance}"),
            Role::Relay(lane, _) => format!("relay of {lane}"),
            Role::Webhook(_) => "webhook".to_owned(),
            Role::Action(action, _) => format!("action {action}"),
            Role::Sweeper => "sweeper".to_owned(),
        }
    }

    /// Numbers of the running tasks.
    #[must_use]
    pub fn numbers(&self) -> Vec<u64> {
        self.running.keys().copied().collect()
    }

    /// Roles of the running tasks.
    pub fn roles(&self) -> impl Iterator<Item = &Role> {
        self.running.values().map(|task| &task.role)
    }

    /// Returns true if no task is running.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.running.is_empty()
    }
}
