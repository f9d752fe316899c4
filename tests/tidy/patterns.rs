//! Consistency of the list of patterns with the files and tests that it names.

use std::path::PathBuf;
use std::sync::LazyLock;

use regex::Regex;
use test_support::workspace;

use crate::read;

/// Number of patterns.
pub(crate) const PATTERNS: usize = 48;

/// Row of the list: number, pattern, description, file, and test with its file.
static ROW: LazyLock<Regex> = LazyLock::new(|| {
    let link = r"\[`[^`]+`\]\(([^)]+)\)";
    let row = format!(r"^\| (\d+) \| [^|]+ \| [^|]+ \| {link} \| `(\w+)` in {link} \|$");
    Regex::new(&row).unwrap()
});

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
        let file = path(&row[4]);
        let definition = match &row[3] {
            example @ "compile_fail" => format!("```{example}"),
            function if file.extension().is_some_and(|extension| extension == "py") => {
                format!("def {function}(")
            }
            function => format!("fn {function}("),
        };
        let defined = read(&file).contains(&definition);
        assert!(defined, "pattern {number}: {} has no {definition}", file.display());
    }
    assert_eq!(numbers, (1..=PATTERNS).collect::<Vec<_>>());
}
