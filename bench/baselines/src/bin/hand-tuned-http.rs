//! Hand-tuned HTTP function: reads an order with one request, and places one under an idempotency key with
//! three.

use aws_sdk_dynamodb::types::AttributeValue;
use baselines::{Error, Item, Table, count_one, key};
use lambda_http::{Body, Request, Response, run, service_fn};
use serde_json::{Map, Value};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let table = Table::from_env()?;
    let table = &table;
    run(service_fn(move |request: Request| async move { handle(table, request).await })).await
}

async fn handle(table: &Table, request: Request) -> Result<Response<Body>, Error> {
    count_one("Requests")?;
    match request.headers().get("idempotency-key").and_then(|key| key.to_str().ok()) {
        Some(key) => place(table, key, request.body()).await,
        None => show(table, request.uri().path()).await,
    }
}

async fn show(table: &Table, path: &str) -> Result<Response<Body>, Error> {
    let id = path.rsplit('/').next().unwrap_or_default();
    match table.get(format!("order#{id}"), "order").await? {
        Some(item) => json(200, Value::Object(scalar_attributes(&item)).to_string()),
        None => json(404, "{}".to_owned()),
    }
}

async fn place(table: &Table, idempotency_key: &str, body: &[u8]) -> Result<Response<Body>, Error> {
    if let Some(record) = table.begin(idempotency_key).await? {
        let stored = record.get("stored_response").and_then(|response| response.as_s().ok()).cloned();
        return json(201, stored.unwrap_or_default());
    }
    let body: Value = serde_json::from_slice(body)?;
    let mut order = key(format!("bench-order#{idempotency_key}"), "order");
    order.insert("body".to_owned(), AttributeValue::S(body.to_string()));
    table.put(order).await?;
    let response =
        serde_json::json!({ "id": idempotency_key, "status": "pending", "body": body }).to_string();
    table.end(idempotency_key, response.clone()).await?;
    json(201, response)
}

/// String and number attributes of an item.
fn scalar_attributes(item: &Item) -> Map<String, Value> {
    let attributes = item.iter().filter_map(|(name, value)| {
        let text = value.as_s().or_else(|_| value.as_n()).ok()?;
        Some((name.clone(), Value::String(text.clone())))
    });
    attributes.collect()
}

fn json(status: u16, body: String) -> Result<Response<Body>, Error> {
    let response = Response::builder().status(status).header("content-type", "application/json");
    Ok(response.body(Body::from(body))?)
}
