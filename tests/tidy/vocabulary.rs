//! Vocabulary of comments, documents, messages and names: standard terms instead of home-made ones.
//!
//! `vocabulary/replaced.tsv` lists the phrases and their replacements, `vocabulary/exceptions.tsv` the few places where a
//! phrase has its ordinary meaning, `vocabulary/removed_names.txt` identifiers that must not be defined again.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::{Regex, RegexSet};
use test_support::workspace;

use crate::read;

/// Limit of exceptions: a list that grows is a rule that is not followed.
const MAX_EXCEPTIONS: usize = 15;

/// Maximum length of a test's name.
const MAX_TEST_NAME: usize = 60;

/// Comments and string literals of Rust code, and the runs of code between them.
static TEXT: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r##"(?s)//[^\n]*|/\*.*?\*/|b?r#".*?"#|b?r"[^"]*"|b?c?"(?:\\.|[^"\\])*"|b?'(?:\\.|[^'\\])'|[^/"'brc]+|."##;
    Regex::new(pattern).unwrap()
});

/// First line of a doc comment that begins with a question word and is no question.
static QUESTION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\s*//[/!] (What|Who|Whom|Whose|Whether|How|Where|When|Why|That|Which)\b.*[^?]$").unwrap()
});

/// Identifier of a definition.
static DEFINITION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(?:struct|enum|trait|type|union|fn|const|static|mod)\s+([A-Za-z_]\w*)").unwrap()
});

/// A phrase and the term to use instead.
struct Phrase {
    pattern: Regex,
    replacement: String,
    ordinary: Option<Regex>,
}

fn insensitive(pattern: &str) -> Regex {
    Regex::new(&format!("(?i){pattern}")).unwrap_or_else(|error| panic!("{pattern}: {error}"))
}

/// Rows of a table in `tests/tidy/vocabulary/`, without comments.
fn rows(file: &str) -> Vec<Vec<String>> {
    let text = read(&workspace("tests/tidy/vocabulary").join(file));
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

fn phrases() -> Vec<Phrase> {
    let phrase = |row: Vec<String>| Phrase {
        pattern: insensitive(&row[0]),
        replacement: row[1].clone(),
        ordinary: row.get(2).map(|pattern| insensitive(pattern)),
    };
    rows("replaced.tsv").into_iter().map(phrase).collect()
}

/// Files of the repository with text that people read, relative to its root.
fn texts() -> Vec<PathBuf> {
    let skipped = [
        "target",
        "node_modules",
        "dist",
        "generated",
        ".git",
        ".venv",
        ".local",
        ".aws-sam",
        "left-out",
        "vocabulary",
    ];
    let kinds = ["rs", "md", "toml", "yaml", "yml", "ts", "mjs", "js", "py", "json", "html", "txt"];
    let (mut found, mut folders) = (Vec::new(), vec![workspace("")]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if skipped.contains(&name.as_str()) || name.ends_with("lock.json") || name.starts_with("LICENSE")
            {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if kinds.iter().any(|kind| path.extension().is_some_and(|extension| extension == *kind))
                || matches!(name.as_str(), "Makefile" | "Dockerfile" | "run")
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Lines that people read: comments, string literals and test names of Rust code, every line of other files.
fn lines(path: &Path, text: &str) -> Vec<(usize, String)> {
    if path.extension().is_none_or(|extension| extension != "rs") {
        return text.lines().enumerate().map(|(at, line)| (at + 1, line.to_owned())).collect();
    }
    let mut found = Vec::new();
    let (mut line, mut code) = (1, String::new());
    for part in TEXT.find_iter(text).map(|part| part.as_str()) {
        if part.starts_with("//") || part.starts_with("/*") || part.ends_with(['"', '#']) && part.len() > 1 {
            found.extend(part.lines().enumerate().map(|(at, text)| (line + at, text.to_owned())));
        } else {
            code.push_str(part);
        }
        line += part.matches('\n').count();
    }
    let names = DEFINITION.captures_iter(&code).map(|name| (0, name[1].replace('_', " ")));
    found.extend(names);
    found
}

#[test]
fn texts_use_standard_terms() {
    let (phrases, exceptions) = (phrases(), rows("exceptions.tsv"));
    let any = RegexSet::new(phrases.iter().map(|phrase| phrase.pattern.as_str())).unwrap();
    assert!(exceptions.len() <= MAX_EXCEPTIONS, "{} exceptions", exceptions.len());
    let (mut found, mut used) = (Vec::new(), vec![false; exceptions.len()]);
    for path in texts() {
        let relative = path.strip_prefix(workspace("")).unwrap().to_str().unwrap().to_owned();
        for (number, line) in lines(&path, &read(&path)) {
            for phrase in any.matches(&line).into_iter().map(|at| &phrases[at]) {
                let rest = phrase
                    .ordinary
                    .as_ref()
                    .map_or(line.clone().into(), |ordinary| ordinary.replace_all(&line, ""));
                let Some(hit) = phrase.pattern.find(&rest) else { continue };
                let excepted = |row: &Vec<String>| relative == row[0] && line.contains(&row[1]);
                match exceptions.iter().position(excepted) {
                    Some(at) => used[at] = true,
                    None => found.push(format!(
                        "{relative}:{number}: \"{}\": use {}: {}",
                        hit.as_str(),
                        phrase.replacement,
                        line.trim()
                    )),
                }
            }
        }
    }
    assert!(found.is_empty(), "{} texts:\n{}", found.len(), found.join("\n"));
    let unused: Vec<_> =
        exceptions.iter().zip(used).filter(|(_, used)| !used).map(|(row, _)| &row[0]).collect();
    assert!(unused.is_empty(), "unused exceptions for {unused:?}");
}

#[test]
fn doc_comments_begin_with_a_noun_or_a_verb() {
    let mut found = Vec::new();
    for path in rust_sources() {
        let text = read(&path);
        let mut previous_is_doc = false;
        for (at, line) in text.lines().enumerate() {
            let is_doc = line.trim_start().starts_with("///") || line.trim_start().starts_with("//!");
            if is_doc && !previous_is_doc && QUESTION.is_match(line) {
                found.push(format!("{}:{}: {}", path.display(), at + 1, line.trim()));
            }
            previous_is_doc = is_doc && !line.trim_end().ends_with(['/', '!']);
        }
    }
    assert!(found.is_empty(), "{} doc comments:\n{}", found.len(), found.join("\n"));
}

fn rust_sources() -> Vec<PathBuf> {
    texts().into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

#[test]
fn removed_names_are_not_defined_again() {
    let removed: Vec<String> = rows("removed_names.txt").into_iter().map(|row| row[0].clone()).collect();
    let mut found = Vec::new();
    for path in rust_sources() {
        for name in DEFINITION.captures_iter(&read(&path)) {
            if removed.contains(&name[1].to_owned()) {
                found.push(format!("{}: {}", path.display(), &name[1]));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn test_names_fit_in_60_characters() {
    let attribute =
        Regex::new(r"(?s)#\[(?:tokio::)?test[^\]]*\]\s*(?:#\[[^\]]*\]\s*)*(?:async )?fn (\w+)").unwrap();
    let mut found = Vec::new();
    for path in rust_sources() {
        for name in attribute.captures_iter(&read(&path)) {
            if name[1].len() > MAX_TEST_NAME {
                found.push(format!("{}: {} ({})", path.display(), &name[1], name[1].len()));
            }
        }
    }
    assert!(found.is_empty(), "{} names:\n{}", found.len(), found.join("\n"));
}

#[test]
fn the_api_description_has_no_rustdoc_links() {
    let text = read(&workspace(openapi::PATH));
    assert!(!text.contains("[`"), "{} contains a rustdoc link", openapi::PATH);
}

#[test]
fn comments_strings_and_definitions_are_read_as_text() {
    let source = "/// Doc.\nfn brick_count(c: char) -> u8 { // note\n    f(b'\"', \"text\", r#\"raw\"#, '\"', b\"bytes\")\n}\n";
    let expected = [
        (1, "/// Doc."),
        (2, "// note"),
        (3, "\"text\""),
        (3, "r#\"raw\"#"),
        (3, "b\"bytes\""),
        (0, "brick count"),
    ];
    let read = lines(Path::new("x.rs"), source);
    assert_eq!(read, expected.map(|(line, text)| (line, text.to_owned())));
}
