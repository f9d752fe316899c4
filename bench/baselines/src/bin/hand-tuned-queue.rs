//! Hand-tuned queue consumer: processes each message exactly once, with three requests for each.

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use aws_sdk_dynamodb::types::AttributeValue;
use baselines::{Error, Table, count_one, key};
use lambda_runtime::{LambdaEvent, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let table = Table::from_env()?;
    let table = &table;
    run(service_fn(move |event: LambdaEvent<SqsEvent>| async move { handle(table, event.payload).await }))
        .await
}

async fn handle(table: &Table, batch: SqsEvent) -> Result<SqsBatchResponse, Error> {
    count_one("Batches")?;
    let mut response = SqsBatchResponse::default();
    for message in &batch.records {
        let id = message.message_id.clone().unwrap_or_default();
        if !process(table, &id, message).await? {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id;
            response.batch_item_failures.push(failure);
        }
    }
    Ok(response)
}

/// Processes a message; returns false if its body is not JSON.
async fn process(table: &Table, id: &str, message: &SqsMessage) -> Result<bool, Error> {
    if table.begin(id).await?.is_some() {
        return Ok(true);
    }
    let body = message.body.clone().unwrap_or_default();
    if serde_json::from_str::<serde_json::Value>(&body).is_err() {
        table.forget(id).await?;
        return Ok(false);
    }
    let mut effect = key(format!("bench-effect#{id}"), "effect");
    effect.insert("body".to_owned(), AttributeValue::S(body));
    table.put(effect).await?;
    table.end(id, "done".to_owned()).await?;
    Ok(true)
}
