//! The whole system: real function binaries on the local stack, asked over HTTP.

mod orders;
