//! Console output. No other module of this crate prints.

use std::fmt::Display;

/// Prints one line to standard output.
#[expect(clippy::print_stdout, reason = "this module writes to the console")]
pub fn line(text: impl Display) {
    println!("{text}");
}

/// Prints an error or a warning to standard error.
#[expect(clippy::print_stderr, reason = "this module writes to the console")]
pub fn problem(text: impl Display) {
    eprintln!("{text}");
}
