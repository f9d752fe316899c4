//! Requests that nobody thought of: generated from the API's description, sent to the running system, and each answer held
//! against the description again, by a tool that is not ours (Schemathesis).

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::{TestApp, TestUser, workspace};

/// What is wrong with an answer: a server's error, a status, media type, header or body that is not promised, and a wrong
/// request that is answered as if it were right.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
                      response_schema_conformance,negative_data_rejection,missing_required_header,unsupported_method,\
                      ignored_auth";

/// How much is generated.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// How many examples of each operation.
    pub examples: u32,
    /// What decides on them; the same seed generates the same requests.
    pub seed: u64,
    /// How long it may go on.
    pub at_most: Duration,
}

/// How it went.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// How many requests were generated and sent.
    pub requests: u64,
    /// Whether every answer was as promised.
    pub holds: bool,
    /// What the tool says of it.
    pub report: String,
}

/// Sends generated requests to `shop`, on behalf of `caller`.
///
/// # Panics
/// If the tool is not installed; `make fuzz` does that.
pub async fn run(shop: &TestApp, caller: &TestUser, effort: Effort) -> Verdict {
    let tool = workspace(".venv/bin/schemathesis");
    assert!(tool.exists(), "schemathesis is not installed: run `make fuzz`");
    let mut run = Command::new(tool)
        .args(["--config-file".as_ref(), workspace("tests/schemathesis.toml").as_os_str()])
        .arg("run")
        .arg(format!("{}/openapi.json", shop.stack().url()))
        .args(["--header", &format!("Authorization: Bearer {}", caller.token)])
        .args(["--phases", "examples,coverage,fuzzing", "--checks", CHECKS, "--continue-on-failure"])
        .args(["--max-examples", &effort.examples.to_string(), "--seed", &effort.seed.to_string()])
        .args(["--suppress-health-check", "all", "--warnings", "off", "--no-color"])
        .args(["--generation-database", "none"])
        .current_dir(std::env::temp_dir())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()
        .expect("the tool starts");
    let mut lines = BufReader::new(run.stdout.take().expect("its output is ours")).lines();
    let mut report = String::new();
    let reading = async {
        while let Ok(Some(line)) = lines.next_line().await {
            report.push_str(&line);
            report.push('\n');
        }
        run.wait().await.is_ok_and(|status| status.success())
    };
    let holds = tokio::time::timeout(effort.at_most, reading).await.unwrap_or(false);
    let requests = requests(&report);
    Verdict { requests, holds, report }
}

/// From the line `1234 generated, 1234 passed` of the report.
fn requests(report: &str) -> u64 {
    let generated = report.lines().filter_map(|line| line.trim().split_once(" generated"));
    generated.filter_map(|(count, _)| count.parse::<u64>().ok()).next_back().unwrap_or_default()
}
