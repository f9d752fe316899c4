//! How the code is written, where the compiler and its lints do not look.

use std::path::Path;

use test_support::workspace;

use crate::{functions, read, rust_files};

fn all_sources() -> Vec<std::path::PathBuf> {
    ["shared", "local", "stripe-sandbox", "ops", "openapi", "tests", "fault-tests", "bench", "functions"]
        .iter()
        .flat_map(|folder| rust_files(&workspace(folder)))
        .collect()
}

#[test]
fn a_composition_root_has_at_most_25_lines() {
    for stem in functions() {
        let main = workspace("functions").join(&stem).join("src/main.rs");
        let lines = read(&main).lines().count();
        assert!(lines <= 25, "{} has {lines} lines", main.display());
    }
}

#[test]
fn a_handler_has_at_most_25_lines() {
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

/// The asynchronous functions of a file that others in the crate use, with their lengths.
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
fn no_module_has_a_name_that_says_nothing() {
    let empty = ["mod", "util", "utils", "helper", "helpers", "common", "misc", "types"];
    for file in all_sources() {
        let name = file.file_stem().and_then(|stem| stem.to_str()).unwrap();
        assert!(!empty.contains(&name), "{}", file.display());
    }
}

#[test]
fn no_file_is_longer_than_350_lines() {
    let is_test = |path: &Path| path.components().any(|part| part.as_os_str() == "tests");
    for file in all_sources().iter().filter(|file| !is_test(file)) {
        let lines = read(file).lines().count();
        assert!(lines <= 350, "{} has {lines} lines: which concept is missing?", file.display());
    }
}

#[test]
fn nothing_is_left_for_later() {
    for file in all_sources().iter().filter(|file| !file.ends_with("tidy/sources.rs")) {
        let text = read(file);
        for mark in ["TODO", "FIXME", "todo!(", "unimplemented!(", "#[ignore"] {
            assert!(!text.contains(mark), "{} has {mark}", file.display());
        }
    }
}
