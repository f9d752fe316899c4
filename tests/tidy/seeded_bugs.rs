//! Consistency of the bugs that `make seeded-bugs` inserts with the sources and tests that they name.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Deserialize;
use test_support::workspace;

use crate::patterns::PATTERNS;
use crate::{files_with_extension, functions, read, rust_files};

/// Minimum number of bugs that the generated workload must find.
const MIN_IN_THE_WORKLOAD: usize = 15;
/// Test of the generated workload.
const WORKLOAD_TEST: &str = "results_of_a_short_run_without_violations";

/// Contents of `tests/seeded-bugs.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    bug: Vec<Bug>,
}

/// Bug, and the test that must fail with it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bug {
    name: String,
    pattern: Option<usize>,
    description: String,
    file: String,
    find: String,
    replace: String,
    /// Cargo package of the test.
    package: Option<String>,
    /// Folder of the test, if it is written in Python.
    pytest: Option<String>,
    test: String,
    #[serde(default)]
    doctest: bool,
    /// True if the test of the workload must fail as well.
    #[serde(default)]
    workload: bool,
}

/// Folders of all packages with their own `Cargo.toml`, by the name of the package.
fn packages() -> Vec<(String, PathBuf)> {
    let root: toml::Table = read(&workspace("Cargo.toml")).parse().unwrap();
    let members = root["workspace"]["members"].as_array().unwrap().iter();
    let folders = members.flat_map(|member| match member.as_str().unwrap() {
        "functions/*" => functions().into_iter().map(|stem| format!("functions/{stem}")).collect(),
        folder => vec![folder.to_owned()],
    });
    let package = |folder: String| {
        let manifest: toml::Table = read(&workspace(&folder).join("Cargo.toml")).parse().unwrap();
        (manifest["package"]["name"].as_str().unwrap().to_owned(), workspace(&folder))
    };
    folders.map(package).collect()
}

/// Number of functions of a package with this name, without those of packages in its subfolders.
fn definitions(packages: &[(String, PathBuf)], package: &str, function: &str) -> usize {
    let Some((_, folder)) = packages.iter().find(|(name, _)| name == package) else { return 0 };
    let nested: Vec<&PathBuf> = packages
        .iter()
        .map(|(_, other)| other)
        .filter(|other| *other != folder && other.starts_with(folder))
        .collect();
    let files =
        rust_files(folder).into_iter().filter(|file| !nested.iter().any(|other| file.starts_with(other)));
    files.map(|file| read(&file).matches(&format!("fn {function}(")).count()).sum()
}

/// Number of functions with this name in the Python files of a folder.
fn python_definitions(folder: &str, function: &str) -> usize {
    let files = files_with_extension(&workspace(folder), "py");
    files.iter().map(|file| read(file).matches(&format!("def {function}(")).count()).sum()
}

#[test]
fn seeded_bugs_apply_to_the_sources_and_name_one_test() {
    let catalogue: Catalogue = toml::from_str(&read(&workspace("tests/seeded-bugs.toml"))).unwrap();
    let (packages, mut names) = (packages(), BTreeSet::new());
    let workload = catalogue.bug.iter().filter(|bug| bug.workload).count();
    assert!(workload >= MIN_IN_THE_WORKLOAD, "the workload must find {workload} bugs");
    assert_eq!(definitions(&packages, "workload", WORKLOAD_TEST), 1);
    for Bug { name, pattern, description, file, find, replace, package, pytest, test, doctest, .. } in
        catalogue.bug
    {
        assert!(!description.is_empty(), "{name} has no description");
        assert!(pattern.is_none_or(|number| (1..=PATTERNS).contains(&number)), "{name}: {pattern:?}");
        assert_eq!(read(&workspace(&file)).matches(&find).count(), 1, "{name}: `find` in {file}");
        assert_ne!(find, replace, "{name} changes nothing");
        let defined = match (&package, &pytest) {
            (Some(_), None) if doctest => read(&workspace(&file)).matches("/// ```compile_fail").count(),
            (Some(package), None) => definitions(&packages, package, &test),
            (None, Some(folder)) => python_definitions(folder, &test),
            _ => panic!("{name} must have either a package or a folder of Python tests"),
        };
        assert_eq!(defined, 1, "{name}: {test} in {package:?} {pytest:?}");
        assert!(names.insert(name.clone()), "two bugs have the name {name}");
    }
    assert!(!names.is_empty());
}
