//! Console output. No other module of this crate prints. Colours are removed unless the output is a terminal
//! and `NO_COLOR` is not set.

use std::fmt::Display;

/// Prints one line to standard output.
pub fn line(text: impl Display) {
    anstream::println!("{text}");
}

/// Prints an error or a warning to standard error.
pub fn problem(text: impl Display) {
    anstream::eprintln!("{text}");
}
