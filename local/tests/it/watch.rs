use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt};

use futures::future::{join, join_all};
use local::services::lambda::{FunctionHost, Invocation, WatchHost, WatchSettings};
use local::telemetry::logs::{Logs, Sink};

use super::Folder;

/// Replacement for `cargo lambda`: returns the environment that it read at startup for every invocation.
const TOOL: &str = r#"#!/usr/bin/env python3
import http.server, json, sys
arguments = dict(zip(sys.argv, sys.argv[1:]))
text = open(arguments["--env-file"]).read().strip()
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        body = json.dumps(text).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(arguments["--invoke-port"])), Handler).serve_forever()
"#;

#[tokio::test(flavor = "multi_thread")]
async fn deploy_restarts_the_tool_without_failed_invocations() {
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
    let (deployed, results) = join(host.deploy(&[]), join_all((0..20).map(|_| invoke()))).await;
    deployed.unwrap();
    assert_eq!(results.len(), 20);
    assert_eq!(invoke().await, "\"KEY='new'\"");
    host.shutdown().await;
}
