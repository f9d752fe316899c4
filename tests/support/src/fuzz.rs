//! Fuzzing with Schemathesis: requests are generated from the API description, and responses are checked
//! against it.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::{TestApp, TestUser, workspace};

/// Checks of each response: server errors, undocumented status codes, media types, headers and bodies, and
/// acceptance of invalid requests.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
                      response_schema_conformance,negative_data_rejection,missing_required_header,unsupported_method,\
                      ignored_auth";

/// Configuration of a run.
#[derive(Debug, Clone, Copy)]
pub struct FuzzConfig {
    /// Examples per operation.
    pub examples: u32,
    /// Seed of the generator; the same seed generates the same requests.
    pub seed: u64,
    /// Timeout of the run.
    pub timeout: Duration,
}

/// Result of a run.
#[derive(Debug, Clone)]
pub struct FuzzReport {
    /// Number of requests.
    pub requests: u64,
    /// True if all responses passed all checks within the timeout.
    pub passed: bool,
    /// Output of Schemathesis.
    pub output: String,
}

/// Sends generated requests to `app`, authenticated as `caller`.
///
/// # Panics
/// If Schemathesis is not installed; `make fuzz` installs it.
pub async fn run(app: &TestApp, caller: &TestUser, config: FuzzConfig) -> FuzzReport {
    let tool = workspace(".venv/bin/schemathesis");
    assert!(tool.exists(), "schemathesis is not installed: run `make fuzz`");
    let mut process = Command::new(tool)
        .args(["--config-file".as_ref(), workspace("tests/schemathesis.toml").as_os_str()])
        .arg("run")
        .arg(format!("{}/openapi.json", app.stack().url()))
        .args(["--header", &format!("Authorization: Bearer {}", caller.token)])
        .args(["--phases", "examples,coverage,fuzzing", "--checks", CHECKS, "--continue-on-failure"])
        .args(["--max-examples", &config.examples.to_string(), "--seed", &config.seed.to_string()])
        .args(["--suppress-health-check", "all", "--warnings", "off", "--no-color"])
        .args(["--generation-database", "none"])
        .current_dir(std::env::temp_dir())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()
        .expect("schemathesis starts");
    let mut lines = BufReader::new(process.stdout.take().expect("the output is piped")).lines();
    let mut output = String::new();
    let reading = async {
        while let Ok(Some(line)) = lines.next_line().await {
            output.push_str(&line);
            output.push('\n');
        }
        process.wait().await.is_ok_and(|status| status.success())
    };
    let passed = tokio::time::timeout(config.timeout, reading).await.unwrap_or(false);
    let requests = requests(&output);
    FuzzReport { requests, passed, output }
}

/// Parses the number of requests from the line `1234 generated, 1234 passed` of the output.
fn requests(output: &str) -> u64 {
    let generated = output.lines().filter_map(|line| line.trim().split_once(" generated"));
    generated.filter_map(|(count, _)| count.parse::<u64>().ok()).next_back().unwrap_or_default()
}
