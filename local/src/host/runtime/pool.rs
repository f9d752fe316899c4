//! The instances of one function, and the queue of events that they take from.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use futures::future::join_all;
use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot};

use super::{
    RuntimeSettings,
    instance::Instance,
    job::{Answer, Job},
    process,
};
use crate::{
    faults::{HttpClient, Victim},
    host::{FunctionStats, Invocation, InvokeError},
    stop::Stop,
    template::Function,
};

/// Numbers instances over all functions of this process, so that a recorded call names exactly one.
static NEXT_INSTANCE: AtomicU64 = AtomicU64::new(1);

pub(super) struct Pool {
    pub(super) function: Function,
    pub(super) settings: Arc<RuntimeSettings>,
    pub(super) client: HttpClient,
    environment: Mutex<Arc<BTreeMap<String, String>>>,
    stop: Stop,
    jobs: mpsc::UnboundedSender<Job>,
    waiting_jobs: AsyncMutex<mpsc::UnboundedReceiver<Job>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Jobs that no instance has taken yet.
    queued: usize,
    /// Instances that have been started but have not asked for an event yet.
    starting: usize,
    /// Instances that have answered and are about to ask for their next event. A client that sends one request after
    /// the other is often faster than they are, and must not start an instance by that.
    returning: usize,
    /// Instances that wait for an event.
    waiting: usize,
    instances: HashMap<u64, Arc<Instance>>,
    stats: FunctionStats,
}

impl Pool {
    pub(super) fn new(
        function: Function,
        settings: Arc<RuntimeSettings>,
        client: HttpClient,
        stop: Stop,
    ) -> Self {
        let (jobs, receiver) = mpsc::unbounded_channel();
        Self {
            environment: Mutex::new(Arc::new(function.environment.clone())),
            function,
            settings,
            client,
            stop,
            jobs,
            waiting_jobs: AsyncMutex::new(receiver),
            state: Mutex::default(),
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
        let old: Vec<_> = self.lock().instances.values().cloned().collect();
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
            state.queued += 1;
            state.stats.invocations += 1;
        }
        if self.jobs.send(Job { invocation, reply }).is_err() {
            return Err(InvokeError::Stopped);
        }
        self.scale();
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

    /// Starts instances while there are more jobs than instances that will take one.
    fn scale(self: &Arc<Self>) {
        let mut state = self.lock();
        while state.queued > state.waiting + state.starting + state.returning
            && state.instances.len() < self.limit()
            && !self.stop.is_triggered()
        {
            let id = NEXT_INSTANCE.fetch_add(1, Ordering::Relaxed);
            let instance = Arc::new(Instance::new(id, self.function.stem.as_str(), self.function.timeout));
            state.starting += 1;
            state.stats.cold_starts += 1;
            state.instances.insert(id, Arc::clone(&instance));
            tokio::spawn(process::run(Arc::clone(self), instance, self.stop.clone()));
        }
    }

    /// An instance has answered; `false` if it was not asked.
    pub(super) fn finish(&self, instance: &Instance, request_id: &str, answer: Answer) -> bool {
        let mut state = self.lock();
        let Some((job, took)) = instance.finish(request_id) else { return false };
        state.returning += 1;
        state.stats.busy += took;
        drop(state);
        job.answer(answer);
        true
    }

    /// Waits for a job on behalf of an instance that asks for one.
    pub(super) async fn take(self: &Arc<Self>, instance: &Instance) -> Option<Job> {
        {
            let mut state = self.lock();
            if instance.becomes_ready() {
                state.starting -= 1;
            }
            if instance.has_returned() {
                state.returning -= 1;
            }
            state.waiting += 1;
        }
        let mut waiting = Waiting { pool: self, job_taken: false };
        let job = tokio::select! {
            biased;
            () = instance.dies() => None,
            () = instance.retires() => {
                instance.ends();
                instance.dies().await;
                None
            }
            job = async { self.waiting_jobs.lock().await.recv().await } => job,
        };
        waiting.job_taken = job.is_some();
        drop(waiting);
        if job.is_none() {
            // A job that came while this instance was counted on has nobody to take it.
            self.scale();
        }
        job
    }

    /// An instance is gone: whatever it was to do fails, and others are started if jobs wait.
    pub(super) fn gone(self: &Arc<Self>, instance: &Instance, error: impl Fn() -> InvokeError) {
        let was_starting = instance.becomes_ready();
        let current = instance.abandon();
        {
            let mut state = self.lock();
            state.instances.remove(&instance.id);
            if instance.has_returned() {
                state.returning -= 1;
            }
            if was_starting {
                state.starting -= 1;
            }
            if was_starting || current.is_some() {
                state.stats.crashes += 1;
            }
        }
        // An instance that never became ready fails the job that it was started for.
        let job = current.or_else(|| if was_starting { self.next_waiting() } else { None });
        if let Some(job) = job {
            job.answer(Err(error()));
        }
        self.scale();
    }

    fn next_waiting(&self) -> Option<Job> {
        let mut jobs = self.waiting_jobs.try_lock().ok()?;
        let job = jobs.try_recv().ok()?;
        self.lock().queued -= 1;
        Some(job)
    }

    pub(super) fn processes(&self) -> Vec<u32> {
        self.lock().instances.values().filter_map(|instance| instance.process()).collect()
    }

    pub(super) async fn kill(&self) -> usize {
        let instances: Vec<_> = self.lock().instances.values().cloned().collect();
        join_all(instances.iter().map(|instance| instance.kill())).await;
        instances.len()
    }

    /// Ends all instances in order, and waits until they are gone.
    pub(super) async fn leave(&self) {
        let instances: Vec<_> = self.lock().instances.values().cloned().collect();
        join_all(instances.iter().map(|instance| instance.leave())).await;
    }

    pub(super) fn stats(&self) -> FunctionStats {
        let state = self.lock();
        FunctionStats { instances: state.instances.len().try_into().unwrap_or(u64::MAX), ..state.stats }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts an instance as waiting for as long as it lives, also when the instance hangs up.
struct Waiting<'a> {
    pool: &'a Pool,
    job_taken: bool,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut state = self.pool.lock();
        state.waiting -= 1;
        if self.job_taken {
            state.queued -= 1;
        }
    }
}
