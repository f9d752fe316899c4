//! The deterministic simulation: the order saga and all that races it, in one process.
//!
//! The code is the code that is deployed: the domain, the store with its expressions and transactions, the fulfilment, the
//! relay, the sweeper, the function that hears webhooks, the client of the payment gateway with its breaker. What is not
//! real is what lies between them: time, chance, and the network, in which every call waits until a scheduler decides what
//! becomes of it. A seed makes the decisions, so that the same seed is the same schedule, step by step.
//!
//! Read in this order: [`scenario`] is who wants what, [`world`] is everything that is there, [`steps`] is the scheduler,
//! [`faults`] is what can go wrong, [`audit`] is what must hold in the end, [`schedule`] runs a seed,
//! [`figures`] runs many.

#![expect(clippy::expect_used, reason = "a simulation that cannot go on says where, and stops")]

pub mod scenario;

mod calls;
mod quiesce;
pub mod scheduler;
pub mod world;

pub mod faults;
pub mod seeded_bug;

pub mod audit;
pub mod schedule;
pub mod summary;

pub mod network;
pub mod rng;
pub mod trace;
pub mod virtual_clock;

pub mod payments;
pub mod queues;
pub mod table;

pub mod functions;
pub mod tasks;
pub mod template_config;
pub mod user_actions;
