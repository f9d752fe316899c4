//! Builder of a stack.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use crate::services::lambda::FunctionHost;
use crate::telemetry::logs::Sink;
use crate::template::Parameters;

/// Ports on the loopback interface. 0 selects any free port.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ports {
    /// HTTP API.
    pub gateway: u16,
    /// DynamoDB.
    pub dynamodb: u16,
    /// SQS.
    pub sqs: u16,
    /// Payment sandbox.
    pub payments: u16,
    /// Mail catcher.
    pub mail: u16,
    /// Bedrock.
    pub bedrock: u16,
    /// Metrics of the functions.
    pub metrics: u16,
}

/// Host of the functions.
pub enum HostChoice {
    /// Built binaries, behind our own Lambda Runtime API.
    Runtime,
    /// `cargo lambda watch`. Requires a state folder for its environment file.
    Watch {
        /// Folder of the workspace.
        workspace: PathBuf,
        /// Port of the tool.
        port: u16,
        /// Folders to search for the tool before those of `PATH`.
        search: Vec<PathBuf>,
    },
    /// Host provided by the caller.
    Custom(Arc<dyn FunctionHost>),
}

/// Builder of a stack. By default, the stack is in memory, uses free ports, and runs the binaries in the
/// folder of the running program.
pub struct StackBuilder {
    pub(super) template: PathBuf,
    pub(super) bin_dir: PathBuf,
    pub(super) state: Option<PathBuf>,
    pub(super) parameters: Parameters,
    pub(super) instances: usize,
    pub(super) schedules: bool,
    pub(super) streams: bool,
    pub(super) ports: Ports,
    pub(super) host: HostChoice,
    pub(super) visibility: Option<Duration>,
    pub(super) max_delay: Option<Duration>,
    pub(super) sink: Sink,
}

impl StackBuilder {
    /// Creates a builder for the template at this path.
    #[must_use]
    pub fn new(template: impl Into<PathBuf>) -> Self {
        Self {
            template: template.into(),
            bin_dir: default_bin_dir(),
            state: None,
            parameters: Parameters::new(),
            instances: 4,
            schedules: true,
            streams: true,
            ports: Ports::default(),
            host: HostChoice::Runtime,
            visibility: None,
            max_delay: None,
            sink: Sink::Memory,
        }
    }

    /// Sets the folder of the built functions, each named by its stem.
    #[must_use]
    pub fn bin_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.bin_dir = folder.into();
        self
    }

    /// Keeps all state in memory. This is the default.
    #[must_use]
    pub fn in_memory(mut self) -> Self {
        self.state = None;
        self
    }

    /// Stores tables, messages, payments, e-mails, secrets and checkpoints in a folder.
    #[must_use]
    pub fn state_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.state = Some(folder.into());
        self
    }

    /// Sets a parameter of the template. Secrets without a value are generated.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.insert(name.into(), value.into());
        self
    }

    /// Sets the maximum number of instances per function. The default is 4.
    #[must_use]
    pub fn instances(mut self, maximum: usize) -> Self {
        self.instances = maximum;
        self
    }

    /// Sets whether schedules run. [`Stack::run_schedule`](super::Stack::run_schedule) works in either case.
    #[must_use]
    pub fn schedules(mut self, on: bool) -> Self {
        self.schedules = on;
        self
    }

    /// Sets whether streams are read. If not, stream records stay unprocessed, as if they had expired.
    #[must_use]
    pub fn streams(mut self, on: bool) -> Self {
        self.streams = on;
        self
    }

    /// Sets the port of the HTTP API.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.ports.gateway = port;
        self
    }

    /// Sets all ports.
    #[must_use]
    pub fn ports(mut self, ports: Ports) -> Self {
        self.ports = ports;
        self
    }

    /// Sets the host of the functions. The default is our own Lambda Runtime API.
    #[must_use]
    pub fn host(mut self, host: HostChoice) -> Self {
        self.host = host;
        self
    }

    /// Overrides the visibility timeout of every queue (at least one second), so that tests do not wait
    /// minutes until a failed message is redelivered.
    #[must_use]
    pub fn visibility_timeout(mut self, timeout: Duration) -> Self {
        self.visibility = Some(timeout.max(Duration::from_secs(1)));
        self
    }

    /// Limits the delays of messages, so that tests do not wait minutes for a retry. The limit is at least
    /// one second.
    #[must_use]
    pub fn max_message_delay(mut self, delay: Duration) -> Self {
        self.max_delay = Some(delay.max(Duration::from_secs(1)));
        self
    }

    /// Sets the destination of the functions' output, in addition to [`Stack::logs`](super::Stack::logs).
    #[must_use]
    pub fn output(mut self, sink: Sink) -> Self {
        self.sink = sink;
        self
    }
}

/// Folder with the build output of the running program, such as `target/debug`. Tests and examples are in
/// subfolders of it.
#[must_use]
pub fn default_bin_dir() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    let folder = program.parent().unwrap_or(Path::new(".")).to_owned();
    match folder.parent() {
        Some(parent) if folder.ends_with("deps") || folder.ends_with("examples") => parent.to_owned(),
        _ => folder,
    }
}
