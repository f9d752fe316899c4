//! Circuit breaker: stops calling a failing service for a while, and then probes it with a single call.
//!
//! See Nygard, "Release It!", and Fowler, "Circuit Breaker". The breaker counts the calls that completed
//! within [`BreakerConfig::window`], at most [`MAX_SAMPLES`] of them:
//!
//! ```text
//! closed ──enough calls, failure rate above the threshold──▶ open
//! open ──open time over, next call arrives──▶ half-open: that call is the probe, others are rejected
//! half-open ──probe succeeds──▶ closed, with nothing counted
//! half-open ──probe fails──▶ open, for the same time again
//! half-open ──probe is abandoned──▶ open, and the next call is the probe
//! ```
//!
//! A call belongs to the state in which it began: if the state has changed when the call ends, its outcome is
//! ignored. The caller decides what a failure is; [`crate::kit::resilience::http_client`] counts missing
//! responses and statuses of 500 or more.
//!
//! Each process has its own breaker, in memory. A shared one would need another service that could fail, and
//! a process costs the failing service only the calls until the breaker opens, and then one probe at a time.

mod circuit;
#[cfg(test)]
mod model_tests;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::kit::system::clock::Clock;
use crate::kit::telemetry::catalogue::{BREAKER_STATE, BREAKER_TRANSITIONS};
use crate::kit::telemetry::metrics;
pub use circuit::{BreakerConfig, CallOutcome, CircuitOpen, MAX_SAMPLES};
use circuit::{Circuit, Ticket};

/// Circuit breaker around a dependency.
#[derive(Debug)]
pub struct Breaker<C> {
    dependency: &'static str,
    config: BreakerConfig,
    circuit: Mutex<Circuit>,
    clock: C,
}

/// Permission to make one call. If it is dropped without [`end`](Self::end), the call counts as abandoned.
#[derive(Debug)]
#[must_use]
pub struct Permit<'a, C: Clock> {
    breaker: &'a Breaker<C>,
    ticket: Ticket,
    outcome: CallOutcome,
}

impl<C: Clock> Breaker<C> {
    /// Closed breaker around the dependency with this name.
    pub fn new(dependency: &'static str, config: BreakerConfig, clock: C) -> Self {
        Self { dependency, config, circuit: Mutex::new(Circuit::default()), clock }
    }

    /// Requests permission to make a call now.
    ///
    /// # Errors
    /// [`CircuitOpen`] if the breaker does not permit calls.
    pub fn try_acquire(&self) -> Result<Permit<'_, C>, CircuitOpen> {
        let mut circuit = self.circuit();
        let (before, acquired) = (circuit.name(), circuit.try_acquire(&self.config, self.clock.now()));
        self.record_state(before, circuit.name());
        let ticket = acquired?;
        Ok(Permit { breaker: self, ticket, outcome: CallOutcome::Abandoned })
    }

    /// Remaining time for which calls are rejected; `None` if they are permitted.
    #[must_use]
    pub fn open_remaining(&self) -> Option<Duration> {
        self.circuit().open_remaining(&self.config, self.clock.now())
    }

    /// Records the state, and the transition if it has just changed.
    fn record_state(&self, before: &'static str, now: &'static str) {
        let state = match now {
            "closed" => 0.0,
            "half-open" => 1.0,
            _ => 2.0,
        };
        metrics::record(&BREAKER_STATE, [self.dependency], state);
        if now != before {
            metrics::count(&BREAKER_TRANSITIONS, [self.dependency, now]);
        }
    }

    fn circuit(&self) -> MutexGuard<'_, Circuit> {
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Clock> Permit<'_, C> {
    /// Ends the call with this outcome.
    pub fn end(mut self, outcome: CallOutcome) {
        self.outcome = outcome;
    }
}

impl<C: Clock> Drop for Permit<'_, C> {
    fn drop(&mut self) {
        let (config, now) = (&self.breaker.config, self.breaker.clock.now());
        let mut circuit = self.breaker.circuit();
        let before = circuit.name();
        let new_state = circuit.report(config, self.ticket, self.outcome, now);
        self.breaker.record_state(before, circuit.name());
        if let Some(state) = new_state {
            tracing::warn!(dependency = self.breaker.dependency, state, "circuit breaker changed state");
        }
    }
}
