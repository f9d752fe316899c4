//! The structure of the repository, held by tests.
