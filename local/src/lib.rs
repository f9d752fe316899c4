//! The local stack: runs `template.yaml` on one machine, without AWS and without Docker.
//!
//! Read in this order: [`template`] is what is to run, [`stack`] puts it together, [`host`] runs functions,
//! [`gateway`] and [`sources`] invoke them, [`database`], [`queues`], [`payments`] and [`mail`] are what they need, and
//! [`access`] and [`faults`] stand between the two.

pub mod template;

pub mod stack;

pub mod faults;

pub mod dev;
pub mod keys;
pub mod services;
pub mod system;
pub mod telemetry;

pub use stack::{Stack, StackBuilder, StartError};
