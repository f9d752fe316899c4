//! What `make test` holds: no operation asks for more than is documented.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod request_counts;
mod scaling;
mod smoke;
