//! The local stack: runs `template.yaml` on one machine, without AWS and without Docker.
//!
//! Suggested reading order: [`template`] models the template, [`stack`] starts everything, [`services`]
//! emulates the AWS services, and [`faults`] injects failures between functions and services. [`dev`]
//! implements `local dev`; [`keys`] rotates the signing keys.

pub mod template;

pub mod stack;

pub mod faults;

pub mod dev;
pub mod keys;
pub mod services;
pub mod system;
pub mod telemetry;

pub use stack::{Stack, StackBuilder, StartError};
