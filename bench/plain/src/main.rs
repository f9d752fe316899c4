//! Reads an order with one request, written as in the getting-started examples of axum and the AWS SDK.

use std::collections::HashMap;
use std::env;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use lambda_http::{Error, run};
use serde_json::{Map, Value};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let config = aws_config::load_from_env().await;
    let router = Router::new().route("/v1/orders/{id}", get(show)).with_state(Client::new(&config));
    run(router).await
}

async fn show(State(client): State<Client>, Path(id): Path<String>) -> Result<Json<Value>, StatusCode> {
    let table = env::var("AGORA_TABLE").map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let key = HashMap::from([
        ("pk".to_owned(), AttributeValue::S(format!("order#{id}"))),
        ("sk".to_owned(), AttributeValue::S("order".to_owned())),
    ]);
    let response = client.get_item().table_name(table).set_key(Some(key)).send().await;
    let item = response.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?.item.ok_or(StatusCode::NOT_FOUND)?;
    let attributes = item.into_iter().filter_map(|(name, value)| {
        let text = value.as_s().or_else(|_| value.as_n()).ok()?.clone();
        Some((name, Value::String(text)))
    });
    Ok(Json(Value::Object(attributes.collect::<Map<_, _>>())))
}
