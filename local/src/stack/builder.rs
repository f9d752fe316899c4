//! How a stack is set up.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use super::{Stack, StartError};
use crate::services::lambda::FunctionHost;
use crate::stack::start;
use crate::telemetry::logs::Sink;
use crate::template::Parameters;

/// Ports on the loopback interface; 0 is any free one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ports {
    /// The HTTP API.
    pub gateway: u16,
    /// DynamoDB.
    pub dynamodb: u16,
    /// SQS.
    pub sqs: u16,
    /// The payment sandbox.
    pub payments: u16,
    /// The postbox.
    pub mail: u16,
    /// The functions' metrics.
    pub metrics: u16,
}

/// Where functions run.
pub enum HostChoice {
    /// Built binaries behind our own Runtime API.
    Runtime,
    /// `cargo lambda watch`; needs a state folder for its environment file.
    Watch {
        /// The workspace's folder.
        workspace: PathBuf,
        /// Port of the tool.
        port: u16,
        /// Folders in which the tool may be, besides those of `PATH`.
        search: Vec<PathBuf>,
    },
    /// A host of one's own.
    Custom(Arc<dyn FunctionHost>),
}

/// Sets up a stack. Without further calls it lives in memory, on free ports, with binaries from the folder that the
/// running program was built into.
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
    pub(super) sink: Sink,
}

impl StackBuilder {
    /// A stack for the template at this path.
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
            sink: Sink::Memory,
        }
    }

    /// Folder of the built functions, each named by its stem.
    #[must_use]
    pub fn bin_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.bin_dir = folder.into();
        self
    }

    /// Keeps nothing beyond the process. The default.
    #[must_use]
    pub fn in_memory(mut self) -> Self {
        self.state = None;
        self
    }

    /// Keeps tables, messages, payments, e-mails, secrets and checkpoints in a folder.
    #[must_use]
    pub fn state_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.state = Some(folder.into());
        self
    }

    /// A value for a parameter of the template. Secrets without a value are generated.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.insert(name.into(), value.into());
        self
    }

    /// Most instances of one function; 4 if not given.
    #[must_use]
    pub fn instances(mut self, most: usize) -> Self {
        self.instances = most;
        self
    }

    /// Whether schedules run by themselves; they can always be run by hand.
    #[must_use]
    pub fn schedules(mut self, on: bool) -> Self {
        self.schedules = on;
        self
    }

    /// Whether streams are read. A table whose stream nobody reads is one whose records have all lapsed unread.
    #[must_use]
    pub fn streams(mut self, on: bool) -> Self {
        self.streams = on;
        self
    }

    /// Port of the HTTP API.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.ports.gateway = port;
        self
    }

    /// All ports.
    #[must_use]
    pub fn ports(mut self, ports: Ports) -> Self {
        self.ports = ports;
        self
    }

    /// Where functions run; behind our own Runtime API if not given.
    #[must_use]
    pub fn host(mut self, host: HostChoice) -> Self {
        self.host = host;
        self
    }

    /// Replaces the visibility time-out of every queue, in whole seconds: a test does not wait for three minutes until
    /// a failed message comes back.
    #[must_use]
    pub fn visibility_timeout(mut self, timeout: Duration) -> Self {
        self.visibility = Some(timeout.max(Duration::from_secs(1)));
        self
    }

    /// Where the functions' output goes besides [`Stack::logs`].
    #[must_use]
    pub fn output(mut self, sink: Sink) -> Self {
        self.sink = sink;
        self
    }

    /// Starts the stack. Functions start when they are first invoked.
    ///
    /// # Errors
    /// [`StartError`] with what does not start, in one line.
    pub async fn start(self) -> Result<Stack, StartError> {
        start::start(self).await
    }
}

/// The folder that the running program was built into: `target/debug`, also for a test, which lies in `deps` below it.
#[must_use]
pub fn default_bin_dir() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    let folder = program.parent().unwrap_or(Path::new(".")).to_owned();
    match folder.parent() {
        Some(parent) if folder.ends_with("deps") || folder.ends_with("examples") => parent.to_owned(),
        _ => folder,
    }
}

/// The file in which messages are kept.
pub(super) fn messages(state: &Path) -> PathBuf {
    state.join("messages.json")
}
