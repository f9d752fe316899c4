//! What the functions tell about themselves: metrics, traces, and nothing that belongs to anybody.

mod emf_schema;
mod metrics;
mod otlp_collector;
mod pii_leaks;
mod traces;
