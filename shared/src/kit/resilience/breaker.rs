//! A circuit breaker: a service that fails is left alone for a while, and then asked once whether it is back.
//!
//! Nygard, "Release It!"; Fowler, "Circuit Breaker". It counts the calls of the last while that came to an end
//! ([`Rules::window`], at most [`REMEMBERED`] of them):
//!
//! ```text
//! closed ──more than so many of a hundred failed, of at least so many──▶ open
//! open ──its time is over, and somebody asks──▶ half-open: that call is the probe, everybody else is refused
//! half-open ──the probe succeeds──▶ closed, with nothing counted
//! half-open ──the probe fails──▶ open, for as long again
//! half-open ──the probe is given up without an end──▶ open, and the next to ask is the probe
//! ```
//!
//! A call belongs to the state that it began in: when it ends after the state has changed, it counts for nothing. What a
//! failure is, the caller says; [`crate::kit::resilience::http_client`] counts calls without an answer and answers from 500 on.
//!
//! Each process has its own breaker, in memory. Sharing one would need a service that could fail as well, and each process
//! costs the failing service no more than what it takes to open, and then one probe each time.

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

/// A circuit breaker that calls go through.
#[derive(Debug)]
pub struct Breaker<C> {
    dependency: &'static str,
    rules: BreakerConfig,
    circuit: Mutex<Circuit>,
    clock: C,
}

/// Leave to make one call. Dropped without having ended, it is a call that was given up.
#[derive(Debug)]
#[must_use]
pub struct Permit<'a, C: Clock> {
    breaker: &'a Breaker<C>,
    pass: Ticket,
    ended: CallOutcome,
}

impl<C: Clock> Breaker<C> {
    /// Closed, with nothing counted, around the dependency of this name.
    pub fn new(dependency: &'static str, rules: BreakerConfig, clock: C) -> Self {
        Self { dependency, rules, circuit: Mutex::new(Circuit::default()), clock }
    }

    /// Leave to make a call now.
    ///
    /// # Errors
    /// [`Resting`] if the service is to be left alone.
    pub fn try_acquire(&self) -> Result<Permit<'_, C>, CircuitOpen> {
        let mut circuit = self.circuit();
        let (before, asked) = (circuit.name(), circuit.ask(&self.rules, self.clock.now()));
        self.tell(before, circuit.name());
        let pass = asked?;
        Ok(Permit { breaker: self, pass, ended: CallOutcome::Abandoned })
    }

    /// For how long the service is to be left alone yet, if it is.
    #[must_use]
    pub fn open_remaining(&self) -> Option<Duration> {
        self.circuit().resting(&self.rules, self.clock.now())
    }

    /// Counts where it stands, and whether it turned there just now.
    fn tell(&self, before: &'static str, now: &'static str) {
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
    /// The call came to this end.
    pub fn end(mut self, ended: CallOutcome) {
        self.ended = ended;
    }
}

impl<C: Clock> Drop for Permit<'_, C> {
    fn drop(&mut self) {
        let (rules, now) = (&self.breaker.rules, self.breaker.clock.now());
        let mut circuit = self.breaker.circuit();
        let before = circuit.name();
        let turned = circuit.report(rules, self.pass, self.ended, now);
        self.breaker.tell(before, circuit.name());
        if let Some(state) = turned {
            tracing::warn!(dependency = self.breaker.dependency, state, "the circuit breaker turned");
        }
    }
}
