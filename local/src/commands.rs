//! Subcommands that are not part of the library.

pub(crate) mod payments;
