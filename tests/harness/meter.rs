//! What reading costs: the read units that the table says it took, request by request.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeSerializationInterceptorContextMut,
};
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Builder, ConfigBag, Credentials, Intercept, Region, RuntimeComponents,
};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::batch_get_item::{BatchGetItemInput, BatchGetItemOutput};
use aws_sdk_dynamodb::operation::query::{QueryInput, QueryOutput};
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use shared::dynamodb::Table;

use crate::TestTable;

/// A read that was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// `Query` or `BatchGetItem`.
    pub operation: &'static str,
    /// How many items were sent.
    pub items: usize,
    /// How many read units it took.
    pub units: f64,
}

/// Writes down what every read cost.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<Mutex<Vec<Read>>>);

impl Meter {
    /// The reads since this was last asked.
    #[must_use]
    pub fn reads(&self) -> Vec<Read> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Begins anew.
    pub fn restart(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The operations of the reads since this was last asked, in the order of the alphabet.
    #[must_use]
    pub fn operations(&self) -> Vec<&'static str> {
        let mut operations: Vec<&str> = self.reads().into_iter().map(|read| read.operation).collect();
        operations.sort_unstable();
        operations
    }

    /// The same table, with this meter on what is read of it.
    #[must_use]
    pub fn on(&self, table: &TestTable) -> Table {
        let client = config(&table.stack().dynamodb_endpoint()).interceptor(self.clone()).build();
        Table::new(aws_sdk_dynamodb::Client::from_conf(client), &table.name())
    }
}

/// How an embedded service is reached.
#[must_use]
pub fn config(endpoint: &str) -> Builder {
    Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "test"))
        .endpoint_url(endpoint)
}

impl Intercept for Meter {
    fn name(&self) -> &'static str {
        "meter"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let total = Some(ReturnConsumedCapacity::Total);
        if let Some(query) = context.input_mut().downcast_mut::<QueryInput>() {
            query.return_consumed_capacity = total;
        } else if let Some(batch) = context.input_mut().downcast_mut::<BatchGetItemInput>() {
            batch.return_consumed_capacity = total;
        }
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Ok(output) = context.output_or_error() else { return Ok(()) };
        let read = if let Some(query) = output.downcast_ref::<QueryOutput>() {
            let units = query.consumed_capacity().and_then(|used| used.capacity_units).unwrap_or_default();
            Read { operation: "Query", items: query.items().len(), units }
        } else if let Some(batch) = output.downcast_ref::<BatchGetItemOutput>() {
            let units = batch.consumed_capacity().iter().filter_map(|used| used.capacity_units).sum();
            let items = batch.responses().map_or(0, |tables| tables.values().map(Vec::len).sum());
            Read { operation: "BatchGetItem", items, units }
        } else {
            return Ok(());
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(read);
        Ok(())
    }
}
