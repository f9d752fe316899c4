//! Panics: each is logged once, by the panic hook, in the span of the request or message that caused it.

use std::backtrace::Backtrace;
use std::panic::{self, PanicHookInfo};

/// Maximum length of a logged message in characters.
const MAX_MESSAGE: usize = 500;

/// Maximum length of a logged backtrace in characters.
const MAX_BACKTRACE: usize = 4_000;

/// Frame that runs the panic hook. The frames above it belong to the panic runtime.
const HOOK_FRAME: &str = "rust_begin_unwind";

/// Logs each panic with its message, location and backtrace.
pub fn install_hook() {
    panic::set_hook(Box::new(log_panic));
}

fn log_panic(info: &PanicHookInfo<'_>) {
    let message = message(info.payload_as_str().unwrap_or("no message"));
    let location = info.location().map(ToString::to_string).unwrap_or_default();
    let backtrace = backtrace(&Backtrace::force_capture().to_string());
    tracing::error!(error = message, location, backtrace, "panic");
}

/// Removes quoted values from a message, because they may be user data: the standard library and `Debug` quote
/// strings.
fn message(text: &str) -> String {
    let mut shown = String::new();
    let mut quote = None;
    let mut previous = ' ';
    for character in text.chars().take(MAX_MESSAGE) {
        match quote {
            Some(open) if character == open && previous != '\\' => {
                quote = None;
                shown.push(character);
            }
            Some(_) => {}
            None => {
                shown.push(character);
                // An apostrophe within a word does not begin a quotation.
                if matches!(character, '"' | '`') || (character == '\'' && !previous.is_alphanumeric()) {
                    quote = Some(character);
                    shown.push('…');
                }
            }
        }
        previous = if previous == '\\' { ' ' } else { character };
    }
    shown
}

/// The frames from the panic on, up to the limit.
fn backtrace(text: &str) -> String {
    let start = text.find(HOOK_FRAME).and_then(|at| Some(at + text.get(at..)?.find('\n')? + 1));
    text.get(start.unwrap_or(0)..).unwrap_or(text).chars().take(MAX_BACKTRACE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_values_are_removed_from_messages() {
        let unwrapped = "called `Result::unwrap()` on an `Err` value: Parse { text: \"ada@\\\"example\" }";
        assert_eq!(message(unwrapped), "called `…` on an `…` value: Parse { text: \"…\" }");
        let sliced = "byte index 1 is not a char boundary; it is inside 'é' (bytes 0..2) of `émile";
        assert_eq!(
            message(sliced),
            "byte index 1 is not a char boundary; it is inside '…' (bytes 0..2) of `…"
        );
        assert_eq!(message("the row doesn't exist"), "the row doesn't exist");
        assert_eq!(message(&"x".repeat(2_000)).len(), MAX_MESSAGE);
    }

    #[test]
    fn backtrace_begins_at_the_panic_and_is_bounded() {
        let frames =
            "   0: hook\n   1: __rustc::rust_begin_unwind\n   2: core::panicking::panic_fmt\n   3: f\n";
        assert_eq!(backtrace(frames), "   2: core::panicking::panic_fmt\n   3: f\n");
        assert_eq!(backtrace("   0: <unknown>\n"), "   0: <unknown>\n");
        assert_eq!(backtrace(&"f\n".repeat(9_000)).len(), MAX_BACKTRACE);
    }
}
