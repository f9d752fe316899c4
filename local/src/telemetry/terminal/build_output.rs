//! Output of `cargo lambda watch` other than the functions' log: progress is summarised, diagnostics are
//! kept.

use super::{DIM, RED, YELLOW};

/// Verbs of cargo's progress lines, which cargo aligns to the right.
const PROGRESS: [&str; 11] = [
    "Adding",
    "Building",
    "Compiling",
    "Downloaded",
    "Downloading",
    "Finished",
    "Fresh",
    "Locking",
    "Running",
    "Updating",
    "Waiting",
];

/// Prefixes of lines that need no action: processes that the tool starts and stops, and cargo's wait for
/// another build.
const OMITTED: [&str; 3] = [" INFO ", "ERROR command killed code=ForceStop", " waiting for file lock on "];

/// Verb that cargo prints while it waits for another build. Several processes may print it on one line.
const BLOCKING: &str = "    Blocking";

/// Width of the verb of a progress line.
const VERB_WIDTH: usize = 12;

/// Progress of the current build.
#[derive(Debug, Default)]
pub(super) struct BuildOutput {
    /// Packages of the workspace that cargo has compiled since the last finished build.
    compiled: Vec<String>,
}

impl BuildOutput {
    /// Source of the lines in the log.
    pub(super) const SOURCE: &str = "cargo-lambda";

    /// Renders a line; `None` if it only reports progress.
    pub(super) fn render(&mut self, line: &str) -> Option<String> {
        let line = anstream::adapter::strip_str(line).to_string();
        if let Some((verb, rest)) = progress(&line) {
            return self.record(verb, rest);
        }
        let text = line.trim_start_matches(BLOCKING);
        if OMITTED.iter().any(|beginning| text.starts_with(beginning)) {
            return None;
        }
        if line.starts_with("error: could not compile") {
            self.compiled.clear();
        }
        let style = match line.split([':', '[']).next() {
            Some("error") => RED.bold(),
            Some("warning") => YELLOW,
            _ => return Some(line),
        };
        Some(format!("{style}{line}{style:#}"))
    }

    /// Collects the compiled packages, and reports them when the build has finished.
    fn record(&mut self, verb: &str, rest: &str) -> Option<String> {
        match verb {
            // Only packages of the workspace have a path, in parentheses.
            "Compiling" if rest.ends_with(')') => {
                self.compiled.extend(rest.split(' ').next().map(str::to_owned));
                None
            }
            "Finished" => {
                let compiled = std::mem::take(&mut self.compiled).join(", ");
                let duration = rest.rsplit(' ').next().unwrap_or_default();
                (!compiled.is_empty()).then(|| format!("{DIM}compiled {compiled} in {duration}{DIM:#}"))
            }
            _ => None,
        }
    }
}

/// Splits a progress line into its verb and the rest.
fn progress(line: &str) -> Option<(&str, &str)> {
    let (verb, rest) = line.split_at_checked(VERB_WIDTH)?;
    let (verb, rest) = (verb.trim_start(), rest.strip_prefix(' ')?);
    PROGRESS.contains(&verb).then_some((verb, rest))
}
