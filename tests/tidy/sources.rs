//! Rules for source files that the compiler and its lints do not check.

use std::path::Path;

use shared::messaging::event_routing::{Subscriber, subscribers};
use test_support::workspace;

use crate::{files_with_extension, functions, read, rust_files};

fn all_sources() -> Vec<std::path::PathBuf> {
    ["shared", "local", "stripe-sandbox", "ops", "openapi", "tests", "fault-tests", "bench", "functions"]
        .iter()
        .flat_map(|folder| rust_files(&workspace(folder)))
        .collect()
}

#[test]
fn main_of_a_function_has_at_most_25_lines() {
    for stem in functions() {
        let main = workspace("functions").join(&stem).join("src/main.rs");
        let lines = read(&main).lines().count();
        assert!(lines <= 25, "{} has {lines} lines", main.display());
    }
}

#[test]
fn handlers_have_at_most_25_lines() {
    let mut handlers = 0;
    for stem in functions().iter().filter(|stem| stem.starts_with("api-")) {
        for file in rust_files(&workspace("functions").join(stem).join("src")) {
            for (name, lines) in handlers_of(&read(&file)) {
                handlers += 1;
                assert!(lines <= 25, "{name} in {} has {lines} lines", file.display());
            }
        }
    }
    assert!(handlers >= 15, "only {handlers} handlers were found");
}

/// Names and lengths of the `pub(crate)` asynchronous functions of a file.
fn handlers_of(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let starts = lines.iter().enumerate().filter(|(_, line)| line.starts_with("pub(crate) async fn "));
    starts
        .map(|(start, line)| {
            let length = lines[start..].iter().position(|line| *line == "}").unwrap() + 1;
            (line.split(['<', '(']).nth(1).unwrap_or(line).to_owned(), length)
        })
        .collect()
}

#[test]
fn no_module_has_a_generic_name() {
    let generic = ["mod", "util", "utils", "helper", "helpers", "common", "misc", "types"];
    for file in all_sources() {
        let name = file.file_stem().and_then(|stem| stem.to_str()).unwrap();
        assert!(!generic.contains(&name), "{}", file.display());
    }
}

#[test]
fn no_file_is_longer_than_350_lines() {
    let is_test = |path: &Path| path.components().any(|part| part.as_os_str() == "tests");
    for file in all_sources().iter().filter(|file| !is_test(file)) {
        let lines = read(file).lines().count();
        assert!(lines <= 350, "{} has {lines} lines, at most 350 are allowed", file.display());
    }
}

#[test]
fn every_snapshot_is_compared_by_its_test() {
    let mut snapshots = files_with_extension(&workspace("functions"), "snap");
    snapshots.extend(files_with_extension(&workspace("shared"), "snap"));
    assert!(snapshots.len() >= 40, "only {} snapshots were found", snapshots.len());
    for file in snapshots {
        let text = read(&file);
        let source = text.lines().find_map(|line| line.strip_prefix("source: ")).unwrap();
        let name = file.file_stem().unwrap().to_str().unwrap().rsplit("__").next().unwrap();
        let is_named = read(&workspace(source)).contains(&format!("\"{name}\""));
        assert!(is_named, "{source} does not compare {}", file.display());
    }
}

#[test]
fn sources_have_no_todo_markers() {
    for file in all_sources().iter().filter(|file| !file.ends_with("tidy/sources.rs")) {
        let text = read(file);
        for marker in ["TODO", "FIXME", "todo!(", "unimplemented!(", "#[ignore"] {
            assert!(!text.contains(marker), "{} has {marker}", file.display());
        }
    }
}

#[test]
fn consumers_parse_every_event_that_they_subscribe_to() {
    let routing = read(&workspace("shared/src/messaging/event_routing.rs"));
    let texts = routing.split('"').skip(1).step_by(2);
    let mut pairs = 0;
    for name in texts.filter(|text| text.contains('.') && !text.starts_with("dead_letter.")) {
        for subscriber in subscribers(name) {
            let function = match subscriber {
                Subscriber::Analytics => "queue-analytics",
                Subscriber::Emails => "queue-emails",
                Subscriber::SearchIndex => "queue-search-index",
                Subscriber::Fulfilment => "queue-fulfilment",
                // These parse the event types of the domain.
                Subscriber::Reports | Subscriber::UrgentReports => continue,
            };
            let events = read(&workspace("functions").join(function).join("src/event.rs"));
            let events = events.split("#[cfg(test)]").next().unwrap();
            // The suffix only routes the event; it is no part of the serialised type.
            let event_type = name.trim_end_matches(".notify");
            assert!(events.contains(&format!("\"{event_type}\"")), "{function} does not parse {name}");
            pairs += 1;
        }
    }
    assert!(pairs >= 30, "only {pairs} subscriptions were found");
}
