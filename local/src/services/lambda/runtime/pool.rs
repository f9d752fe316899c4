//! The instances of one function, and the queue of events that they take from.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use futures::future::join_all;
use tokio::sync::{Notify, oneshot};

use super::instance::Instance;
use super::{RuntimeSettings, process};
use crate::faults::{HttpClient, Killable};
use crate::services::lambda::runtime::invocation::{Answer, PendingInvocation};
use crate::services::lambda::{FunctionStats, Invocation, InvokeError};
use crate::system::shutdown::Shutdown;
use crate::template::Function;

/// Numbers instances over all functions of this process, so that a recorded call names exactly one.
static NEXT_INSTANCE: AtomicU64 = AtomicU64::new(1);

pub(super) struct Pool {
    pub(super) function: Function,
    pub(super) settings: Arc<RuntimeSettings>,
    pub(super) client: HttpClient,
    environment: Mutex<Arc<BTreeMap<String, String>>>,
    stop: Shutdown,
    state: Mutex<State>,
    /// Told of each job that an instance which waits may take.
    arrivals: Notify,
}

#[derive(Default)]
struct State {
    /// Jobs that no instance has taken yet.
    jobs: VecDeque<PendingInvocation>,
    instances: HashMap<u64, Member>,
    stats: FunctionStats,
}

/// An instance whose process has not been seen to end.
struct Member {
    instance: Arc<Instance>,
    /// Whether the next job is for it: it starts, waits, or has answered and is about to ask. A client that sends one
    /// request after the other is often faster than the last, and must not start an instance by that.
    available: bool,
}

impl State {
    fn available(&self) -> usize {
        self.instances.values().filter(|member| member.available).count()
    }

    fn set_available(&mut self, instance: &Instance, available: bool) {
        if let Some(member) = self.instances.get_mut(&instance.id) {
            member.available = available;
        }
    }

    /// Has an instance begin to work on the next job, if there is one and the process has not ended by now.
    fn assign(&mut self, instance: &Instance) -> Option<Invocation> {
        let member = self.instances.get_mut(&instance.id)?;
        let job = self.jobs.pop_front()?;
        let invocation = job.invocation.clone();
        instance.begin(job);
        member.available = false;
        Some(invocation)
    }

    fn all(&self) -> Vec<Arc<Instance>> {
        self.instances.values().map(|member| Arc::clone(&member.instance)).collect()
    }
}

impl Pool {
    pub(super) fn new(
        function: Function,
        settings: Arc<RuntimeSettings>,
        client: HttpClient,
        stop: Shutdown,
    ) -> Self {
        Self {
            environment: Mutex::new(Arc::new(function.environment.clone())),
            function,
            settings,
            client,
            stop,
            state: Mutex::default(),
            arrivals: Notify::new(),
        }
    }

    pub(super) fn limit(&self) -> usize {
        self.settings.instances.max(1)
    }

    /// The environment of instances that are started now.
    pub(super) fn environment(&self) -> Arc<BTreeMap<String, String>> {
        Arc::clone(&self.environment.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the environment, and then one instance after the other, each between two events.
    pub(super) async fn deploy(&self, environment: &BTreeMap<String, String>) {
        *self.environment.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(environment.clone());
        // Whoever has read the old environment is in the pool by now.
        let old = self.lock().all();
        for instance in old {
            instance.retire().await;
        }
    }

    pub(super) async fn invoke(self: &Arc<Self>, invocation: Invocation) -> Answer {
        if self.stop.is_triggered() {
            return Err(InvokeError::Stopped);
        }
        let (reply, answer) = oneshot::channel();
        {
            let mut state = self.lock();
            state.jobs.push_back(PendingInvocation { invocation, reply });
            state.stats.invocations += 1;
        }
        self.offer();
        let answer = tokio::select! {
            answer = answer => answer.unwrap_or(Err(InvokeError::Stopped)),
            () = self.stop.wait() => Err(InvokeError::Stopped),
        };
        let mut state = self.lock();
        match &answer {
            Err(InvokeError::Function { .. }) => state.stats.errors += 1,
            Err(InvokeError::TimedOut { .. }) => state.stats.time_outs += 1,
            _ => {}
        }
        answer
    }

    /// Offers jobs to instances that wait, and starts some while there are more jobs than instances that will take one.
    /// To be called whenever there is a job more, or an instance less.
    fn offer(self: &Arc<Self>) {
        let mut state = self.lock();
        if !state.jobs.is_empty() {
            self.arrivals.notify_one();
        }
        while state.jobs.len() > state.available()
            && state.instances.len() < self.limit()
            && !self.stop.is_triggered()
        {
            let id = NEXT_INSTANCE.fetch_add(1, Ordering::Relaxed);
            let instance = Arc::new(Instance::new(id, self.function.stem.as_str(), self.function.timeout));
            state.stats.cold_starts += 1;
            state.instances.insert(id, Member { instance: Arc::clone(&instance), available: true });
            tokio::spawn(process::run(Arc::clone(self), instance, self.stop.clone()));
        }
    }

    /// An instance has answered; `false` if it was not asked.
    pub(super) fn finish(&self, instance: &Instance, request_id: &str, answer: Answer) -> bool {
        let mut state = self.lock();
        let Some((job, took)) = instance.finish(request_id) else { return false };
        state.set_available(instance, true);
        state.stats.busy += took;
        drop(state);
        job.answer(answer);
        true
    }

    /// Has an instance that asks for a job wait for one, and begin to work on it.
    pub(super) async fn take(self: &Arc<Self>, instance: &Instance) -> Option<Invocation> {
        instance.becomes_ready();
        self.lock().set_available(instance, true);
        let waiting = Waiting { pool: self, instance };
        tokio::select! {
            biased;
            () = instance.dies() => None,
            () = instance.retires() => {
                drop(waiting);
                instance.ends();
                instance.dies().await;
                None
            }
            invocation = self.next_for(instance) => Some(invocation),
        }
    }

    async fn next_for(&self, instance: &Instance) -> Invocation {
        loop {
            let arrival = self.arrivals.notified();
            if let Some(invocation) = self.lock().assign(instance) {
                return invocation;
            }
            arrival.await;
        }
    }

    /// An instance is gone: whatever it was to do fails, and others are started if jobs wait.
    pub(super) fn gone(self: &Arc<Self>, instance: &Instance, error: impl Fn() -> InvokeError) {
        let was_starting = instance.becomes_ready();
        let job = {
            let mut state = self.lock();
            state.instances.remove(&instance.id);
            let current = instance.abandon();
            if was_starting || current.is_some() {
                state.stats.crashes += 1;
            }
            // An instance that never became ready fails the job that it was started for.
            current.or_else(|| if was_starting { state.jobs.pop_front() } else { None })
        };
        if let Some(job) = job {
            job.answer(Err(error()));
        }
        self.offer();
    }

    pub(super) fn processes(&self) -> Vec<u32> {
        self.lock().all().iter().filter_map(|instance| instance.process()).collect()
    }

    pub(super) async fn kill(&self) -> usize {
        let instances = self.lock().all();
        join_all(instances.iter().map(|instance| instance.kill())).await;
        instances.len()
    }

    /// Ends all instances in order, and waits until they are gone.
    pub(super) async fn leave(&self) {
        let instances = self.lock().all();
        join_all(instances.iter().map(|instance| instance.shut_down())).await;
    }

    pub(super) fn stats(&self) -> FunctionStats {
        let state = self.lock();
        FunctionStats { instances: state.instances.len().try_into().unwrap_or(u64::MAX), ..state.stats }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts an instance as available until it has a job, or its connection is gone, which may be at any time.
struct Waiting<'a> {
    pool: &'a Arc<Pool>,
    instance: &'a Instance,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.pool.lock().set_available(self.instance, false);
        self.pool.offer();
    }
}

#[cfg(test)]
mod tests;
