//! Building blocks that know nothing of a marketplace and could serve any other domain.
//!
//! Each folder may depend on those listed before it: [`system`], [`telemetry`], [`command`], [`resilience`], [`auth`],
//! [`error`], [`http`], [`aws`], [`queue`], [`runtime`]. A tidy test enforces the order.

pub mod auth;
pub mod aws;
pub mod command;
pub mod error;
pub mod http;
pub mod queue;
pub mod resilience;
pub mod runtime;
pub mod system;
pub mod telemetry;
