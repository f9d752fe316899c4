//! Clock of the sandbox: the wall clock, or a manual clock for tests.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

/// Clock with which the sandbox reads the time and sleeps.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System,
    Manual(Arc<ManualState>),
}

struct ManualState {
    now: watch::Sender<Timestamp>,
    sleepers: watch::Sender<usize>,
}

impl Clock {
    /// Creates a clock that shows the system time.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// Current time.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "only this function of the sandbox reads the wall clock")]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => Timestamp::now(),
            Source::Manual(manual) => *manual.now.borrow(),
        }
    }

    /// Sleeps until `duration` has passed on this clock.
    #[expect(clippy::disallowed_methods, reason = "only this function of the sandbox waits")]
    pub async fn sleep(&self, duration: Duration) {
        match &self.0 {
            _ if duration.is_zero() => {}
            Source::System => tokio::time::sleep(duration).await,
            Source::Manual(manual) => manual.sleep(duration).await,
        }
    }

    /// Sleeps until this clock shows `due`.
    pub(super) async fn sleep_until(&self, due: Timestamp) {
        // Loops because the timer and the wall clock can differ slightly.
        while let Some(remaining) =
            Duration::try_from(due.duration_since(self.now())).ok().filter(|remaining| !remaining.is_zero())
        {
            self.sleep(remaining).await;
        }
    }
}

/// Time at `duration` after `start`, or the maximum timestamp on overflow.
pub(super) fn after(start: Timestamp, duration: Duration) -> Timestamp {
    start.checked_add(duration).unwrap_or(Timestamp::MAX)
}

impl ManualState {
    async fn sleep(&self, duration: Duration) {
        let mut time = self.now.subscribe();
        let due = after(*time.borrow(), duration);
        let _guard = SleepGuard::count(&self.sleepers);
        // The channel cannot close, because `self` owns the sender.
        let _ = time.wait_for(|now| *now >= due).await;
    }
}

/// Guard that counts a sleeping task until it wakes or its future is dropped.
struct SleepGuard<'a>(&'a watch::Sender<usize>);

impl<'a> SleepGuard<'a> {
    fn count(sleepers: &'a watch::Sender<usize>) -> Self {
        sleepers.send_modify(|count| *count += 1);
        Self(sleepers)
    }
}

impl Drop for SleepGuard<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

/// Clock that only advances when a test advances it.
#[derive(Clone)]
pub struct ManualClock(Arc<ManualState>);

impl ManualClock {
    /// Creates a clock that shows `start`.
    #[must_use]
    pub fn starting_at(start: Timestamp) -> Self {
        Self(Arc::new(ManualState { now: watch::Sender::new(start), sleepers: watch::Sender::new(0) }))
    }

    /// Clock to pass to a sandbox.
    #[must_use]
    pub fn clock(&self) -> Clock {
        Clock(Source::Manual(Arc::clone(&self.0)))
    }

    /// Advances the time, and wakes all tasks that are due.
    pub fn advance(&self, duration: Duration) {
        self.0.now.send_modify(|now| *now = after(*now, duration));
    }

    /// Waits until at least `count` tasks sleep on this clock, for example in a slow call.
    pub async fn sleepers(&self, count: usize) {
        let mut sleepers = self.0.sleepers.subscribe();
        let _ = sleepers.wait_for(|sleeping| *sleeping >= count).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn sleeping_task_wakes_exactly_when_it_is_due() {
        let manual = ManualClock::starting_at(Timestamp::UNIX_EPOCH);
        let clock = manual.clock();
        let sleeper = tokio::spawn(async move { clock.sleep(Duration::from_secs(10)).await });

        manual.sleepers(1).await;
        manual.advance(Duration::from_secs(9));
        assert!(!sleeper.is_finished());
        manual.advance(Duration::from_secs(1));
        sleeper.await.unwrap();

        assert_eq!(manual.clock().now().as_second(), 10);
    }
}
