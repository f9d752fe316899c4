//! What the functions that are compared with ours have in common: a slim client of the table, idempotency in the three
//! requests that Powertools for AWS Lambda makes of it, and one line of metrics.
//!
//! They do the work of a function by hand and nothing besides: no authentication, no limits, no outbox, no validation. Like
//! ours, they ask what each request took.

use std::collections::HashMap;
use std::io::Write;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure};
use serde_json::json;

/// What a function stops with.
pub type Error = lambda_runtime::Error;

/// What is asked about each request.
const UNITS: ReturnConsumedCapacity = ReturnConsumedCapacity::Total;

/// An item of the table.
pub type Item = HashMap<String, AttributeValue>;

/// The table.
#[derive(Debug, Clone)]
pub struct Table {
    client: Client,
    name: String,
}

impl Table {
    /// From the environment alone, without a chain of providers.
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

    /// One item.
    ///
    /// # Errors
    /// If the table does not answer.
    pub async fn get(&self, (pk, sk): (String, &str)) -> Result<Option<Item>, Error> {
        let get = self.client.get_item().table_name(&self.name).set_key(Some(key(pk, sk)));
        Ok(get.return_consumed_capacity(UNITS).send().await?.item)
    }

    /// Writes one item.
    ///
    /// # Errors
    /// If the table does not answer.
    pub async fn put(&self, item: Item) -> Result<(), Error> {
        let put = self.client.put_item().table_name(&self.name).set_item(Some(item));
        put.return_consumed_capacity(UNITS).send().await?;
        Ok(())
    }

    /// Takes an idempotency key; or says what was answered under it.
    ///
    /// # Errors
    /// If the table does not answer.
    pub async fn begin(&self, token: &str) -> Result<Option<Item>, Error> {
        let put = self.client.put_item().table_name(&self.name).return_consumed_capacity(UNITS);
        let put = put.set_item(Some(key(format!("bench-idempotency#{token}"), "idempotency")));
        let put = put.condition_expression("attribute_not_exists(pk)");
        let put = put.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match put.send().await {
            Ok(_) => Ok(None),
            Err(SdkError::ServiceError(error)) => match error.into_err() {
                PutItemError::ConditionalCheckFailedException(known) => Ok(known.item),
                other => Err(other.into()),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// Notes what was answered under an idempotency key.
    ///
    /// # Errors
    /// If the table does not answer.
    pub async fn end(&self, token: &str, answer: String) -> Result<(), Error> {
        let update = self.client.update_item().table_name(&self.name).return_consumed_capacity(UNITS);
        let update = update.set_key(Some(key(format!("bench-idempotency#{token}"), "idempotency")));
        let update = update.update_expression("SET answer = :answer");
        update.expression_attribute_values(":answer", AttributeValue::S(answer)).send().await?;
        Ok(())
    }

    /// Gives an idempotency key back.
    ///
    /// # Errors
    /// If the table does not answer.
    pub async fn forget(&self, token: &str) -> Result<(), Error> {
        let delete = self.client.delete_item().table_name(&self.name).return_consumed_capacity(UNITS);
        delete.set_key(Some(key(format!("bench-idempotency#{token}"), "idempotency"))).send().await?;
        Ok(())
    }
}

/// The key of an item.
#[must_use]
pub fn key(pk: String, sk: &str) -> Item {
    Item::from([
        ("pk".to_owned(), AttributeValue::S(pk)),
        ("sk".to_owned(), AttributeValue::S(sk.to_owned())),
    ])
}

/// One line of metrics, in CloudWatch's embedded format.
///
/// # Errors
/// If nobody reads standard output.
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

fn variable(name: &str) -> Result<String, Error> {
    let value = std::env::var_os(name).and_then(|value| value.into_string().ok());
    value.ok_or_else(|| format!("{name} is not set").into())
}
