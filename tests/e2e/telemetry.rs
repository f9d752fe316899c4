//! Metrics, traces, and the absence of personal data in telemetry.

mod emf_schema;
mod metrics;
mod otlp_collector;
mod pii_leaks;
mod retries;
mod traces;
