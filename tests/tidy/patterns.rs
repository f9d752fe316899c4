//! Consistency of the list of patterns with the files and tests that it names.

use std::path::PathBuf;
use std::sync::LazyLock;

use regex::Regex;
use test_support::workspace;

use crate::read;

/// Number of patterns.
pub(crate) const PATTERNS: usize = 48;

/// Link to a file; captures its path.
const LINK: &str = r"\[`[^`]+`\]\(([^)]+)\)";

/// Row of the list: number, pattern, description, file, and tests.
static ROW: LazyLock<Regex> = LazyLock::new(|| {
    let row = format!(r"^\| (\d+) \| [^|]+ \| [^|]+ \| {LINK} \| (`[^|]+) \|$");
    Regex::new(&row).unwrap()
});

/// Tests of one file.
static TESTS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(&format!(r"((?:`\w+`, )*`\w+`) in {LINK}")).unwrap());

/// Text that defines a test in a file.
fn definition(test: &str, file: &str) -> String {
    match test {
        "compile_fail" => "```compile_fail".to_owned(),
        function if file.contains(".py") => format!("def {function}("),
        function => format!("fn {function}("),
    }
}

#[test]
fn patterns_are_complete_and_name_existing_files_and_tests() {
    let page = read(&workspace("docs/patterns.md"));
    let path = |link: &str| -> PathBuf { workspace("docs").join(link) };
    let mut numbers = Vec::new();
    for line in page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| no. ")) {
        let row = ROW.captures(line).unwrap_or_else(|| panic!("malformed row: {line}"));
        let number: usize = row[1].parse().unwrap();
        numbers.push(number);
        assert!(path(&row[2]).is_file(), "pattern {number}: {} does not exist", &row[2]);
        let listed: Vec<&str> = TESTS.find_iter(&row[3]).map(|found| found.as_str()).collect();
        assert_eq!(listed.join(", "), row[3], "pattern {number}");
        for (_, [functions, file]) in TESTS.captures_iter(&row[3]).map(|found| found.extract()) {
            let source = read(&path(file));
            for test in functions.split(", ").map(|test| test.trim_matches('`')) {
                let definition = definition(test, file);
                assert!(source.contains(&definition), "pattern {number}: {file} has no {definition}");
            }
        }
    }
    assert_eq!(numbers, (1..=PATTERNS).collect::<Vec<_>>());
}
