//! The breaker's states, pure: what a call is answered that asks for leave, and what its end changes.

use std::collections::VecDeque;
use std::time::Duration;

use crate::kit::system::clock::Timestamp;

/// The breaker counts at most so many of the latest calls.
pub const MAX_SAMPLES: usize = 100;

/// How long somebody who is refused waits for the probe of somebody else.
const PROBE_WAIT: Duration = Duration::from_secs(1);

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerConfig {
    /// Calls count for so long after they ended.
    pub window: Duration,
    /// Fewer calls than this say nothing.
    pub min_calls: usize,
    /// It opens when more than so many of a hundred have failed.
    pub failure_rate_percent: usize,
    /// It stays open for so long.
    pub open_for: Duration,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallOutcome {
    /// The service answered.
    Succeeded,
    /// It did not, or said that it cannot.
    Failed,
    /// Nobody waited for the end. It says nothing about the service.
    Abandoned,
}

/// The service is left alone: the call was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the service is left alone for the moment")]
pub struct CircuitOpen {
    /// When it is worth while to ask again.
    pub back_in: Duration,
}

/// Leave to make one call, within the state that it was asked in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket(u64);

/// Where a breaker stands.
#[derive(Debug, Default)]
pub(super) struct Circuit {
    state: State,
    /// Counts the states it was in: how a pass of a former one is told.
    turns: u64,
}

#[derive(Debug)]
enum State {
    /// When the latest calls ended, and whether they failed.
    Closed(VecDeque<(Timestamp, bool)>),
    Open {
        until: Timestamp,
    },
    HalfOpen,
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
    /// The state's name.
    pub(super) const fn name(&self) -> &'static str {
        self.state.name()
    }

    pub(super) fn ask(&mut self, rules: &BreakerConfig, now: Timestamp) -> Result<Ticket, CircuitOpen> {
        if let Some(back_in) = self.resting(rules, now) {
            return Err(CircuitOpen { back_in });
        }
        if matches!(self.state, State::Open { .. }) {
            self.turn(State::HalfOpen);
        }
        Ok(Ticket(self.turns))
    }

    pub(super) fn resting(&self, rules: &BreakerConfig, now: Timestamp) -> Option<Duration> {
        match &self.state {
            State::Closed(_) => None,
            State::HalfOpen => Some(PROBE_WAIT),
            State::Open { until } => {
                let left = until.duration_since(now);
                // More than the whole of it can only be left if the clock was set back meanwhile.
                (!left.is_zero() && left <= rules.open_for).then_some(left)
            }
        }
    }

    /// Takes note of an end; says what the state is now, if it is another one.
    pub(super) fn report(
        &mut self,
        rules: &BreakerConfig,
        pass: Ticket,
        ended: CallOutcome,
        now: Timestamp,
    ) -> Option<&'static str> {
        if pass.0 != self.turns {
            return None;
        }
        let open = State::Open { until: now.saturating_add(rules.open_for) };
        let next = match (&mut self.state, ended) {
            (State::Closed(calls), CallOutcome::Succeeded | CallOutcome::Failed) => {
                count(calls, rules, (now, ended == CallOutcome::Failed));
                is_failing(calls, rules).then_some(open)
            }
            (State::HalfOpen, CallOutcome::Succeeded) => Some(State::default()),
            (State::HalfOpen, CallOutcome::Failed) => Some(open),
            (State::HalfOpen, CallOutcome::Abandoned) => Some(State::Open { until: now }),
            (State::Closed(_), CallOutcome::Abandoned) | (State::Open { .. }, _) => None,
        };
        next.map(|next| self.turn(next))
    }

    fn turn(&mut self, state: State) -> &'static str {
        self.turns += 1;
        self.state = state;
        self.state.name()
    }
}

fn count(calls: &mut VecDeque<(Timestamp, bool)>, rules: &BreakerConfig, call: (Timestamp, bool)) {
    calls.push_back(call);
    let stale = |ended: Timestamp| call.0.duration_since(ended) > rules.window;
    while calls.len() > MAX_SAMPLES || calls.front().is_some_and(|(ended, _)| stale(*ended)) {
        calls.pop_front();
    }
}

fn is_failing(calls: &VecDeque<(Timestamp, bool)>, rules: &BreakerConfig) -> bool {
    let failed = calls.iter().filter(|(_, failed)| *failed).count();
    calls.len() >= rules.min_calls && failed * 100 > rules.failure_rate_percent * calls.len()
}
