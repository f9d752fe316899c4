//! What the functions tell about themselves: metrics, traces, and nothing that belongs to anybody.

mod canaries;
mod collectors;
mod form;
mod metrics;
mod traces;
