//! Time that passes when the scheduler says so, for everybody at once: the code under test, the SDK, the payment sandbox.

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

/// When every schedule begins: 2027-01-15T08:00:00Z.
const BEGINNING: i64 = 1_800_000_000_000;

/// A clock that all of a world shares.
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
    /// A clock that shows the beginning.
    #[must_use]
    pub fn new() -> Self {
        let start = jiff::Timestamp::from_millisecond(BEGINNING).unwrap_or_default();
        Self(Arc::new(Timeline {
            millis: AtomicI64::new(BEGINNING),
            next: AtomicU64::new(0),
            sleepers: Mutex::default(),
            sandbox: ManualClock::starting_at(start),
        }))
    }

    /// The same time, as the payment sandbox reads it.
    #[must_use]
    pub fn of_sandbox(&self) -> stripe_sandbox::Clock {
        self.0.sandbox.clock()
    }

    /// When the next sleeper wakes.
    #[must_use]
    pub fn next_waking(&self) -> Option<Timestamp> {
        self.sleepers().keys().next().map(|(due, _)| Timestamp::from_millis(*due))
    }

    /// Lets time pass up to `moment`, and wakes everybody whose time has come.
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

    /// How long the world has been going.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        Clock::now(self).duration_since(Timestamp::from_millis(BEGINNING))
    }

    fn sleepers(&self) -> MutexGuard<'_, BTreeMap<(i64, u64), Waker>> {
        self.0.sleepers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn nap(&self, duration: Duration) -> VirtualSleep {
        let place = (
            Clock::now(self).saturating_add(duration).as_millis(),
            self.0.next.fetch_add(1, Ordering::SeqCst),
        );
        VirtualSleep { clock: self.clone(), place }
    }
}

impl Default for VirtualClock {
    fn default() -> Self {
        Self::new()
    }
}

/// Somebody who sleeps. Dropped, nobody waits for it any more.
struct VirtualSleep {
    clock: VirtualClock,
    place: (i64, u64),
}

impl Future for VirtualSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if Clock::now(&self.clock).as_millis() >= self.place.0 {
            return Poll::Ready(());
        }
        self.clock.sleepers().insert(self.place, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for VirtualSleep {
    fn drop(&mut self) {
        self.clock.sleepers().remove(&self.place);
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.millis.load(Ordering::SeqCst))
    }

    async fn sleep(&self, duration: Duration) {
        self.nap(duration).await;
    }
}

impl AsyncSleep for VirtualClock {
    fn sleep(&self, duration: Duration) -> Sleep {
        Sleep::new(self.nap(duration))
    }
}

impl TimeSource for VirtualClock {
    fn now(&self) -> SystemTime {
        let millis = u64::try_from(Clock::now(self).as_millis()).unwrap_or_default();
        UNIX_EPOCH + Duration::from_millis(millis)
    }
}
