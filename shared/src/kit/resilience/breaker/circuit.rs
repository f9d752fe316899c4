//! State machine of the breaker, free of side effects.

use std::collections::VecDeque;
use std::time::Duration;

use crate::kit::system::clock::Timestamp;

/// Maximum number of recent calls that the breaker counts.
pub const MAX_SAMPLES: usize = 100;

/// Suggested wait for callers that are rejected while a probe is in flight.
const PROBE_WAIT: Duration = Duration::from_secs(1);

/// Thresholds and times of a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerConfig {
    /// Time for which a call counts after it ended.
    pub window: Duration,
    /// Minimum number of calls; with fewer, the breaker does not open.
    pub min_calls: usize,
    /// Percentage of failed calls above which the breaker opens.
    pub failure_rate_percent: usize,
    /// Time for which the breaker stays open.
    pub open_for: Duration,
}

/// Outcome of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallOutcome {
    /// The service responded.
    Succeeded,
    /// The service did not respond, or reported a failure.
    Failed,
    /// The caller did not wait for the result. The outcome says nothing about the service.
    Abandoned,
}

/// The breaker does not permit the call; it was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the circuit breaker is open")]
pub struct CircuitOpen {
    /// Time to wait before the next attempt.
    pub retry_after: Duration,
}

/// Token for one call, tied to the state in which it was issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket(u64);

/// State of a breaker.
#[derive(Debug, Default)]
pub(super) struct Circuit {
    state: State,
    /// Number of transitions so far. It identifies tickets that were issued in an earlier state.
    generation: u64,
}

#[derive(Debug)]
enum State {
    /// Recent calls, the oldest first.
    Closed(VecDeque<RecentCall>),
    Open {
        until: Timestamp,
    },
    HalfOpen,
}

/// Call that counts towards the failure rate.
#[derive(Debug, Clone, Copy)]
struct RecentCall {
    ended_at: Timestamp,
    failed: bool,
}

impl Default for State {
    fn default() -> Self {
        Self::Closed(VecDeque::new())
    }
}

impl State {
    const fn name(&self) -> &'static str {
        match self {
            Self::Closed(_) => "closed",
            Self::Open { .. } => "open",
            Self::HalfOpen => "half-open",
        }
    }
}

impl Circuit {
    /// Name of the state.
    pub(super) const fn name(&self) -> &'static str {
        self.state.name()
    }

    pub(super) fn try_acquire(
        &mut self,
        config: &BreakerConfig,
        now: Timestamp,
    ) -> Result<Ticket, CircuitOpen> {
        if let Some(back_in) = self.open_remaining(config, now) {
            return Err(CircuitOpen { retry_after: back_in });
        }
        if matches!(self.state, State::Open { .. }) {
            self.transition_to(State::HalfOpen);
        }
        Ok(Ticket(self.generation))
    }

    pub(super) fn open_remaining(&self, config: &BreakerConfig, now: Timestamp) -> Option<Duration> {
        match &self.state {
            State::Closed(_) => None,
            State::HalfOpen => Some(PROBE_WAIT),
            State::Open { until } => {
                let left = until.duration_since(now);
                // More than the full time can only be left if the clock was set back.
                (!left.is_zero() && left <= config.open_for).then_some(left)
            }
        }
    }

    /// Records the outcome of a call; returns the name of the new state if it has changed.
    pub(super) fn report(
        &mut self,
        config: &BreakerConfig,
        ticket: Ticket,
        outcome: CallOutcome,
        now: Timestamp,
    ) -> Option<&'static str> {
        if ticket.0 != self.generation {
            return None;
        }
        let open = State::Open { until: now.saturating_add(config.open_for) };
        let next = match (&mut self.state, outcome) {
            (State::Closed(calls), CallOutcome::Succeeded | CallOutcome::Failed) => {
                add_call(calls, config, RecentCall { ended_at: now, failed: outcome == CallOutcome::Failed });
                is_failing(calls, config).then_some(open)
            }
            (State::HalfOpen, CallOutcome::Succeeded) => Some(State::default()),
            (State::HalfOpen, CallOutcome::Failed) => Some(open),
            (State::HalfOpen, CallOutcome::Abandoned) => Some(State::Open { until: now }),
            (State::Closed(_), CallOutcome::Abandoned) | (State::Open { .. }, _) => None,
        };
        next.map(|next| self.transition_to(next))
    }

    fn transition_to(&mut self, state: State) -> &'static str {
        self.generation += 1;
        self.state = state;
        self.state.name()
    }
}

fn add_call(calls: &mut VecDeque<RecentCall>, config: &BreakerConfig, call: RecentCall) {
    calls.push_back(call);
    let is_stale = |old: &RecentCall| call.ended_at.duration_since(old.ended_at) > config.window;
    while calls.len() > MAX_SAMPLES || calls.front().is_some_and(is_stale) {
        calls.pop_front();
    }
}

fn is_failing(calls: &VecDeque<RecentCall>, config: &BreakerConfig) -> bool {
    let failed = calls.iter().filter(|call| call.failed).count();
    calls.len() >= config.min_calls && failed * 100 > config.failure_rate_percent * calls.len()
}
