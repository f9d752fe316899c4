//! Capacity metrics: every request asks DynamoDB for the capacity it consumes, and the reported units are
//! counted.

use aws_sdk_dynamodb::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeSerializationInterceptorContextMut,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::batch_get_item::{BatchGetItemInput, BatchGetItemOutput};
use aws_sdk_dynamodb::operation::batch_write_item::{BatchWriteItemInput, BatchWriteItemOutput};
use aws_sdk_dynamodb::operation::delete_item::{DeleteItemInput, DeleteItemOutput};
use aws_sdk_dynamodb::operation::get_item::{GetItemInput, GetItemOutput};
use aws_sdk_dynamodb::operation::put_item::{PutItemInput, PutItemOutput};
use aws_sdk_dynamodb::operation::query::{QueryInput, QueryOutput};
use aws_sdk_dynamodb::operation::transact_write_items::{TransactWriteItemsInput, TransactWriteItemsOutput};
use aws_sdk_dynamodb::operation::update_item::{UpdateItemInput, UpdateItemOutput};
use aws_sdk_dynamodb::types::{ConsumedCapacity, ReturnConsumedCapacity};

use crate::kit::telemetry::catalogue::{READ_UNITS, WRITE_UNITS};
use crate::kit::telemetry::metrics;

/// SDK interceptor that counts the capacity units consumed by each request.
#[derive(Debug)]
pub struct CapacityInterceptor;

/// Sets `ReturnConsumedCapacity`, if the input is one of these types.
macro_rules! request_capacity {
    ($input:expr, $($operation:ty),+) => {
        $(if let Some(input) = $input.downcast_mut::<$operation>() {
            input.return_consumed_capacity.get_or_insert(ReturnConsumedCapacity::Total);
        })+
    };
}

/// Counts the reported units, if the output is one of these types.
macro_rules! record_capacity {
    ($output:expr, $($metric:ident $name:literal $operation:ty),+) => {
        $(if let Some(output) = $output.downcast_ref::<$operation>() {
            let units = output.consumed_capacity().into_iter().filter_map(ConsumedCapacity::capacity_units);
            units.for_each(|units| metrics::record(&$metric, [$name], units));
        })+
    };
}

impl Intercept for CapacityInterceptor {
    fn name(&self) -> &'static str {
        "capacity metrics"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        request_capacity!(
            context.input_mut(),
            BatchGetItemInput,
            BatchWriteItemInput,
            DeleteItemInput,
            GetItemInput,
            PutItemInput,
            QueryInput,
            TransactWriteItemsInput,
            UpdateItemInput
        );
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Ok(output) = context.output_or_error() {
            record_capacity!(
                output,
                READ_UNITS "BatchGetItem" BatchGetItemOutput,
                WRITE_UNITS "BatchWriteItem" BatchWriteItemOutput,
                WRITE_UNITS "DeleteItem" DeleteItemOutput,
                READ_UNITS "GetItem" GetItemOutput,
                WRITE_UNITS "PutItem" PutItemOutput,
                READ_UNITS "Query" QueryOutput,
                WRITE_UNITS "TransactWriteItems" TransactWriteItemsOutput,
                WRITE_UNITS "UpdateItem" UpdateItemOutput
            );
        }
        Ok(())
    }
}
