//! Who may know whom: the kit knows nothing of the marketplace, the marketplace nothing of AWS, HTTP or a runtime, and
//! functions nothing of each other.

use harness::workspace;

use crate::{functions, read, rust_files};

/// Modules of `shared` that could serve any other domain.
const KIT: [&str; 19] = [
    "auth",
    "aws",
    "breaker",
    "cache",
    "client",
    "clock",
    "command",
    "config",
    "consumer",
    "dynamodb",
    "http",
    "lease",
    "limit",
    "mail",
    "relay",
    "retry",
    "runtime",
    "saga",
    "telemetry",
];

/// Files of a module: its own and those in its folder.
fn files_of(module: &str) -> Vec<std::path::PathBuf> {
    let root = workspace("shared/src");
    let folder = root.join(module);
    let mut files = vec![root.join(format!("{module}.rs"))];
    if folder.is_dir() {
        files.extend(rust_files(&folder));
    }
    files
}

#[test]
fn the_kit_does_not_know_the_domain() {
    for file in KIT.iter().flat_map(|module| files_of(module)) {
        let text = read(&file);
        for outside in
            ["crate::domain", "crate::repository", "crate::api", "crate::gateway", "crate::subscriptions"]
        {
            assert!(!text.contains(outside), "{} imports {outside}", file.display());
        }
    }
}

#[test]
fn the_domain_does_not_know_aws_http_or_a_runtime() {
    for file in files_of("domain") {
        let text = read(&file);
        for outside in [
            "aws_",
            "lambda_",
            "axum",
            "tokio",
            "reqwest",
            "http::",
            "crate::http",
            "crate::dynamodb",
            "crate::consumer",
            "crate::api",
            "crate::repository",
            "SystemClock",
        ] {
            assert!(!text.contains(outside), "{} imports {outside}", file.display());
        }
    }
}

#[test]
fn functions_do_not_know_each_other() {
    let stems = functions();
    for stem in &stems {
        let manifest = read(&workspace("functions").join(stem).join("Cargo.toml"));
        for other in stems.iter().filter(|other| *other != stem) {
            assert!(!manifest.contains(other.as_str()), "{stem} depends on {other}");
        }
    }
}
