//! Tests of the repository's structure: consistency of code, template and documents, and dependency rules.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cycles;
mod deployment;
mod layers;
mod patterns;
mod seeded_bugs;
mod sources;
mod telemetry;
mod template;
mod unused_items;
mod vocabulary;

use std::fs;
use std::path::{Path, PathBuf};

use test_support::workspace;

/// Names of all functions, which are the names of their folders.
fn functions() -> Vec<String> {
    let entries = fs::read_dir(workspace("functions")).unwrap();
    let mut stems: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    stems.sort();
    stems
}

/// All Rust files below a folder.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    files_with_extension(folder, "rs")
}

/// All files below a folder with this extension.
fn files_with_extension(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with_extension(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found
}

/// Returns true for a file that is compiled for the unit tests of its crate only.
fn is_test_file(path: &Path) -> bool {
    let names = ["proptests", "tests", "model_tests", "proptests.rs", "tests.rs", "model_tests.rs"];
    path.strip_prefix(workspace(""))
        .unwrap_or(path)
        .iter()
        .skip(1)
        .any(|part| names.iter().any(|name| part == *name))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_function_has_a_resource_events_tests_and_readme_row() {
    let readme = read(&workspace("README.md"));
    let template = read(&workspace("template.yaml"));
    for stem in functions() {
        assert!(
            template.contains(&format!("CodeUri: target/lambda/{stem}/")),
            "{stem} is not in the template"
        );
        let events = workspace("events").join(&stem);
        assert!(events.read_dir().is_ok_and(|mut entries| entries.next().is_some()), "{stem} has no events");
        assert!(workspace("functions").join(&stem).join("tests/it/main.rs").exists(), "{stem} has no tests");
        assert!(readme.contains(&format!("`{stem}`")), "{stem} is not in the README");
    }
}

#[test]
fn every_events_folder_belongs_to_a_function() {
    for entry in fs::read_dir(workspace("events")).unwrap() {
        let stem = entry.unwrap().file_name().into_string().unwrap();
        assert!(functions().contains(&stem), "events/{stem} belongs to no function");
    }
}
