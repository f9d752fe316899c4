//! Paces the calls of all instances to a service that limits the rate of its callers.
//!
//! The calls get time slots, one after the other at the service's rate. A *schedule*, one item of the table per
//! service, stores when the slots that are taken end; an instance takes slots by moving that time. Calls that
//! wait in an instance at the same time share an update.
//!
//! A call whose slot begins soon waits for it. Otherwise its message is sent again with the slot and a delay
//! ([`Outcome::Defer`](crate::kit::queue::consumer::Outcome::Defer)), so that a backlog is spread over the time
//! that the service needs for it.

use std::collections::VecDeque;
use std::future::Future;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::yield_now;

use crate::kit::command::StoreError;
use crate::kit::system::clock::{Clock, SystemClock, Timestamp};

/// Slots to take from a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotRequest {
    /// Total length of the slots.
    pub length: Duration,
    /// Time of the instance's clock. No slot begins before it.
    pub now: Timestamp,
    /// End of the slots that are taken, as last read; `None` if it was not read yet or none are taken.
    pub known_end: Option<Timestamp>,
}

impl SlotRequest {
    /// Start of the slots if the known end is right.
    #[must_use]
    pub fn start(&self) -> Timestamp {
        self.known_end.map_or(self.now, |end| end.max(self.now))
    }
}

/// Result of [`Schedule::take`], with the end of the slots that are taken as it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotOutcome {
    /// The requested slots are the last ones before this time.
    Until(Timestamp),
    /// Nothing is taken, because the known end is outdated. `None` if no slots are taken.
    Outdated(Option<Timestamp>),
}

/// Schedules shared by all instances.
pub trait Schedule: Send + Sync {
    /// Takes the slots that follow those that are taken, and do not begin before the time of the request.
    ///
    /// Implementations return [`StoreError`] only if the schedule cannot be reached.
    fn take(
        &self,
        service: &str,
        request: SlotRequest,
    ) -> impl Future<Output = Result<SlotOutcome, StoreError>> + Send;
}

/// Turn of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The call may be made now.
    Now,
    /// The call may be made at this time.
    At(Timestamp),
}

/// Maximum time that a call waits for its slot in the instance.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// Time by which a call may be made before its slot begins: the services allow short bursts, and the records of a
/// batch that begin together share the requests to the table.
const MAX_LEAD: Duration = Duration::from_millis(200);

/// Time after which an unused slot is lost. A message can arrive later than its slot, and several at once.
const SLOT_VALIDITY: Duration = Duration::from_secs(5);

/// Maximum attempts to take slots while other instances change the schedule.
const MAX_ATTEMPTS: usize = 24;

/// Paces the calls to one service.
#[derive(Debug, Clone)]
pub struct Pacer<C = SystemClock> {
    service: &'static str,
    calls_per_second: NonZeroU32,
    clock: C,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Notified when slots were taken, or the call that was to take them has ended.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    known_end: Option<Timestamp>,
    slots: VecDeque<Timestamp>,
    /// Number of calls that wait for a slot.
    waiting: u32,
    /// True while a call takes slots for all that wait.
    is_taking: bool,
}

impl Pacer {
    /// Paces the calls to `service`, which accepts this number of calls per second.
    #[must_use]
    pub fn new(service: &'static str, calls_per_second: NonZeroU32) -> Self {
        Self { service, calls_per_second, clock: SystemClock, shared: Arc::default() }
    }
}

impl<C: Clock> Pacer<C> {
    /// Replaces the clock.
    pub fn with_clock<D: Clock>(self, clock: D) -> Pacer<D> {
        let Self { service, calls_per_second, shared, .. } = self;
        Pacer { service, calls_per_second, clock, shared }
    }

    /// Waits for the turn of a call, or returns its time if that is later. `slot` is the time that was returned
    /// for the call before, if any.
    ///
    /// # Errors
    /// [`StoreError`] if the schedule cannot be reached.
    pub async fn turn(&self, slot: Option<Timestamp>, schedule: &impl Schedule) -> Result<Turn, StoreError> {
        let slot = match slot.filter(|slot| is_valid(*slot, self.clock.now())) {
            Some(slot) => slot,
            None => self.slot(schedule).await?,
        };
        let wait = slot.duration_since(self.clock.now().saturating_add(MAX_LEAD));
        if wait > MAX_WAIT {
            return Ok(Turn::At(slot));
        }
        self.clock.sleep(wait).await;
        Ok(Turn::Now)
    }

    async fn slot(&self, schedule: &impl Schedule) -> Result<Timestamp, StoreError> {
        let _waiting = Waiting::enter(&self.shared);
        // Lets the other records of the batch wait as well.
        yield_now().await;
        for _ in 0..MAX_ATTEMPTS {
            let changed = self.shared.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let now = self.clock.now();
            let request = {
                let mut state = self.shared.lock();
                state.slots.retain(|slot| is_valid(*slot, now));
                if let Some(slot) = state.slots.pop_front() {
                    return Ok(slot);
                }
                let is_taking = std::mem::replace(&mut state.is_taking, true);
                let count = state.waiting;
                let known_end = state.known_end;
                (!is_taking).then_some((count, SlotRequest { length: self.length_of(count), now, known_end }))
            };
            match request {
                Some((count, request)) => {
                    self.take(count, request, schedule).await?;
                    // The other records continue first, so that all of them load their state together.
                    yield_now().await;
                }
                None => changed.await,
            }
        }
        Err(StoreError::Throttled)
    }

    /// Takes slots for the calls that wait.
    async fn take(
        &self,
        count: u32,
        request: SlotRequest,
        schedule: &impl Schedule,
    ) -> Result<(), StoreError> {
        let _taking = Taking(&self.shared);
        let outcome = schedule.take(self.service, request).await?;
        let mut state = self.shared.lock();
        match outcome {
            SlotOutcome::Outdated(end) => state.known_end = end,
            SlotOutcome::Until(end) => {
                state.known_end = Some(end);
                let start = end.saturating_sub(request.length);
                state.slots = (0..count).map(|n| start.saturating_add(self.length_of(n))).collect();
            }
        }
        Ok(())
    }

    /// Length of `count` slots, rounded up to milliseconds.
    fn length_of(&self, count: u32) -> Duration {
        let millis = (u64::from(count) * 1_000).div_ceil(u64::from(self.calls_per_second.get()));
        Duration::from_millis(millis)
    }
}

/// Returns true if the slot is not lost.
fn is_valid(slot: Timestamp, now: Timestamp) -> bool {
    now.duration_since(slot) < SLOT_VALIDITY
}

impl Shared {
    // A panic while the lock is held leaves the state consistent.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that waits for a slot. It is counted until it is dropped.
struct Waiting<'a>(&'a Shared);

impl<'a> Waiting<'a> {
    fn enter(shared: &'a Shared) -> Self {
        shared.lock().waiting += 1;
        Self(shared)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.lock().waiting -= 1;
    }
}

/// A call that takes slots for all that wait. When it is dropped, they continue.
struct Taking<'a>(&'a Shared);

impl Drop for Taking<'_> {
    fn drop(&mut self) {
        self.0.lock().is_taking = false;
        self.0.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests;
