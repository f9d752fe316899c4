//! Host that runs functions under `cargo lambda watch`, which builds them on the first event and rebuilds
//! them when their code changes.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    path::PathBuf,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, header};
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    net::TcpStream,
    process::{Child, Command},
    sync::{Mutex as AsyncMutex, RwLock},
};

use super::{FunctionHost, FunctionStats, Invocation, InvokeError};
use crate::faults::HttpClient;
use crate::services::lambda::kill;
use crate::system::clock;
use crate::telemetry::logs::Logs;
use crate::template::Function;

/// Settings of a [`WatchHost`].
#[derive(Clone, Debug)]
pub struct WatchSettings {
    /// Folder of the workspace.
    pub workspace: PathBuf,
    /// Port for `--invoke-port`.
    pub port: u16,
    /// File for `--env-file`.
    pub env_file: PathBuf,
    /// Folders to search for `cargo-lambda` before those of `PATH`.
    pub search: Vec<PathBuf>,
    /// Stems of the functions.
    pub functions: Vec<String>,
    /// Destination of the output.
    pub logs: Logs,
}

/// Failure to run `cargo lambda watch`.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The tool is not installed.
    #[error(
        "`cargo lambda` is not installed; get it with `pip install --no-deps cargo-lambda`, or run with `--host runtime`"
    )]
    Missing,
    /// `cargo lambda watch` cannot be started.
    #[error("cannot start `cargo lambda watch`: {0}")]
    Start(#[from] io::Error),
    /// `cargo lambda watch` exited before it listened.
    #[error("`cargo lambda watch` exited before it listened on port {0}")]
    Ended(u16),
}

/// Host with `cargo lambda watch` as a child process.
pub struct WatchHost {
    settings: WatchSettings,
    address: SocketAddr,
    client: HttpClient,
    child: AsyncMutex<Option<Child>>,
    /// Read-locked by invocations, write-locked by a restart.
    gate: RwLock<()>,
    stats: Mutex<BTreeMap<String, FunctionStats>>,
}

impl WatchHost {
    /// Starts the tool and waits until it listens.
    ///
    /// # Errors
    /// [`WatchError::Missing`] if it is not installed, [`WatchError::Ended`] if it exits, for example because
    /// the workspace does not build.
    pub async fn start(settings: WatchSettings) -> Result<Self, WatchError> {
        let address = SocketAddr::from(([127, 0, 0, 1], settings.port));
        let child = launch(&settings, address).await?;
        let client = Client::builder(TokioExecutor::new()).build_http();
        let stats = settings.functions.iter().map(|stem| (stem.clone(), FunctionStats::default())).collect();
        let (child, stats) = (AsyncMutex::new(Some(child)), Mutex::new(stats));
        Ok(Self { settings, address, client, child, gate: RwLock::new(()), stats })
    }

    async fn send(&self, function: &str, invocation: Invocation) -> Result<Bytes, InvokeError> {
        let _guard = self.gate.read().await;
        let uri = format!("http://{}/2015-03-31/functions/{function}/invocations", self.address);
        let request = Request::post(uri)
            .header(header::CONTENT_TYPE, "application/json")
            .header("x-amzn-trace-id", invocation.trace)
            .body(Full::new(invocation.payload))
            .map_err(|_| InvokeError::Unknown(function.to_owned()))?;
        let response = self.client.request(request).await?;
        let status = response.status();
        let payload = response.into_body().collect().await?.to_bytes();
        if status.is_success() {
            return Ok(payload);
        }
        // For an error of a function, the tool returns the function's error report; its own errors have
        // another format.
        let report: Value = serde_json::from_slice(&payload).unwrap_or_default();
        let field = |name: &str| report[name].as_str().map(str::to_owned);
        let error_type = field("errorType").or_else(|| field("title")).unwrap_or_else(|| status.to_string());
        let message = field("errorMessage").or_else(|| field("detail")).unwrap_or_default();
        Err(InvokeError::Function { error_type, message, payload })
    }

    fn update_stats(&self, function: &str, change: impl FnOnce(&mut FunctionStats)) {
        let mut stats = self.stats.lock().unwrap_or_else(PoisonError::into_inner);
        change(stats.entry(function.to_owned()).or_default());
    }
}

impl FunctionHost for WatchHost {
    fn invoke<'a>(
        &'a self,
        function: &'a str,
        invocation: Invocation,
    ) -> BoxFuture<'a, Result<Bytes, InvokeError>> {
        Box::pin(async move {
            self.update_stats(function, |stats| stats.invocations += 1);
            let result = self.send(function, invocation).await;
            if matches!(result, Err(InvokeError::Function { .. })) {
                self.update_stats(function, |stats| stats.errors += 1);
            }
            result
        })
    }

    /// The tool runs one instance of each function.
    fn concurrency(&self, _function: &str) -> usize {
        1
    }

    /// Does nothing: the function processes belong to the tool, which restarts them itself.
    fn kill<'a>(&'a self, _function: &'a str) -> BoxFuture<'a, usize> {
        Box::pin(async { 0 })
    }

    /// Restarts the tool, because it reads its environment only at startup. Invocations wait meanwhile; none
    /// is rejected.
    fn deploy<'a>(&'a self, _functions: &'a [Function]) -> BoxFuture<'a, Result<(), WatchError>> {
        Box::pin(async move {
            let _guard = self.gate.write().await;
            let mut child = self.child.lock().await;
            if let Some(old_child) = child.take() {
                terminate(old_child).await;
                *child = Some(launch(&self.settings, self.address).await?);
            }
            Ok(())
        })
    }

    fn stats(&self) -> BTreeMap<String, FunctionStats> {
        self.stats.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn shutdown(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let child = self.child.lock().await.take();
            if let Some(child) = child {
                terminate(child).await;
            }
        })
    }
}

/// Starts the tool and waits until it listens.
async fn launch(settings: &WatchSettings, address: SocketAddr) -> Result<Child, WatchError> {
    let tool = find_tool(&settings.search).ok_or(WatchError::Missing)?;
    let mut child = Command::new(tool)
        .args(["lambda", "watch", "--invoke-address", "127.0.0.1", "--invoke-port"])
        .arg(settings.port.to_string())
        .arg("--env-file")
        .arg(&settings.env_file)
        .current_dir(&settings.workspace)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    if let Some(output) = child.stdout.take() {
        tokio::spawn(collect(output, settings.logs.clone()));
    }
    if let Some(output) = child.stderr.take() {
        tokio::spawn(collect(output, settings.logs.clone()));
    }
    while TcpStream::connect(address).await.is_err() {
        if child.try_wait()?.is_some() {
            return Err(WatchError::Ended(settings.port));
        }
        clock::sleep(Duration::from_millis(50)).await;
    }
    Ok(child)
}

/// Terminates the tool, so that it terminates its child processes. Kills it if it does not exit.
async fn terminate(mut child: Child) {
    if let Some(id) = child.id() {
        kill::terminate(id);
    }
    tokio::select! {
        _ = child.wait() => {}
        () = clock::sleep(Duration::from_secs(5)) => {
            let _ = child.kill().await;
        }
    }
}

fn find_tool(search: &[PathBuf]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = search.iter().cloned().chain(std::env::split_paths(&path));
    folders.map(|folder| folder.join("cargo-lambda")).find(|tool| tool.is_file())
}

async fn collect(output: impl AsyncRead + Unpin, logs: Logs) {
    let source: Arc<str> = "cargo-lambda".into();
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        logs.record(&source, line);
    }
}
