//! The local stack: runs `template.yaml` on one machine, without AWS and without Docker.
//!
//! Read in this order: [`template`] is what is to run, [`stack`] puts it together, [`host`] runs functions,
//! [`gateway`] and [`sources`] invoke them, [`database`], [`queues`], [`payments`] and [`mail`] are what they need, and
//! [`access`] and [`faults`] stand between the two.

pub mod template;

pub mod stack;

pub mod host;
pub mod logs;

pub mod gateway;
pub mod sources;

pub mod database;
pub mod mail;
pub mod metrics;
pub mod payments;
pub mod queues;

pub mod access;
pub mod faults;

pub mod dev;
pub mod env_file;
pub mod keys;
pub mod private_file;
pub mod router;
pub mod secrets;
pub mod seed;
pub mod stage;

pub mod clock;
pub mod console;
pub mod ids;
mod lost;
pub mod names;
pub mod signals;
mod stop;

pub use stack::{Stack, StackBuilder, StartError};
