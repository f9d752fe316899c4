//! The template's table on a local stack without functions.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use local::services::lambda::{FunctionHost, FunctionStats, Invocation, InvokeError, WatchError};
use local::stack::HostChoice;
use local::template::Function;
use local::{Stack, StackBuilder};
use shared::kit::aws::Aws;
use shared::kit::aws::dynamodb::Table;
use shared::kit::system::config::Environment;

use crate::request_recorder::{RequestRecorder, client};
use crate::workspace;

/// A local stack with embedded services and without functions.
pub struct TestTable {
    stack: Stack,
}

impl TestTable {
    /// Starts a stack with an empty table in memory.
    ///
    /// # Panics
    /// If the local stack does not start.
    pub async fn open() -> Self {
        Self::of_template(workspace("template.yaml")).await
    }

    /// Starts a stack with the empty table of another template.
    ///
    /// # Panics
    /// If the local stack does not start.
    pub async fn of_template(template: PathBuf) -> Self {
        let builder = StackBuilder::new(template)
            .schedules(false)
            .parameter("LoginFailuresPerQuarterHour", "1000")
            .parameter("PaymentGatewayCallsPerSecond", "1000")
            .parameter("EmailsPerSecond", "1000");
        let stack = builder.host(HostChoice::Custom(Arc::new(NoFunctions))).start().await;
        Self { stack: stack.expect("the local stack starts") }
    }

    /// The local stack.
    #[must_use]
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// Environment variables of the function with this logical id.
    ///
    /// # Panics
    /// If the template has no such function.
    #[must_use]
    pub fn environment(&self, function: &str) -> Environment {
        let function = self.stack.deployment().function(function).expect("the template has the function");
        let own = function.environment.iter().map(|(name, value)| (name.clone(), value.clone()));
        let mut variables: BTreeMap<String, String> = own.collect();
        variables.insert("AWS_LAMBDA_FUNCTION_NAME".to_owned(), function.stem.clone());
        Environment::from_iter(variables)
    }

    /// Production clients of the embedded services.
    #[must_use]
    pub fn aws(&self) -> Aws {
        self.stack.aws()
    }

    /// Name of the table.
    ///
    /// # Panics
    /// If the template has no such table.
    #[must_use]
    pub fn name(&self) -> String {
        self.stack.table_name("Table").expect("the template has the table").to_owned()
    }

    /// The table, accessed through the production client.
    ///
    /// # Panics
    /// If the environment does not name the table.
    #[must_use]
    pub fn table(&self) -> Table {
        self.aws().table(&self.environment("api-orders")).expect("the environment names the table")
    }
}

impl TestTable {
    /// Client of the embedded SQS.
    #[must_use]
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        self.aws().sqs()
    }

    /// The table with a recorder of its requests.
    ///
    /// # Panics
    /// If the environment does not name the table.
    #[must_use]
    pub fn with_recorder(&self) -> (Table, RequestRecorder) {
        let requests = RequestRecorder::default();
        let env = self.environment("api-orders");
        let name = env.text("AGORA_TABLE").expect("the environment names the table");
        (Table::new(client(&self.stack.dynamodb_endpoint(), Some(requests.clone())), name), requests)
    }
}

/// Function host without functions.
struct NoFunctions;

impl FunctionHost for NoFunctions {
    fn invoke<'a>(&'a self, function: &'a str, _: Invocation) -> BoxFuture<'a, Result<Bytes, InvokeError>> {
        async move { Err(InvokeError::Unknown(function.to_owned())) }.boxed()
    }

    fn concurrency(&self, _: &str) -> usize {
        1
    }

    fn kill<'a>(&'a self, _: &'a str) -> BoxFuture<'a, usize> {
        async { 0 }.boxed()
    }

    fn deploy<'a>(&'a self, _: &'a [Function]) -> BoxFuture<'a, Result<(), WatchError>> {
        async { Ok(()) }.boxed()
    }

    fn stats(&self) -> BTreeMap<String, FunctionStats> {
        BTreeMap::new()
    }

    fn shutdown(&self) -> BoxFuture<'_, ()> {
        async {}.boxed()
    }
}
