//! Running stack: everything that the template describes, in this process and its child processes.

mod builder;
mod error;
mod idle;
mod sdk_config;
mod start;
mod test_support;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde_json::Value;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use builder::{HostChoice, Ports, StackBuilder, default_bin_dir};
pub use error::{DeployError, StartError};
pub use idle::NotIdle;
pub use test_support::{BulkLoadError, FailedMessages, ItemChange};

use crate::dev::env_file::Variables;
use crate::faults::Faults;
use crate::services::dynamodb::Database;
use crate::services::event_sources::stream::StreamReader;
use crate::services::event_sources::{Invoker, schedule};
use crate::services::iam::IamPolicies;
use crate::services::lambda::{FunctionHost, FunctionStats, Invocation, InvokeError};
use crate::services::ses::MailCatcher;
use crate::services::sqs::{Depth, QueueError, Queues};
use crate::system::clock;
use crate::telemetry::logs::Logs;
use crate::template::{Deployment, Parameters, Template};
use shared::kit::aws::Aws;
use stripe_sandbox::Sandbox;

/// Time for running invocations to end when a stack with a state folder is shut down.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(3);

/// Running stack. Dropping it stops it; [`Stack::shutdown`] stops it gracefully and saves its messages.
pub struct Stack {
    template: Template,
    parameters: Mutex<Parameters>,
    deployment: Deployment,
    addresses: Addresses,
    host: Arc<dyn FunctionHost>,
    invoker: Invoker,
    database: Database,
    queues: Queues,
    streams: Vec<Arc<StreamReader>>,
    payments: Sandbox,
    mail: MailCatcher,
    iam_policies: IamPolicies,
    faults: Faults,
    logs: Logs,
    state: Option<PathBuf>,
    /// Stops the gateway and the event sources.
    intake: CancellationToken,
    sources: JoinSet<()>,
    /// Stops the services that functions use: database, queues, payment sandbox, mail catcher and Bedrock.
    services: CancellationToken,
    servers: JoinSet<()>,
}

/// Addresses of the services of a stack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addresses {
    pub(crate) gateway: SocketAddr,
    pub(crate) dynamodb: SocketAddr,
    pub(crate) sqs: SocketAddr,
    pub(crate) payments: SocketAddr,
    pub(crate) mail: SocketAddr,
    pub(crate) bedrock: SocketAddr,
    pub(crate) metrics: SocketAddr,
}

impl Addresses {
    /// Environment variables with the endpoint URLs for the AWS SDK, without proxies.
    pub(crate) fn endpoints(&self) -> Variables {
        let url = |address| format!("http://{address}");
        Variables::from([
            ("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), url(self.dynamodb)),
            ("AWS_ENDPOINT_URL_SQS".to_owned(), url(self.sqs)),
            ("AWS_ENDPOINT_URL_SESV2".to_owned(), url(self.mail)),
            ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME".to_owned(), url(self.bedrock)),
        ])
    }
}

impl Stack {
    /// Base URL of the HTTP API.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addresses.gateway)
    }

    /// Endpoint of the embedded DynamoDB, not affected by fault rules.
    #[must_use]
    pub fn dynamodb_endpoint(&self) -> String {
        format!("http://{}", self.addresses.dynamodb)
    }

    /// Endpoint of the embedded SQS, not affected by fault rules.
    #[must_use]
    pub fn sqs_endpoint(&self) -> String {
        format!("http://{}", self.addresses.sqs)
    }

    /// Base URL of the payment sandbox, not affected by the proxies' fault rules.
    #[must_use]
    pub fn payments_endpoint(&self) -> String {
        format!("http://{}", self.addresses.payments)
    }

    /// Base URL of the mail catcher, not affected by the proxies' fault rules.
    #[must_use]
    pub fn mail_endpoint(&self) -> String {
        format!("http://{}", self.addresses.mail)
    }

    /// URL of the functions' metrics for Prometheus.
    #[must_use]
    pub fn metrics_endpoint(&self) -> String {
        format!("http://{}/metrics", self.addresses.metrics)
    }

    /// Clients of the embedded services, not affected by fault rules.
    #[must_use]
    pub fn aws(&self) -> Aws {
        Aws::new(sdk_config::of(self.addresses))
    }

    /// Values of the template's parameters.
    #[must_use]
    pub fn parameters(&self) -> Parameters {
        self.parameters.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Resolves the template with changed parameters, without deploying it.
    ///
    /// # Errors
    /// [`DeployError::Parameters`] if the template rejects them.
    pub fn plan(&self, changed: &Parameters) -> Result<Deployment, DeployError> {
        let mut parameters = self.parameters();
        parameters.extend(changed.clone());
        Ok(self.template.resolve(&parameters, &self.sqs_endpoint())?)
    }

    /// Deploys changed parameters to the functions without interrupting them, as `sam deploy` does. Other
    /// resources are not changed.
    ///
    /// # Errors
    /// [`DeployError`] if the parameters are invalid, or the functions cannot be updated.
    pub async fn deploy(&self, changed: &Parameters) -> Result<(), DeployError> {
        let deployment = self.plan(changed)?;
        if let Some(folder) = &self.state {
            start::write_environment(folder, &deployment, self.addresses)?;
        }
        self.host.deploy(&deployment.functions).await?;
        self.parameters.lock().unwrap_or_else(PoisonError::into_inner).extend(changed.clone());
        Ok(())
    }

    /// Deployment with which the stack was started.
    #[must_use]
    pub fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    /// URL of the queue with this logical id.
    #[must_use]
    pub fn queue_url(&self, logical_id: &str) -> Option<String> {
        self.deployment.queue(logical_id).map(|queue| self.queues.url(&queue.name))
    }

    /// Name of the table with this logical id.
    #[must_use]
    pub fn table_name(&self, logical_id: &str) -> Option<&str> {
        self.deployment.table(logical_id).map(|table| table.name.as_str())
    }

    /// The payment sandbox.
    #[must_use]
    pub fn payments(&self) -> &Sandbox {
        &self.payments
    }

    /// The mail catcher.
    #[must_use]
    pub fn mail(&self) -> &MailCatcher {
        &self.mail
    }

    /// IAM policies of the functions, with the grants that were used.
    #[must_use]
    pub fn iam_policies(&self) -> &IamPolicies {
        &self.iam_policies
    }

    /// Fault rules, and the recorded calls of the functions.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Output of the functions.
    #[must_use]
    pub fn logs(&self) -> &Logs {
        &self.logs
    }

    /// Host of the functions.
    #[must_use]
    pub fn host(&self) -> &Arc<dyn FunctionHost> {
        &self.host
    }

    /// Counters of the functions, by stem.
    #[must_use]
    pub fn stats(&self) -> BTreeMap<String, FunctionStats> {
        self.host.stats()
    }

    /// Invokes a function directly and waits for its response.
    ///
    /// # Errors
    /// [`InvokeError`] if the invocation fails.
    pub async fn invoke(&self, function: &str, event: &Value) -> Result<Value, InvokeError> {
        let response = self.host.invoke(function, Invocation::new(event.to_string())).await?;
        if response.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_slice(&response)?) }
    }

    /// Invokes a function with the event of its schedule.
    ///
    /// # Errors
    /// [`InvokeError::Unknown`] if the function has no schedule, or another variant if the invocation fails.
    pub async fn run_schedule(&self, function: &str) -> Result<Value, InvokeError> {
        let event =
            self.scheduled_event(function).ok_or_else(|| InvokeError::Unknown(function.to_owned()))?;
        self.invoke(function, &event).await
    }

    /// Event that a function's schedule would send now.
    #[must_use]
    pub fn scheduled_event(&self, function: &str) -> Option<Value> {
        let found = self.deployment.function(function)?;
        Some(schedule::event(found.schedules.first()?, &found.stem, clock::now()))
    }

    /// Kills every instance of a function, waits until their processes have exited, and returns their number.
    pub async fn kill(&self, function: &str) -> usize {
        self.host.kill(function).await
    }

    /// Number of messages in the queue with this logical id.
    ///
    /// # Errors
    /// [`QueueError`] if the emulator does not respond.
    pub async fn queue_depth(&self, logical_id: &str) -> Result<Option<Depth>, QueueError> {
        match self.deployment.queue(logical_id) {
            Some(queue) => Ok(Some(self.queues.depth(&queue.name).await?)),
            None => Ok(None),
        }
    }

    /// Makes every message that is in flight visible again, as if its visibility timeout had expired,
    /// including messages that are being processed. Returns their number.
    pub async fn redeliver(&self) -> usize {
        self.queues.redeliver().await
    }

    /// Waits until all queues are empty, all stream records are processed, and no invocation is running.
    ///
    /// # Errors
    /// [`NotIdle`] with the remaining work when `limit` has passed.
    pub async fn idle(&self, limit: Duration) -> Result<(), NotIdle> {
        idle::wait(self, limit).await
    }

    /// Stops everything. A stack with a state folder first waits for running invocations, then saves the
    /// messages of the queues.
    ///
    /// # Errors
    /// [`QueueError`] if the messages cannot be saved. Everything is stopped in any case.
    pub async fn shutdown(mut self) -> Result<(), QueueError> {
        self.intake.cancel();
        if self.state.is_some() {
            tokio::select! {
                () = async { while self.sources.join_next().await.is_some() {} } => {}
                () = clock::sleep(SHUTDOWN_GRACE) => {}
            }
        }
        self.host.shutdown().await;
        while self.sources.join_next().await.is_some() {}
        let saved = match &self.state {
            Some(folder) => self.queues.save(&start::messages_file(folder)).await.map(|_| ()),
            None => Ok(()),
        };
        self.services.cancel();
        // Open connections of clients must not delay the shutdown.
        tokio::select! {
            () = async { while self.servers.join_next().await.is_some() {} } => {}
            () = clock::sleep(Duration::from_millis(200)) => {}
        }
        saved
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.intake.cancel();
        self.services.cancel();
    }
}
