//! A running stack: everything that the template describes, in this process and its children.

mod builder;
mod error;
mod idle;
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

pub use builder::{HostChoice, Ports, StackBuilder, default_bin_dir};
pub use error::{DeployError, StartError};
pub use idle::NotIdle;
pub use test_support::{FailedMessages, FillError, ItemChange};

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
use crate::system::shutdown::Shutdown;
use crate::telemetry::logs::Logs;
use crate::template::{Deployment, Parameters, Template};
use stripe_sandbox::Sandbox;

/// How long invocations may go on when a stack that keeps its state stops.
const GRACE: Duration = Duration::from_secs(3);

/// A running stack. It stops when it is dropped; [`Stack::shutdown`] stops it in order and keeps what can be kept.
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
    access: IamPolicies,
    faults: Faults,
    logs: Logs,
    state: Option<PathBuf>,
    /// Ends what brings work in: the gateway and the event sources.
    intake: Shutdown,
    sources: JoinSet<()>,
    /// Ends what functions need: the database, the queues, the payment sandbox, the postbox.
    services: Shutdown,
    servers: JoinSet<()>,
}

/// Where the services of a stack listen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addresses {
    pub(crate) gateway: SocketAddr,
    pub(crate) dynamodb: SocketAddr,
    pub(crate) sqs: SocketAddr,
    pub(crate) payments: SocketAddr,
    pub(crate) mail: SocketAddr,
    pub(crate) metrics: SocketAddr,
}

impl Addresses {
    /// The variables that tell an SDK where the services are, if nothing stands between.
    pub(crate) fn endpoints(&self) -> Variables {
        let url = |address| format!("http://{address}");
        Variables::from([
            ("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), url(self.dynamodb)),
            ("AWS_ENDPOINT_URL_SQS".to_owned(), url(self.sqs)),
            ("AWS_ENDPOINT_URL_SESV2".to_owned(), url(self.mail)),
        ])
    }
}

impl Stack {
    /// Base URL of the HTTP API.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addresses.gateway)
    }

    /// Endpoint of the embedded DynamoDB, without any fault in between.
    #[must_use]
    pub fn dynamodb_endpoint(&self) -> String {
        format!("http://{}", self.addresses.dynamodb)
    }

    /// Endpoint of the embedded SQS, without any fault in between.
    #[must_use]
    pub fn sqs_endpoint(&self) -> String {
        format!("http://{}", self.addresses.sqs)
    }

    /// Base URL of the payment sandbox, without any fault in between.
    #[must_use]
    pub fn payments_endpoint(&self) -> String {
        format!("http://{}", self.addresses.payments)
    }

    /// Base URL of the postbox, where e-mails arrive, without any fault in between.
    #[must_use]
    pub fn mail_endpoint(&self) -> String {
        format!("http://{}", self.addresses.mail)
    }

    /// Where Prometheus finds what the functions count.
    #[must_use]
    pub fn metrics_endpoint(&self) -> String {
        format!("http://{}/metrics", self.addresses.metrics)
    }

    /// The values of the template's parameters.
    #[must_use]
    pub fn parameters(&self) -> Parameters {
        self.parameters.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What the template describes with other values for some parameters.
    ///
    /// # Errors
    /// [`DeployError::Parameters`] if the template refuses them.
    pub fn plan(&self, changed: &Parameters) -> Result<Deployment, DeployError> {
        let mut parameters = self.parameters();
        parameters.extend(changed.clone());
        Ok(self.template.resolve(&parameters, &self.sqs_endpoint())?)
    }

    /// Gives the functions other values for some parameters while they go on serving, as `sam deploy` does. What is no
    /// function stays as it was started.
    ///
    /// # Errors
    /// [`DeployError`] with what fails.
    pub async fn deploy(&self, changed: &Parameters) -> Result<(), DeployError> {
        let deployment = self.plan(changed)?;
        if let Some(folder) = &self.state {
            start::write_environment(folder, &deployment, self.addresses)?;
        }
        self.host.deploy(&deployment.functions).await?;
        self.parameters.lock().unwrap_or_else(PoisonError::into_inner).extend(changed.clone());
        Ok(())
    }

    /// What the template describes, as it was when the stack was started.
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

    /// The postbox: every e-mail that was sent.
    #[must_use]
    pub fn mail(&self) -> &MailCatcher {
        &self.mail
    }

    /// What the functions' policies grant them, and what of it they have used.
    #[must_use]
    pub fn access(&self) -> &IamPolicies {
        &self.access
    }

    /// Faults to inject, and the record of what the functions called.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The functions' output.
    #[must_use]
    pub fn logs(&self) -> &Logs {
        &self.logs
    }

    /// Where the functions run.
    #[must_use]
    pub fn host(&self) -> &Arc<dyn FunctionHost> {
        &self.host
    }

    /// What happened to the functions so far, by stem.
    #[must_use]
    pub fn stats(&self) -> BTreeMap<String, FunctionStats> {
        self.host.stats()
    }

    /// Invokes a function directly and waits for its answer.
    ///
    /// # Errors
    /// [`InvokeError`] if it has none.
    pub async fn invoke(&self, function: &str, event: &Value) -> Result<Value, InvokeError> {
        let answer = self.host.invoke(function, Invocation::new(event.to_string())).await?;
        if answer.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_slice(&answer)?) }
    }

    /// Invokes a function with the event that its schedule would send now.
    ///
    /// # Errors
    /// [`InvokeError::Unknown`] if the function has no schedule, and whatever the invocation ends in.
    pub async fn run_schedule(&self, function: &str) -> Result<Value, InvokeError> {
        let event = self.scheduled(function).ok_or_else(|| InvokeError::Unknown(function.to_owned()))?;
        self.invoke(function, &event).await
    }

    /// The event that a function's schedule would send now.
    #[must_use]
    pub fn scheduled(&self, function: &str) -> Option<Value> {
        let found = self.deployment.function(function)?;
        Some(schedule::event(found.schedules.first()?, &found.stem, clock::now()))
    }

    /// Kills every instance of a function and waits until they are gone; says how many there were.
    pub async fn kill(&self, function: &str) -> usize {
        self.host.kill(function).await
    }

    /// How many messages the queue with this logical id holds.
    ///
    /// # Errors
    /// [`QueueError`] if the emulator does not answer.
    pub async fn queue_depth(&self, logical_id: &str) -> Result<Option<Depth>, QueueError> {
        match self.deployment.queue(logical_id) {
            Some(queue) => Ok(Some(self.queues.depth(&queue.name).await?)),
            None => Ok(None),
        }
    }

    /// Makes every message that failed, was put off or is being worked on visible again, as if its visibility
    /// time-out had passed; says how many there were.
    pub async fn redeliver(&self) -> usize {
        self.queues.redeliver().await
    }

    /// Waits until no queue holds a message, no stream an unread record, and nothing moves any more.
    ///
    /// # Errors
    /// [`NotIdle`] with what is left when `limit` has passed.
    pub async fn idle(&self, limit: Duration) -> Result<(), NotIdle> {
        idle::wait(self, limit).await
    }

    /// Stops everything. A stack with a state folder first lets invocations end and then keeps the queues' messages.
    ///
    /// # Errors
    /// [`QueueError`] if messages cannot be kept; everything is stopped all the same.
    pub async fn shutdown(mut self) -> Result<(), QueueError> {
        self.intake.trigger();
        if self.state.is_some() {
            tokio::select! {
                () = async { while self.sources.join_next().await.is_some() {} } => {}
                () = clock::sleep(GRACE) => {}
            }
        }
        self.host.shutdown().await;
        while self.sources.join_next().await.is_some() {}
        let saved = match &self.state {
            Some(folder) => self.queues.save(&builder::messages(folder)).await.map(|_| ()),
            None => Ok(()),
        };
        self.services.trigger();
        // A client that keeps its connection open must not keep the stack alive.
        tokio::select! {
            () = async { while self.servers.join_next().await.is_some() {} } => {}
            () = clock::sleep(Duration::from_millis(200)) => {}
        }
        saved
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.intake.trigger();
        self.services.trigger();
    }
}
