//! Virtual clock of the code under test, the SDK and the payment sandbox. Only the scheduler advances it.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_smithy_async::rt::sleep::{AsyncSleep, Sleep};
use aws_smithy_async::time::TimeSource;
use shared::kit::system::clock::{Clock, Timestamp};
use stripe_sandbox::ManualClock;

/// Start of every schedule: 2027-01-15T08:00:00Z.
const START_MILLIS: i64 = 1_800_000_000_000;

/// Clock of a world; clones share the time.
#[derive(Debug, Clone)]
pub struct VirtualClock(Arc<Timeline>);

struct Timeline {
    millis: AtomicI64,
    next: AtomicU64,
    sleepers: Mutex<BTreeMap<(i64, u64), Waker>>,
    sandbox: ManualClock,
}

impl std::fmt::Debug for Timeline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Timeline").field("millis", &self.millis).finish_non_exhaustive()
    }
}

impl VirtualClock {
    /// Creates a clock at the start time.
    #[must_use]
    pub fn new() -> Self {
        let start = jiff::Timestamp::from_millisecond(START_MILLIS).unwrap_or_default();
        Self(Arc::new(Timeline {
            millis: AtomicI64::new(START_MILLIS),
            next: AtomicU64::new(0),
            sleepers: Mutex::default(),
            sandbox: ManualClock::starting_at(start),
        }))
    }

    /// The same clock for the payment sandbox.
    #[must_use]
    pub fn of_sandbox(&self) -> stripe_sandbox::Clock {
        self.0.sandbox.clock()
    }

    /// Time at which the next sleeper wakes.
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.sleepers().keys().next().map(|(due, _)| Timestamp::from_millis(*due))
    }

    /// Advances the clock to `moment`, and wakes all sleepers that are due.
    pub fn advance_to(&self, moment: Timestamp) {
        let by = moment.duration_since(Clock::now(self));
        self.0.millis.fetch_add(i64::try_from(by.as_millis()).unwrap_or(0), Ordering::SeqCst);
        self.0.sandbox.advance(by);
        let now = Clock::now(self).as_millis();
        let due = {
            let mut sleepers = self.sleepers();
            let later = sleepers.split_off(&(now + 1, 0));
            std::mem::replace(&mut *sleepers, later)
        };
        due.into_values().for_each(Waker::wake);
    }

    /// Time since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        Clock::now(self).duration_since(Timestamp::from_millis(START_MILLIS))
    }

    fn sleepers(&self) -> MutexGuard<'_, BTreeMap<(i64, u64), Waker>> {
        self.0.sleepers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sleep_for(&self, duration: Duration) -> VirtualSleep {
        let key = (
            Clock::now(self).saturating_add(duration).as_millis(),
            self.0.next.fetch_add(1, Ordering::SeqCst),
        );
        VirtualSleep { clock: self.clone(), key }
    }
}

impl Default for VirtualClock {
    fn default() -> Self {
        Self::new()
    }
}

/// Future of a sleep; dropping it cancels the sleep.
struct VirtualSleep {
    clock: VirtualClock,
    key: (i64, u64),
}

impl Future for VirtualSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if Clock::now(&self.clock).as_millis() >= self.key.0 {
            return Poll::Ready(());
        }
        self.clock.sleepers().insert(self.key, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for VirtualSleep {
    fn drop(&mut self) {
        self.clock.sleepers().remove(&self.key);
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.millis.load(Ordering::SeqCst))
    }

    async fn sleep(&self, duration: Duration) {
        self.sleep_for(duration).await;
    }
}

impl AsyncSleep for VirtualClock {
    fn sleep(&self, duration: Duration) -> Sleep {
        Sleep::new(self.sleep_for(duration))
    }
}

impl TimeSource for VirtualClock {
    fn now(&self) -> SystemTime {
        let millis = u64::try_from(Clock::now(self).as_millis()).unwrap_or_default();
        UNIX_EPOCH + Duration::from_millis(millis)
    }
}
