//! Tests of the command `local dev`, with the functions and the template of this repository.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use super::{Folder, send};

/// Time limit for a line of the output. The binaries are not optimised, and start one after the other.
const LINE_TIMEOUT: Duration = Duration::from_mins(1);

const CORRELATION_ID: &str = "one-line";

/// Running `local dev` and its output so far.
struct Dev {
    child: Child,
    output: Lines<BufReader<ChildStdout>>,
    printed: Vec<String>,
}

impl Dev {
    fn start(state: &Path) -> Self {
        let template = concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml");
        let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
        command
            .args(["dev", "--host", "runtime", "--no-schedules", "--template", template, "--state"])
            .arg(state);
        for port in ["", "dynamodb-", "sqs-", "payments-", "mail-", "bedrock-", "metrics-"] {
            command.args([format!("--{port}port"), "0".to_owned()]);
        }
        command.env_remove("LOG_FORMAT").stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, output, printed: Vec::new() }
    }

    /// Waits for a line, unless it has already been printed.
    async fn line(&mut self, matches: impl Fn(&str) -> bool) -> String {
        if let Some(line) = self.printed.iter().find(|line| matches(line)) {
            return line.clone();
        }
        loop {
            let line = timeout(LINE_TIMEOUT, self.output.next_line()).await;
            let line = line.unwrap_or_else(|_| panic!("no such line:\n{}", self.printed.join("\n")));
            let line = line.unwrap().unwrap_or_else(|| panic!("stopped:\n{}", self.printed.join("\n")));
            self.printed.push(line.clone());
            if matches(&line) {
                return line;
            }
        }
    }

    /// Stops the command and returns all lines.
    async fn stop(mut self) -> Vec<String> {
        let id = Pid::from_raw(self.child.id().unwrap().try_into().unwrap()).unwrap();
        kill_process(id, Signal::TERM).unwrap();
        while let Some(line) = timeout(LINE_TIMEOUT, self.output.next_line()).await.unwrap().unwrap() {
            self.printed.push(line);
        }
        self.printed
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_and_messages_print_one_line_each() {
    let folder = Folder::new();
    let mut dev = Dev::start(&folder.0);
    let api = dev.line(|line| line.starts_with("API ")).await;
    dev.line(|line| line == "ready").await;
    let url = format!("{}/health", api.rsplit(' ').next().unwrap());
    let request = Request::get(url).header("x-correlation-id", CORRELATION_ID);
    assert_eq!(send(request.body(Full::<Bytes>::default()).unwrap()).await.status, 200);
    let request = dev.line(|line| line.contains(CORRELATION_ID)).await;
    // The registration of the sample accounts sends e-mails.
    let message = dev.line(|line| line.contains("queue-emails") && line.contains(" message ")).await;
    let printed = dev.stop().await;

    let columns: Vec<_> = request.split_whitespace().collect();
    assert_eq!(columns[1..5], ["api-meta", "GET", "/health", "200"], "{request}");
    assert_eq!(columns[6..], ["ms", CORRELATION_ID], "{request}");
    let columns: Vec<_> = message.split_whitespace().collect();
    assert_eq!((columns[1], columns[2], columns[4]), ("queue-emails", "message", "done"), "{message}");
    for id in [CORRELATION_ID, columns[3]] {
        assert_eq!(printed.iter().filter(|line| line.contains(id)).count(), 1, "{id}: {printed:#?}");
    }
    let requests = printed.iter().filter(|line| line.contains(" GET "));
    assert_eq!(requests.count(), 1, "requests of the warm-up are printed: {printed:#?}");
    let is_json_or_coloured = |line: &String| line.starts_with('{') || line.contains('\u{1b}');
    assert!(!printed.iter().any(is_json_or_coloured), "{printed:#?}");
}

#[tokio::test]
async fn runner_removes_the_concurrency_of_the_watch_host() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.args(["run-function", "/usr/bin/env"]).env("AWS_LAMBDA_MAX_CONCURRENCY", "1").env("KEPT", "yes");
    let output = String::from_utf8(command.output().await.unwrap().stdout).unwrap();
    assert!(output.contains("KEPT=yes"), "{output}");
    assert!(!output.contains("AWS_LAMBDA_MAX_CONCURRENCY"), "{output}");
}
