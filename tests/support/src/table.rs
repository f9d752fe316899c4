//! An embedded table, as the template describes it, with nothing around that reads or writes it.

use std::collections::BTreeMap;
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

use crate::request_recorder::{Requests, client};
use crate::workspace;

/// An embedded table, and a queue service, without any function.
pub struct TestTable {
    stack: Stack,
}

impl TestTable {
    /// An empty table in memory.
    ///
    /// # Panics
    /// If the local stack does not start.
    pub async fn open() -> Self {
        let builder = StackBuilder::new(workspace("template.yaml"))
            .schedules(false)
            .parameter("LoginFailuresPerQuarterHour", "1000");
        let stack = builder.host(HostChoice::Custom(Arc::new(NoFunctions))).start().await;
        Self { stack: stack.expect("the local stack starts") }
    }

    /// The stack that the table belongs to.
    #[must_use]
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// The variables of the function with this logical id, as it would be started with.
    ///
    /// # Panics
    /// If the template has no such function.
    #[must_use]
    pub fn environment(&self, function: &str) -> Environment {
        let function = self.stack.deployment().function(function).expect("the template has the function");
        let own = function.environment.iter().map(|(name, value)| (name.clone(), value.clone()));
        let mut variables: BTreeMap<String, String> = own.collect();
        let given = [
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
            ("AWS_LAMBDA_FUNCTION_NAME", function.stem.as_str()),
        ];
        variables.extend(given.map(|(name, value)| (name.to_owned(), value.to_owned())));
        variables.insert("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), self.stack.dynamodb_endpoint());
        variables.insert("AWS_ENDPOINT_URL_SQS".to_owned(), self.stack.sqs_endpoint());
        variables.insert("AWS_ENDPOINT_URL_SESV2".to_owned(), self.stack.mail_endpoint());
        Environment::from_iter(variables)
    }

    /// The table's name.
    ///
    /// # Panics
    /// If the template has no such table.
    #[must_use]
    pub fn name(&self) -> String {
        self.stack.table_name("Table").expect("the template has the table").to_owned()
    }

    /// The table, through the real client.
    ///
    /// # Panics
    /// If the environment is not complete.
    #[must_use]
    pub fn table(&self) -> Table {
        let env = self.environment("api-orders");
        Aws::from_env(&env).and_then(|aws| aws.table(&env)).expect("the environment is complete")
    }
}

impl TestTable {
    /// The table, each request to which is written down.
    ///
    /// # Panics
    /// If the environment does not name the table.
    #[must_use]
    pub fn with_recorder(&self) -> (Table, Requests) {
        let requests = Requests::default();
        let env = self.environment("api-orders");
        let name = env.text("AGORA_TABLE").expect("the environment names the table");
        (Table::new(client(&self.stack.dynamodb_endpoint(), Some(requests.clone())), name), requests)
    }
}

/// No function runs.
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
