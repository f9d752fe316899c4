//! Lambda function for the tests of the local stack. The event selects its behaviour; its output reports what
//! it did.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use local::system::{clock, console};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    if variable("PROBE_FAILS_TO_START").is_some() {
        return Err("PROBE_FAILS_TO_START is set".into());
    }
    console::line("probe started");
    lambda_runtime::run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let (event, context) = event.into_parts();
    if let Some(path) = event["rawPath"].as_str() {
        return answer(path, &event, &context).await;
    }
    let Some(records) = event["Records"].as_array() else {
        console::line(format_args!("event {event}"));
        return Ok(Value::Null);
    };
    let ids: Vec<_> = records.iter().map(|record| text(record).to_owned()).collect();
    console::line(format_args!("batch {}", ids.join(" ")));
    if ids.iter().any(|id| id.starts_with("error")) {
        return Err("a record requests an error".into());
    }
    let failed = records.iter().filter(|record| text(record).starts_with("fail"));
    let failures: Vec<_> = failed.map(|record| json!({ "itemIdentifier": identifier(record) })).collect();
    Ok(json!({ "batchItemFailures": failures }))
}

async fn answer(path: &str, event: &Value, context: &lambda_runtime::Context) -> Result<Value, Error> {
    match path {
        "/error" => return Err("the path requests an error".into()),
        "/exit" => std::process::exit(3),
        "/hang" => std::future::pending().await,
        "/slow" => clock::sleep(std::time::Duration::from_millis(300)).await,
        "/env" => {
            let names: Vec<_> =
                std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned()).collect();
            return Ok(json!({ "names": names, "memory": variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE") }));
        }
        "/put" => {
            let id = event["queryStringParameters"]["id"].as_str().unwrap_or("1");
            let kind = event["queryStringParameters"]["kind"].as_str().unwrap_or("matching");
            let item = json!({ "pk": { "S": id }, "kind": { "S": kind } });
            let request = json!({ "TableName": variable("PROBE_TABLE"), "Item": item });
            let status = call("AWS_ENDPOINT_URL_DYNAMODB", "DynamoDB_20120810.PutItem", &request).await?;
            return Ok(json!({ "statusCode": 200, "body": status.to_string() }));
        }
        "/send" => {
            let body = event["queryStringParameters"]["body"].as_str().unwrap_or("ok");
            let request = json!({ "QueueUrl": variable("PROBE_QUEUE_URL"), "MessageBody": body });
            let status = call("AWS_ENDPOINT_URL_SQS", "AmazonSQS.SendMessage", &request).await?;
            return Ok(json!({ "statusCode": 200, "body": status.to_string() }));
        }
        _ => {}
    }
    Ok(json!({
        "statusCode": 200,
        "headers": { "x-request-id": context.request_id },
        "cookies": ["probe=1"],
        "body": event.to_string(),
    }))
}

/// Text of a record: the body of a message, or the partition key of an item.
fn text(record: &Value) -> &str {
    record["body"].as_str().or_else(|| record["dynamodb"]["Keys"]["pk"]["S"].as_str()).unwrap_or_default()
}

fn identifier(record: &Value) -> &Value {
    if record["messageId"].is_string() { &record["messageId"] } else { &record["dynamodb"]["SequenceNumber"] }
}

fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

async fn call(endpoint: &str, target: &str, request: &Value) -> Result<u16, Error> {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let scope = "Credential=local/20260101/eu-central-1/x/aws4_request";
    let request = http::Request::post(variable(endpoint).unwrap_or_default())
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", target)
        .header("x-amz-date", "20260101T000000Z")
        .header("authorization", format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"))
        .body(Full::new(Bytes::from(request.to_string())))?;
    let response = client.request(request).await?;
    let status = response.status().as_u16();
    response.into_body().collect().await?;
    Ok(status)
}
