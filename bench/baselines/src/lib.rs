//! Shared code of the comparison functions: a minimal DynamoDB client, idempotency with the three requests
//! that Powertools for AWS Lambda makes, and one line of metrics.
//!
//! They implement only the core of a function, without authentication, rate limits, outbox or validation.
//! Like Agora's functions, they request the consumed capacity of each request.

use std::collections::HashMap;
use std::io::Write;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure};
use serde_json::json;

/// Error of a comparison function.
pub type Error = lambda_runtime::Error;

/// Consumed capacity that each request reports.
const UNITS: ReturnConsumedCapacity = ReturnConsumedCapacity::Total;

/// An item of the DynamoDB table.
pub type Item = HashMap<String, AttributeValue>;

/// Client of the DynamoDB table.
#[derive(Debug, Clone)]
pub struct Table {
    client: Client,
    name: String,
}

impl Table {
    /// Creates the client from environment variables alone, without a credentials provider chain.
    ///
    /// # Errors
    /// If a variable is missing.
    pub fn from_env() -> Result<Self, Error> {
        let (key, secret) = (variable("AWS_ACCESS_KEY_ID")?, variable("AWS_SECRET_ACCESS_KEY")?);
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(variable("AWS_REGION")?))
            .credentials_provider(Credentials::new(key, secret, None, None, "environment"))
            .endpoint_url(variable("AWS_ENDPOINT_URL_DYNAMODB")?);
        Ok(Self { client: Client::from_conf(config.build()), name: variable("AGORA_TABLE")? })
    }

    /// Reads one item.
    ///
    /// # Errors
    /// If the table does not respond.
    pub async fn get(&self, pk: String, sk: &str) -> Result<Option<Item>, Error> {
        let get = self.client.get_item().table_name(&self.name).set_key(Some(key(pk, sk)));
        Ok(get.return_consumed_capacity(UNITS).send().await?.item)
    }

    /// Writes one item.
    ///
    /// # Errors
    /// If the table does not respond.
    pub async fn put(&self, item: Item) -> Result<(), Error> {
        let put = self.client.put_item().table_name(&self.name).set_item(Some(item));
        put.return_consumed_capacity(UNITS).send().await?;
        Ok(())
    }

    /// Reserves an idempotency key; returns its record if it is already reserved.
    ///
    /// # Errors
    /// If the table does not respond.
    pub async fn begin(&self, idempotency_key: &str) -> Result<Option<Item>, Error> {
        let put = self.client.put_item().table_name(&self.name).return_consumed_capacity(UNITS);
        let put = put.set_item(Some(record_key(idempotency_key)));
        let put = put.condition_expression("attribute_not_exists(pk)");
        let put = put.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match put.send().await {
            Ok(_) => Ok(None),
            Err(SdkError::ServiceError(error)) => match error.into_err() {
                PutItemError::ConditionalCheckFailedException(failed) => Ok(failed.item),
                other => Err(other.into()),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// Stores the response under an idempotency key.
    ///
    /// # Errors
    /// If the table does not respond.
    pub async fn end(&self, idempotency_key: &str, response: String) -> Result<(), Error> {
        let update = self.client.update_item().table_name(&self.name).return_consumed_capacity(UNITS);
        let update = update.set_key(Some(record_key(idempotency_key)));
        let update = update.update_expression("SET stored_response = :response");
        update.expression_attribute_values(":response", AttributeValue::S(response)).send().await?;
        Ok(())
    }

    /// Releases an idempotency key.
    ///
    /// # Errors
    /// If the table does not respond.
    pub async fn forget(&self, idempotency_key: &str) -> Result<(), Error> {
        let delete = self.client.delete_item().table_name(&self.name).return_consumed_capacity(UNITS);
        delete.set_key(Some(record_key(idempotency_key))).send().await?;
        Ok(())
    }
}

/// Primary key of an item.
#[must_use]
pub fn key(pk: String, sk: &str) -> Item {
    Item::from([
        ("pk".to_owned(), AttributeValue::S(pk)),
        ("sk".to_owned(), AttributeValue::S(sk.to_owned())),
    ])
}

/// Prints one metrics line in CloudWatch's embedded metric format.
///
/// # Errors
/// If standard output is closed.
pub fn count_one(metric: &str) -> Result<(), Error> {
    let definition = json!({ "Name": metric, "Unit": "Count" });
    let directive = json!({ "Namespace": "Bench", "Dimensions": [["service"]], "Metrics": [definition] });
    let line = json!({
        "_aws": { "Timestamp": 0, "CloudWatchMetrics": [directive] },
        "service": "bench",
        metric: 1,
    });
    Ok(writeln!(std::io::stdout().lock(), "{line}")?)
}

fn record_key(idempotency_key: &str) -> Item {
    key(format!("bench-idempotency#{idempotency_key}"), "idempotency")
}

fn variable(name: &str) -> Result<String, Error> {
    let value = std::env::var_os(name).and_then(|value| value.into_string().ok());
    value.ok_or_else(|| format!("{name} is not set").into())
}
