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
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;

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
    /// Begin of the slots if the known end is right.
    #[must_use]
    pub fn begin(&self) -> Timestamp {
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

/// Time at which a call may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Now.
    Now,
    /// At this time.
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
    /// Number of calls that wait for a slot.
    waiting: Arc<AtomicU32>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    known_end: Option<Timestamp>,
    slots: VecDeque<Timestamp>,
}

impl Pacer {
    /// Paces the calls to `service`, which accepts this number of calls per second.
    #[must_use]
    pub fn new(service: &'static str, calls_per_second: NonZeroU32) -> Self {
        let (waiting, state) = (Arc::default(), Arc::default());
        Self { service, calls_per_second, clock: SystemClock, waiting, state }
    }
}

impl<C: Clock> Pacer<C> {
    /// Replaces the clock.
    pub fn with_clock<D: Clock>(self, clock: D) -> Pacer<D> {
        let Self { service, calls_per_second, waiting, state, .. } = self;
        Pacer { service, calls_per_second, clock, waiting, state }
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
        let waiting = Waiting::enter(&self.waiting);
        let mut state = self.state.lock().await;
        for _ in 0..MAX_ATTEMPTS {
            let now = self.clock.now();
            state.slots.retain(|slot| is_valid(*slot, now));
            if let Some(slot) = state.slots.pop_front() {
                return Ok(slot);
            }
            let count = waiting.count();
            let request = SlotRequest { length: self.length_of(count), now, known_end: state.known_end };
            match schedule.take(self.service, request).await? {
                SlotOutcome::Outdated(end) => state.known_end = end,
                SlotOutcome::Until(end) => {
                    state.known_end = Some(end);
                    let begin = end.saturating_sub(request.length);
                    state.slots = (0..count).map(|n| begin.saturating_add(self.length_of(n))).collect();
                }
            }
        }
        Err(StoreError::Throttled)
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

/// A call that waits for a slot. It is counted until it is dropped.
struct Waiting<'a>(&'a AtomicU32);

impl<'a> Waiting<'a> {
    fn enter(count: &'a AtomicU32) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }

    /// Number of calls that wait, including this one.
    fn count(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
