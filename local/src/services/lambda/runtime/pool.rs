//! Pool of the instances of one function, and the queue of invocations that they take from.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use futures::future::join_all;
use tokio::sync::{Notify, oneshot};
use tokio_util::sync::CancellationToken;

use super::RuntimeSettings;
use super::instance::Instance;
use crate::faults::{HttpClient, Killable};
use crate::services::lambda::runtime::invocation::{InvokeResult, PendingInvocation};
use crate::services::lambda::{FunctionStats, Invocation, InvokeError};
use crate::template::Function;

/// Number of the next instance. It is unique across all functions of this process, so that a recorded call
/// identifies its instance.
static NEXT_INSTANCE: AtomicU64 = AtomicU64::new(1);

/// Starts an instance in a task of its own.
pub(super) type Launch = fn(Arc<Pool>, Arc<Instance>, CancellationToken);

pub(super) struct Pool {
    pub(super) function: Function,
    pub(super) settings: Arc<RuntimeSettings>,
    pub(super) client: HttpClient,
    environment: Mutex<Arc<BTreeMap<String, String>>>,
    launch: Launch,
    stop: CancellationToken,
    state: Mutex<State>,
    /// Notified when an invocation is available for a waiting instance.
    arrivals: Notify,
}

#[derive(Default)]
struct State {
    /// Invocations that no instance has taken yet.
    pending: VecDeque<PendingInvocation>,
    instances: HashMap<u64, PooledInstance>,
    stats: FunctionStats,
}

/// Instance whose process has not exited.
struct PooledInstance {
    instance: Arc<Instance>,
    /// True if the instance is expected to take the next invocation: it is starting, waiting, or has
    /// responded and will ask next. Without this, a client that sends requests one after the other could
    /// start another instance before the first one asks again.
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

    /// Starts the next pending invocation on an instance, if there is one and the instance is still in the
    /// pool.
    fn assign(&mut self, instance: &Instance) -> Option<Invocation> {
        let member = self.instances.get_mut(&instance.id)?;
        let pending = self.pending.pop_front()?;
        let invocation = pending.invocation.clone();
        instance.begin(pending);
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
        launch: Launch,
        stop: CancellationToken,
    ) -> Self {
        Self {
            environment: Mutex::new(Arc::new(function.environment.clone())),
            function,
            settings,
            client,
            launch,
            stop,
            state: Mutex::default(),
            arrivals: Notify::new(),
        }
    }

    pub(super) fn limit(&self) -> usize {
        self.settings.instances.max(1)
    }

    /// Environment for new instances.
    pub(super) fn environment(&self) -> Arc<BTreeMap<String, String>> {
        Arc::clone(&self.environment.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the environment, then the instances one after the other, each between two invocations.
    pub(super) async fn deploy(&self, environment: &BTreeMap<String, String>) {
        *self.environment.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(environment.clone());
        // Instances that were started with the old environment are in the pool already.
        let old = self.lock().all();
        for instance in old {
            instance.retire().await;
        }
    }

    pub(super) async fn invoke(self: &Arc<Self>, invocation: Invocation) -> InvokeResult {
        if self.stop.is_cancelled() {
            return Err(InvokeError::Stopped);
        }
        let (reply, result) = oneshot::channel();
        {
            let mut state = self.lock();
            state.pending.push_back(PendingInvocation { invocation, reply });
            state.stats.invocations += 1;
        }
        self.dispatch();
        let result = tokio::select! {
            result = result => result.unwrap_or(Err(InvokeError::Stopped)),
            () = self.stop.cancelled() => Err(InvokeError::Stopped),
        };
        let mut state = self.lock();
        match &result {
            Err(InvokeError::Function { .. }) => state.stats.errors += 1,
            Err(InvokeError::TimedOut { .. }) => state.stats.timeouts += 1,
            _ => {}
        }
        result
    }

    /// Notifies waiting instances of pending invocations, and starts instances while there are more pending
    /// invocations than available instances. Called whenever an invocation is added or an instance is
    /// removed.
    fn dispatch(self: &Arc<Self>) {
        let mut state = self.lock();
        if !state.pending.is_empty() {
            self.arrivals.notify_one();
        }
        while state.pending.len() > state.available()
            && state.instances.len() < self.limit()
            && !self.stop.is_cancelled()
        {
            let id = NEXT_INSTANCE.fetch_add(1, Ordering::Relaxed);
            let instance = Arc::new(Instance::new(id, self.function.stem.as_str(), self.function.timeout));
            state.stats.cold_starts += 1;
            state.instances.insert(id, PooledInstance { instance: Arc::clone(&instance), available: true });
            (self.launch)(Arc::clone(self), instance, self.stop.clone());
        }
    }

    /// Handles the response of an instance. Returns false if the instance is not processing this request.
    pub(super) fn finish(&self, instance: &Instance, request_id: &str, result: InvokeResult) -> bool {
        let mut state = self.lock();
        let Some((pending, took)) = instance.finish(request_id) else { return false };
        state.set_available(instance, true);
        state.stats.busy += took;
        drop(state);
        pending.respond(result);
        true
    }

    /// Waits for an invocation and starts it on an instance. `None` if the instance ends.
    pub(super) async fn next_invocation(self: &Arc<Self>, instance: &Instance) -> Option<Invocation> {
        instance.mark_ready();
        self.lock().set_available(instance, true);
        let waiting = Waiting { pool: self, instance };
        tokio::select! {
            biased;
            () = instance.until_killed_or_exited() => None,
            () = instance.until_retired() => {
                drop(waiting);
                instance.begin_shutdown();
                instance.until_killed_or_exited().await;
                None
            }
            invocation = self.wait_for_invocation(instance) => Some(invocation),
        }
    }

    async fn wait_for_invocation(&self, instance: &Instance) -> Invocation {
        loop {
            let arrival = self.arrivals.notified();
            if let Some(invocation) = self.lock().assign(instance) {
                return invocation;
            }
            arrival.await;
        }
    }

    /// Removes an instance whose process has exited. Its invocation fails, and new instances are started if
    /// invocations are pending.
    pub(super) fn remove_instance(self: &Arc<Self>, instance: &Instance, error: impl Fn() -> InvokeError) {
        let was_starting = instance.mark_ready();
        let failed = {
            let mut state = self.lock();
            state.instances.remove(&instance.id);
            let current = instance.abandon();
            if was_starting || current.is_some() {
                state.stats.crashes += 1;
            }
            // An instance that never became ready fails the invocation that it was started for.
            current.or_else(|| if was_starting { state.pending.pop_front() } else { None })
        };
        if let Some(pending) = failed {
            pending.respond(Err(error()));
        }
        self.dispatch();
    }

    pub(super) fn processes(&self) -> Vec<u32> {
        self.lock().all().iter().filter_map(|instance| instance.process()).collect()
    }

    pub(super) async fn kill(&self) -> usize {
        let instances = self.lock().all();
        join_all(instances.iter().map(|instance| instance.kill())).await;
        instances.len()
    }

    /// Shuts all instances down gracefully and waits until their processes have exited.
    pub(super) async fn shut_down(&self) {
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

/// Guard that makes an instance unavailable when it gets an invocation or its connection closes, which can
/// happen at any time.
struct Waiting<'a> {
    pool: &'a Arc<Pool>,
    instance: &'a Instance,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.pool.lock().set_available(self.instance, false);
        self.pool.dispatch();
    }
}

#[cfg(test)]
mod tests;
