//! An order read with one request, and one placed under an idempotency key with three, by hand.

use aws_sdk_dynamodb::types::AttributeValue;
use baselines::{Error, Item, Table, count_one, key};
use lambda_http::{Body, Request, Response, run, service_fn};
use serde_json::{Map, Value};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let table = Table::from_env()?;
    let table = &table;
    run(service_fn(move |request: Request| async move { answer(table, request).await })).await
}

async fn answer(table: &Table, request: Request) -> Result<Response<Body>, Error> {
    count_one("Requests")?;
    match request.headers().get("idempotency-key").and_then(|token| token.to_str().ok()) {
        Some(token) => place(table, token, request.body()).await,
        None => show(table, request.uri().path()).await,
    }
}

async fn show(table: &Table, path: &str) -> Result<Response<Body>, Error> {
    let id = path.rsplit('/').next().unwrap_or_default();
    match table.get((format!("order#{id}"), "order")).await? {
        Some(item) => json(200, Value::Object(shown(&item)).to_string()),
        None => json(404, "{}".to_owned()),
    }
}

async fn place(table: &Table, token: &str, body: &[u8]) -> Result<Response<Body>, Error> {
    if let Some(known) = table.begin(token).await? {
        let answer = known.get("answer").and_then(|answer| answer.as_s().ok()).cloned();
        return json(201, answer.unwrap_or_default());
    }
    let wish: Value = serde_json::from_slice(body)?;
    let mut order = key(format!("bench-order#{token}"), "order");
    order.insert("wish".to_owned(), AttributeValue::S(wish.to_string()));
    table.put(order).await?;
    let answer = serde_json::json!({ "id": token, "status": "pending", "wish": wish }).to_string();
    table.end(token, answer.clone()).await?;
    json(201, answer)
}

/// The texts and numbers of an item.
fn shown(item: &Item) -> Map<String, Value> {
    let told = item.iter().filter_map(|(name, value)| {
        let text = value.as_s().or_else(|_| value.as_n()).ok()?;
        Some((name.clone(), Value::String(text.clone())))
    });
    told.collect()
}

fn json(status: u16, body: String) -> Result<Response<Body>, Error> {
    let response = Response::builder().status(status).header("content-type", "application/json");
    Ok(response.body(Body::from(body))?)
}
