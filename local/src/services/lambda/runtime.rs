//! Runs built binaries behind our own Lambda Runtime API, as AWS does: a pool of instances for each function, started
//! on demand and kept warm, each working on one event at a time and killed when it takes too long.

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

use super::{FunctionHost, FunctionStats, Invocation, InvokeError, WatchError};
use crate::faults::{Faults, Service, Tls};
use crate::services::iam::IamPolicies;
use crate::system::shutdown::Shutdown;
use crate::telemetry::logs::Logs;
use crate::template::Function;

use pool::Pool;

/// A service that instances reach through a proxy of their own.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// Which service.
    pub service: Service,
    /// Where it listens.
    pub address: SocketAddr,
    /// The environment variable that tells a function the service's base URL.
    pub variable: &'static str,
    /// Whether every function gets the variable, or only those that have it in the template.
    pub always: bool,
}

/// How functions are run.
#[derive(Clone, Debug)]
pub struct RuntimeSettings {
    /// Folder of the built binaries, each named by its stem.
    pub bin_dir: PathBuf,
    /// Most instances of one function.
    pub instances: usize,
    /// What instances reach through proxies.
    pub upstreams: Vec<Upstream>,
    /// What functions are granted.
    pub access: IamPolicies,
    /// Faults, and the record of calls.
    pub faults: Faults,
    /// TLS for the services that are reached through proxies, if they are to have it.
    pub tls: Option<Tls>,
    /// Where output goes.
    pub logs: Logs,
}

/// Our own Lambda.
pub struct RuntimeHost {
    pools: HashMap<String, Arc<Pool>>,
    stop: Shutdown,
}

impl RuntimeHost {
    /// A host for these functions. Nothing is started before it is invoked.
    #[must_use]
    pub fn new(functions: &[Function], settings: RuntimeSettings) -> Self {
        let stop = Shutdown::new();
        let settings = Arc::new(settings);
        let client = Client::builder(TokioExecutor::new()).build_http();
        let pool = |function: &Function| {
            let pool = Pool::new(function.clone(), Arc::clone(&settings), client.clone(), stop.clone());
            (function.stem.clone(), Arc::new(pool))
        };
        Self { pools: functions.iter().map(pool).collect(), stop }
    }

    /// The processes of a function's instances, by the ids that the operating system gave them.
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
            self.stop.trigger();
            join_all(self.pools.values().map(|pool| pool.leave())).await;
        })
    }
}

impl Drop for RuntimeHost {
    fn drop(&mut self) {
        self.stop.trigger();
    }
}
