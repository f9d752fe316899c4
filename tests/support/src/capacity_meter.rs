//! Recorder of the capacity units that requests to the table consume.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeSerializationInterceptorContextMut,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::batch_get_item::{BatchGetItemInput, BatchGetItemOutput};
use aws_sdk_dynamodb::operation::batch_write_item::{BatchWriteItemInput, BatchWriteItemOutput};
use aws_sdk_dynamodb::operation::query::{QueryInput, QueryOutput};
use aws_sdk_dynamodb::operation::transact_write_items::{TransactWriteItemsInput, TransactWriteItemsOutput};
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use shared::kit::aws::dynamodb::Table;

use crate::TestTable;
use crate::sdk_config::config;

/// A successful request.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// `Query`, `BatchGetItem`, `BatchWriteItem` or `TransactWriteItems`.
    pub operation: &'static str,
    /// Number of returned items.
    pub items: usize,
    /// Consumed read units.
    pub units: f64,
    /// Consumed write units, of the table and its indexes.
    pub write_units: f64,
}

/// Records the units of each request.
#[derive(Debug, Clone, Default)]
pub struct CapacityMeter(Arc<Mutex<Vec<Request>>>);

impl CapacityMeter {
    /// Requests since the last call.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Discards the recorded requests.
    pub fn restart(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Operations of the requests since the last call, in alphabetical order.
    #[must_use]
    pub fn operations(&self) -> Vec<&'static str> {
        let mut operations: Vec<&str> =
            self.requests().into_iter().map(|request| request.operation).collect();
        operations.sort_unstable();
        operations
    }

    /// The table, accessed through a client with this meter.
    #[must_use]
    pub fn on(&self, table: &TestTable) -> Table {
        let client = config(&table.stack().dynamodb_endpoint()).interceptor(self.clone()).build();
        Table::new(aws_sdk_dynamodb::Client::from_conf(client), &table.name())
    }
}

impl Intercept for CapacityMeter {
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
        } else if let Some(batch) = context.input_mut().downcast_mut::<BatchWriteItemInput>() {
            batch.return_consumed_capacity = total;
        } else if let Some(transaction) = context.input_mut().downcast_mut::<TransactWriteItemsInput>() {
            transaction.return_consumed_capacity = total;
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
        let request = if let Some(query) = output.downcast_ref::<QueryOutput>() {
            let units = query.consumed_capacity().and_then(|used| used.capacity_units).unwrap_or_default();
            Request { operation: "Query", items: query.items().len(), units, write_units: 0.0 }
        } else if let Some(batch) = output.downcast_ref::<BatchGetItemOutput>() {
            let units = batch.consumed_capacity().iter().filter_map(|used| used.capacity_units).sum();
            let items = batch.responses().map_or(0, |tables| tables.values().map(Vec::len).sum());
            Request { operation: "BatchGetItem", items, units, write_units: 0.0 }
        } else if let Some(batch) = output.downcast_ref::<BatchWriteItemOutput>() {
            let write_units = batch.consumed_capacity().iter().filter_map(|used| used.capacity_units).sum();
            Request { operation: "BatchWriteItem", items: 0, units: 0.0, write_units }
        } else if let Some(transaction) = output.downcast_ref::<TransactWriteItemsOutput>() {
            let write_units =
                transaction.consumed_capacity().iter().filter_map(|used| used.capacity_units).sum();
            Request { operation: "TransactWriteItems", items: 0, units: 0.0, write_units }
        } else {
            return Ok(());
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        Ok(())
    }
}
