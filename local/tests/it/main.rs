//! The local stack with real processes: the functions are the `probe` example behind the Runtime API.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

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

/// How long a test waits for what should happen at once.
const SOON: Duration = Duration::from_secs(10);

/// A folder that is gone when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("local-it-{}", aws_ids::uuid()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Puts the probe there under the names of functions.
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

/// A stack whose functions are all the probe.
fn probes(template: &str) -> (StackBuilder, Folder) {
    let folder = Folder::new().with_probes(&["api-probe", "queue-probe", "stream-probe", "schedule-probe"]);
    let path = folder.0.join("template.yaml");
    fs::write(&path, template).unwrap();
    (StackBuilder::new(path).bin_dir(&folder.0).schedules(false), folder)
}

/// What a client sees.
struct Seen {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Seen {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

async fn send(request: Request<Full<Bytes>>) -> Seen {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let (parts, body) = client.request(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Seen {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

async fn get(stack: &Stack, path: &str) -> Seen {
    let request = Request::builder().method(Method::GET).uri(format!("{}{path}", stack.url()));
    send(request.body(Full::default()).unwrap()).await
}

/// One function behind every path, a table and a queue that it may write to.
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
