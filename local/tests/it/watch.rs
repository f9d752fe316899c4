use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt};

use futures::future::{join, join_all};
use local::services::lambda::{FunctionHost, Invocation, WatchHost, WatchSettings};
use local::telemetry::logs::{Logs, Sink};

use super::Folder;

/// Stands in for `cargo lambda`: answers every invocation with the environment that it read when it was started.
const TOOL: &str = r#"#!/usr/bin/env python3
import http.server, json, sys
arguments = dict(zip(sys.argv, sys.argv[1:]))
text = open(arguments["--env-file"]).read().strip()
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        answer = json.dumps(text).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(arguments["--invoke-port"])), Handler).serve_forever()
"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_tool_is_started_again_with_the_new_environment_and_turns_nobody_away() {
    let folder = Folder::new();
    let tool = folder.0.join("cargo-lambda");
    fs::write(&tool, TOOL).unwrap();
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
    let env_file = folder.0.join("env");
    fs::write(&env_file, "KEY='old'").unwrap();
    let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let settings = WatchSettings {
        workspace: folder.0.clone(),
        port,
        env_file: env_file.clone(),
        search: vec![folder.0.clone()],
        functions: vec!["api-probe".to_owned()],
        logs: Logs::new(Sink::Memory),
    };
    let host = WatchHost::start(settings).await.unwrap();
    let invoke = async || host.invoke("api-probe", Invocation::new("{}")).await.unwrap();
    assert_eq!(invoke().await, "\"KEY='old'\"");
    fs::write(&env_file, "KEY='new'").unwrap();
    let (deployed, answers) = join(host.deploy(&[]), join_all((0..20).map(|_| invoke()))).await;
    deployed.unwrap();
    assert_eq!(answers.len(), 20);
    assert_eq!(invoke().await, "\"KEY='new'\"");
    host.shutdown().await;
}
