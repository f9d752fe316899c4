//! Runs built binaries behind our own Lambda Runtime API, as AWS does. Each function has a pool of instances,
//! which are started on demand and kept warm. An instance processes one event at a time and is killed when it
//! exceeds its timeout.

mod api;
mod instance;
mod invocation;
mod pool;
mod process;

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
};

use bytes::Bytes;
use futures::future::{BoxFuture, join_all};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tokio_util::sync::CancellationToken;

use super::{FunctionHost, FunctionStats, Invocation, InvokeError, WatchError};
use crate::faults::{Faults, Service, Tls};
use crate::services::iam::IamPolicies;
use crate::telemetry::logs::Logs;
use crate::template::Function;

use pool::Pool;

/// Service that instances call through a proxy of their own.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// Proxied service.
    pub service: Service,
    /// Address of the service.
    pub address: SocketAddr,
    /// Environment variable with the base URL of the service.
    pub variable: &'static str,
    /// True if every function gets the variable, false if only those that have it in the template do.
    pub always: bool,
}

/// Settings of a [`RuntimeHost`].
#[derive(Clone, Debug)]
pub struct RuntimeSettings {
    /// Folder of the built binaries, each named by its stem.
    pub bin_dir: PathBuf,
    /// Maximum number of instances per function.
    pub instances: usize,
    /// Services that instances call through proxies.
    pub upstreams: Vec<Upstream>,
    /// IAM policies of the functions.
    pub policies: IamPolicies,
    /// Fault rules and recorded calls.
    pub faults: Faults,
    /// TLS for the proxies, if enabled.
    pub tls: Option<Tls>,
    /// Destination of the functions' output.
    pub logs: Logs,
}

/// Host that runs functions behind our own Lambda Runtime API.
pub struct RuntimeHost {
    pools: HashMap<String, Arc<Pool>>,
    stop: CancellationToken,
}

impl RuntimeHost {
    /// Creates a host for these functions. Instances are started by invocations.
    #[must_use]
    pub fn new(functions: &[Function], settings: RuntimeSettings) -> Self {
        let stop = CancellationToken::new();
        let settings = Arc::new(settings);
        let client = Client::builder(TokioExecutor::new()).build_http();
        let pool = |function: &Function| {
            let pool = Pool::new(
                function.clone(),
                Arc::clone(&settings),
                client.clone(),
                process::launch,
                stop.clone(),
            );
            (function.stem.clone(), Arc::new(pool))
        };
        Self { pools: functions.iter().map(pool).collect(), stop }
    }

    /// Process ids of a function's instances.
    #[must_use]
    pub fn processes(&self, function: &str) -> Vec<u32> {
        self.pools.get(function).map(|pool| pool.processes()).unwrap_or_default()
    }

    fn pool(&self, function: &str) -> Result<&Arc<Pool>, InvokeError> {
        self.pools.get(function).ok_or_else(|| InvokeError::Unknown(function.to_owned()))
    }
}

impl FunctionHost for RuntimeHost {
    fn invoke<'a>(
        &'a self,
        function: &'a str,
        invocation: Invocation,
    ) -> BoxFuture<'a, Result<Bytes, InvokeError>> {
        Box::pin(async move { self.pool(function)?.invoke(invocation).await })
    }

    fn concurrency(&self, function: &str) -> usize {
        self.pools.get(function).map_or(1, |pool| pool.limit())
    }

    fn kill<'a>(&'a self, function: &'a str) -> BoxFuture<'a, usize> {
        Box::pin(async move {
            match self.pools.get(function) {
                Some(pool) => pool.kill().await,
                None => 0,
            }
        })
    }

    fn deploy<'a>(&'a self, functions: &'a [Function]) -> BoxFuture<'a, Result<(), WatchError>> {
        Box::pin(async move {
            for function in functions {
                if let Some(pool) = self.pools.get(&function.stem) {
                    pool.deploy(&function.environment).await;
                }
            }
            Ok(())
        })
    }

    fn stats(&self) -> BTreeMap<String, FunctionStats> {
        self.pools.iter().map(|(stem, pool)| (stem.clone(), pool.stats())).collect()
    }

    fn shutdown(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.stop.cancel();
            join_all(self.pools.values().map(|pool| pool.shut_down())).await;
        })
    }
}

impl Drop for RuntimeHost {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
