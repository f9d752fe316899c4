//! Deterministic simulation of the order saga and its concurrent functions in one process.
//!
//! The deployed code runs unchanged: the domain, the store, the fulfilment, the relay, the sweeper, the
//! webhook handler, and the client of the payment gateway with its circuit breaker. Time, random numbers and
//! the network are simulated: every call waits until the scheduler decides its fault. A seed makes all
//! decisions, so the same seed always gives the same schedule.
//!
//! [`scenario`] defines the users and their actions, [`world`] the simulated system, [`scheduler`] the next
//! step, [`faults`] the faults of calls, and [`audit`] the invariants. [`schedule`] runs one seed,
//! [`summary`] many. [`outage`] runs a backlog of orders through an outage.

#![expect(clippy::expect_used, reason = "a simulation that cannot continue fails with a message")]

pub mod scenario;

mod calls;
mod quiesce;
pub mod scheduler;
pub mod world;

pub mod faults;
pub mod seeded_bug;

pub mod audit;
pub mod outage;
pub mod schedule;
pub mod summary;

pub mod network;
pub mod rng;
pub mod trace;
pub mod virtual_clock;

pub mod payments;
pub mod providers;
pub mod queues;
pub mod table;

pub mod functions;
pub mod role;
pub mod tasks;
pub mod template_config;
pub mod user_actions;
