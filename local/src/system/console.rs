//! What a person at the terminal reads. Nothing else in this crate prints.

use std::fmt::Display;

/// Prints one line to standard output.
#[expect(clippy::print_stdout, reason = "the terminal is what this module is for")]
pub fn line(text: impl Display) {
    println!("{text}");
}

/// Prints one line to standard error: a failure, or a warning.
#[expect(clippy::print_stderr, reason = "the terminal is what this module is for")]
pub fn problem(text: impl Display) {
    eprintln!("{text}");
}
