//! Tasks of a world: invocations of functions, each polled until it waits.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use tokio::sync::Notify;

use crate::network::Network;

type Work<O> = Pin<Box<dyn Future<Output = O> + Send>>;

struct Task<R, O> {
    role: R,
    work: Work<O>,
    awake: Arc<WakeFlag>,
}

/// True if a task can continue.
struct WakeFlag {
    is_set: AtomicBool,
    any: Arc<Notify>,
}

impl Wake for WakeFlag {
    fn wake(self: Arc<Self>) {
        self.is_set.store(true, Ordering::SeqCst);
        self.any.notify_one();
    }
}

/// All running tasks: a role describes a task, `O` is its outcome.
pub struct Tasks<R, O> {
    next: u64,
    running: BTreeMap<u64, Task<R, O>>,
    /// Notified whenever a task can continue.
    any: Arc<Notify>,
}

impl<R, O> Default for Tasks<R, O> {
    fn default() -> Self {
        Self { next: 0, running: BTreeMap::new(), any: Arc::default() }
    }
}

impl<R, O> Tasks<R, O> {
    /// Starts a task; the next [`run`](Self::run) polls it.
    pub fn begin(&mut self, role: R, work: impl Future<Output = O> + Send + 'static) -> u64 {
        self.next += 1;
        let awake = Arc::new(WakeFlag { is_set: AtomicBool::new(true), any: Arc::clone(&self.any) });
        self.running.insert(self.next, Task { role, work: Box::pin(work), awake });
        self.next
    }

    /// Polls all tasks until they wait, and returns the finished ones.
    pub fn run(&mut self, network: &Network) -> Vec<(u64, R, O)> {
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
    fn poll_next(&mut self, network: &Network) -> Option<(u64, Option<O>)> {
        let mut awake = self.running.iter_mut();
        let (number, task) = awake.find(|(_, task)| task.awake.is_set.swap(false, Ordering::SeqCst))?;
        network.set_current_task(*number);
        let waker = Waker::from(Arc::clone(&task.awake));
        match task.work.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(outcome) => Some((*number, Some(outcome))),
            Poll::Pending => Some((*number, None)),
        }
    }

    /// Kills a task.
    pub fn kill(&mut self, number: u64) -> Option<R> {
        self.running.remove(&number).map(|task| task.role)
    }

    /// Role of a running task.
    #[must_use]
    pub fn role(&self, number: u64) -> Option<&R> {
        self.running.get(&number).map(|task| &task.role)
    }

    /// Waits until a task can continue because of something outside of the simulation, for example a thread
    /// that computed a hash.
    pub async fn wait(&self) {
        self.any.notified().await;
    }

    /// Numbers of the running tasks.
    #[must_use]
    pub fn numbers(&self) -> Vec<u64> {
        self.running.keys().copied().collect()
    }

    /// Roles of the running tasks.
    pub fn roles(&self) -> impl Iterator<Item = &R> {
        self.running.values().map(|task| &task.role)
    }

    /// Returns true if no task is running.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.running.is_empty()
    }
}
