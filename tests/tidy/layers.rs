//! Dependency rules between the folders of the workspace.

use std::path::{Path, PathBuf};

use test_support::workspace;

use crate::{functions, is_test_file, read, rust_files};

/// Folders of `shared/src`, each with the folders that it may import.
const SHARED: [(&str, &[&str]); 8] = [
    ("kit", &[]),
    ("domain", &["kit"]),
    ("projections", &["domain", "kit"]),
    ("messaging", &["domain", "kit"]),
    ("repository", &["domain", "kit", "messaging", "projections"]),
    ("payment_gateway", &["domain", "kit"]),
    ("search", &["domain", "kit", "projections", "repository"]),
    ("api", &["domain", "kit", "messaging", "projections", "repository"]),
];

/// Folders of `shared/src/kit`, each of which may import those before it.
const KIT: [&str; 10] =
    ["system", "telemetry", "command", "resilience", "error", "auth", "http", "aws", "queue", "runtime"];

/// Infrastructure that pure code must not name.
const INFRASTRUCTURE: [&str; 8] =
    ["aws_", "lambda_", "axum", "tokio", "reqwest", "http::", "std::env", "SystemClock"];

/// Parts of the kit that the domain and the projections are written with.
const PURE_KIT: [&str; 2] = ["command", "system"];

/// Files of a module: its own and those in its folder.
fn files_of(module: &Path) -> Vec<PathBuf> {
    let mut files = vec![module.with_extension("rs")];
    if module.is_dir() {
        files.extend(rust_files(module));
    }
    files
}

/// The code of a file without its comments and unit tests.
fn code_of(file: &Path) -> String {
    if is_test_file(file) {
        return String::new();
    }
    let text = read(file);
    let code = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let code = code.split("\n#[cfg(test)]\npub(crate) mod tests {").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Names that follow `prefix` in a file, such as the modules after `crate::`.
fn imported<'a>(code: &'a str, prefix: &str) -> Vec<&'a str> {
    let end = |rest: &str| rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    code.split(prefix).skip(1).map(|rest| &rest[..end(rest)]).filter(|name| !name.is_empty()).collect()
}

#[test]
fn shared_has_only_the_declared_folders() {
    let lib = read(&workspace("shared/src/lib.rs"));
    let mut declared = imported(&lib, "pub mod ");
    declared.sort_unstable();
    let mut expected: Vec<&str> = SHARED.iter().map(|(folder, _)| *folder).collect();
    expected.sort_unstable();
    assert_eq!(declared, expected);
}

#[test]
fn folders_of_shared_import_only_what_they_may() {
    let mut found = Vec::new();
    for (folder, allowed) in SHARED {
        for file in files_of(&workspace("shared/src").join(folder)) {
            let code = code_of(&file);
            assert!(!code.contains("use crate::{"), "{}: import each module by itself", file.display());
            for other in imported(&code, "crate::") {
                if other != folder && !allowed.contains(&other) {
                    found.push(format!("{} imports {other}", file.display()));
                }
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn folders_of_the_kit_import_only_those_before_them() {
    let mut found = Vec::new();
    for (place, folder) in KIT.iter().enumerate() {
        for file in files_of(&workspace("shared/src/kit").join(folder)) {
            for other in imported(&code_of(&file), "crate::kit::") {
                let allowed = KIT.iter().position(|name| *name == other).is_some_and(|at| at <= place);
                if !allowed {
                    found.push(format!("{} imports {other}", file.display()));
                }
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn domain_and_projections_use_no_infrastructure() {
    let mut found = Vec::new();
    for folder in ["domain", "projections"] {
        for file in files_of(&workspace("shared/src").join(folder)) {
            let code = code_of(&file);
            for name in INFRASTRUCTURE.iter().filter(|name| code.contains(**name)) {
                found.push(format!("{} uses {name}", file.display()));
            }
            for other in imported(&code, "crate::kit::").iter().filter(|name| !PURE_KIT.contains(name)) {
                found.push(format!("{} imports kit::{other}", file.display()));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn no_folder_of_shared_has_more_than_ten_entries() {
    let mut folders = vec![workspace("shared/src")];
    while let Some(folder) = folders.pop() {
        let mut names = std::collections::BTreeSet::new();
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            names.insert(path.file_stem().unwrap().to_owned());
            if path.is_dir() {
                folders.push(path);
            }
        }
        assert!(names.len() <= 10, "{} has {} entries", folder.display(), names.len());
    }
}

#[test]
fn functions_do_not_import_each_other() {
    let stems = functions();
    for stem in &stems {
        let manifest = read(&workspace("functions").join(stem).join("Cargo.toml"));
        for other in stems.iter().filter(|other| *other != stem) {
            assert!(!manifest.contains(other.as_str()), "{stem} depends on {other}");
        }
    }
}
