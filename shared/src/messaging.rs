//! Event routing and catalogue, dead letters and e-mail dispatch.

pub mod dead_letter;
pub mod email_dispatch;
pub mod event_catalogue;
pub mod event_routing;
mod routed_events;
