//! The sandbox's one source of time: tests move it by hand, everyone else gets the wall clock.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

/// What the sandbox asks for the time and waits with.
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
    /// The clock of the machine.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// The time now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place of the sandbox that reads the wall clock")]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => Timestamp::now(),
            Source::Manual(hands) => *hands.now.borrow(),
        }
    }

    /// Waits until `duration` has passed on this clock.
    #[expect(clippy::disallowed_methods, reason = "the one place of the sandbox that really waits")]
    pub async fn sleep(&self, duration: Duration) {
        match &self.0 {
            _ if duration.is_zero() => {}
            Source::System => tokio::time::sleep(duration).await,
            Source::Manual(hands) => hands.sleep(duration).await,
        }
    }

    /// Waits until this clock shows `due`.
    pub(super) async fn sleep_until(&self, due: Timestamp) {
        // A timer and the wall clock need not agree to the last microsecond.
        while let Some(left) =
            Duration::try_from(due.duration_since(self.now())).ok().filter(|left| !left.is_zero())
        {
            self.sleep(left).await;
        }
    }
}

/// The moment `duration` after `start`, or the end of time when that lies beyond it.
pub(super) fn after(start: Timestamp, duration: Duration) -> Timestamp {
    start.checked_add(duration).unwrap_or(Timestamp::MAX)
}

impl ManualState {
    async fn sleep(&self, duration: Duration) {
        let mut time = self.now.subscribe();
        let due = after(*time.borrow(), duration);
        let _asleep = SleepGuard::count(&self.sleepers);
        // The sender lives in `self`, so that the channel cannot close while we wait.
        let _ = time.wait_for(|now| *now >= due).await;
    }
}

/// Counts a sleeper for as long as it waits, and also when its future is dropped.
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

/// A clock that stands still until a test moves it.
#[derive(Clone)]
pub struct ManualClock(Arc<ManualState>);

impl ManualClock {
    /// A clock that shows `start`.
    #[must_use]
    pub fn starting_at(start: Timestamp) -> Self {
        Self(Arc::new(ManualState { now: watch::Sender::new(start), sleepers: watch::Sender::new(0) }))
    }

    /// The face of this clock, to be given to a sandbox.
    #[must_use]
    pub fn clock(&self) -> Clock {
        Clock(Source::Manual(Arc::clone(&self.0)))
    }

    /// Moves the time on, and wakes everyone whose time has come.
    pub fn advance(&self, duration: Duration) {
        self.0.now.send_modify(|now| *now = after(*now, duration));
    }

    /// Waits until at least `count` sleepers wait on this clock: the sign that a slow call is under way.
    pub async fn sleepers(&self, count: usize) {
        let mut sleepers = self.0.sleepers.subscribe();
        let _ = sleepers.wait_for(|asleep| *asleep >= count).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sleeper_wakes_when_its_time_has_come_and_not_before() {
        let hands = ManualClock::starting_at(Timestamp::UNIX_EPOCH);
        let clock = hands.clock();
        let sleeper = tokio::spawn(async move { clock.sleep(Duration::from_secs(10)).await });

        hands.sleepers(1).await;
        hands.advance(Duration::from_secs(9));
        assert!(!sleeper.is_finished());
        hands.advance(Duration::from_secs(1));
        sleeper.await.unwrap();

        assert_eq!(hands.clock().now().as_second(), 10);
    }
}
