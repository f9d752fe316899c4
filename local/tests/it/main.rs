//! Tests of the local stack with real processes. All functions run the `probe` example behind the Lambda
//! Runtime API.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod dev;
mod faults;
mod gateway;
mod host;
mod queues;
mod stack;
mod streams;
mod watch;

use std::{fs, os::unix::fs::symlink, path::PathBuf, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use local::system::aws_ids;
use local::{Stack, StackBuilder};
use serde_json::Value;

/// Time limit for events that are expected at once.
const SOON: Duration = Duration::from_secs(10);

/// Temporary folder, deleted when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("local-it-{}", aws_ids::uuid()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Links the probe under the names of functions.
    fn with_probes(self, stems: &[&str]) -> Self {
        let probe = local::stack::default_bin_dir().join("examples/probe");
        assert!(probe.is_file(), "the example `probe` is not built: cargo build -p local --example probe");
        for stem in stems {
            symlink(&probe, self.0.join(stem)).unwrap();
        }
        self
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Builder of a stack whose functions all run the probe.
fn probes(template: &str) -> (StackBuilder, Folder) {
    let folder = Folder::new().with_probes(&["api-probe", "queue-probe", "stream-probe", "schedule-probe"]);
    let path = folder.0.join("template.yaml");
    fs::write(&path, template).unwrap();
    (StackBuilder::new(path).bin_dir(&folder.0).schedules(false), folder)
}

/// HTTP response as a client receives it.
struct TestResponse {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl TestResponse {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

async fn send(request: Request<Full<Bytes>>) -> TestResponse {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let (parts, body) = client.request(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    TestResponse {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

async fn get(stack: &Stack, path: &str) -> TestResponse {
    let request = Request::builder().method(Method::GET).uri(format!("{}{path}", stack.url()));
    send(request.body(Full::default()).unwrap()).await
}

/// Template with one function for all paths, and a table and a queue that it can write to.
const API: &str = "
Resources:
  HttpApi:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration: { AllowOrigins: ['http://shop.test'], AllowMethods: [GET], ExposeHeaders: [etag] }
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{ AttributeName: pk, AttributeType: S }]
      KeySchema: [{ AttributeName: pk, KeyType: HASH }]
  Queue: { Type: AWS::SQS::Queue }
  ApiProbe:
    Type: AWS::Serverless::Function
    Properties:
      Timeout: 1
      MemorySize: 512
      Environment: { Variables: { PROBE_TABLE: !Ref Table, PROBE_QUEUE_URL: !Ref Queue } }
      Policies:
        - Statement:
            - { Effect: Allow, Action: 'dynamodb:PutItem', Resource: !GetAtt Table.Arn }
            - { Effect: Allow, Action: 'sqs:SendMessage', Resource: !GetAtt Queue.Arn }
      Events:
        Default: { Type: HttpApi }
        One: { Type: HttpApi, Properties: { Path: '/things/{id}', Method: GET } }
";
