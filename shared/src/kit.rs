//! Building blocks that are independent of the marketplace and could serve any other domain.
//!
//! Each module may depend only on those listed before it: [`system`], [`telemetry`], [`command`],
//! [`resilience`], [`auth`], [`error`], [`http`], [`aws`], [`queue`], [`runtime`]. A tidy test enforces the
//! order.

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
