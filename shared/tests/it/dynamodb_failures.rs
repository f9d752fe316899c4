//! Failures that the embedded DynamoDB never returns, from a scripted service.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use shared::kit::aws::Aws;
use shared::kit::aws::dynamodb::write::outbox::{Outbox, OutboxEvent};
use shared::kit::aws::dynamodb::{DynamoReader, DynamoStore, Table};
use shared::kit::command::{CommandContext, ExecuteError, Executed, ReadSet, Store, StoreError};
use shared::kit::queue::relay::{EventRouter, Relay, StreamHandler as _};
use test_support::sdk_config::sdk_config;
use tokio::net::TcpListener;

use crate::fixture::{RequestRecorder, client, context, execute_concurrently};
use crate::toy_domain::{Jar, Purse, Refusal, Save};

type Script = Arc<Mutex<VecDeque<(u16, Value)>>>;

/// Service that returns the responses of a script and repeats its last one.
pub(crate) struct ScriptedDynamo {
    table: Table,
    requests: Arc<Mutex<Vec<Value>>>,
}

impl ScriptedDynamo {
    pub(crate) async fn open(script: impl IntoIterator<Item = (u16, Value)>) -> Self {
        let script: Script = Arc::new(Mutex::new(script.into_iter().collect()));
        let requests: Arc<Mutex<Vec<Value>>> = Arc::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(respond).with_state((script, Arc::clone(&requests)));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { table: Table::new(client(&endpoint, Some(RequestRecorder::default())), "agora"), requests }
    }

    fn store(&self) -> DynamoStore {
        DynamoStore::new(self.table.clone())
    }

    pub(crate) fn reader(&self) -> DynamoReader {
        DynamoReader::new(self.table.clone())
    }

    /// The requests received, each with its operation under `op`.
    pub(crate) fn requests(&self) -> Vec<Value> {
        self.requests.lock().unwrap().clone()
    }
}

async fn respond(
    State((script, requests)): State<(Script, Arc<Mutex<Vec<Value>>>)>,
    headers: HeaderMap,
    body: String,
) -> impl IntoResponse {
    let mut request: Value = serde_json::from_str(&body).unwrap();
    let operation = headers["x-amz-target"].to_str().unwrap().rsplit('.').next().unwrap().to_owned();
    request["op"] = json!(operation);
    requests.lock().unwrap().push(request);
    let mut script = script.lock().unwrap();
    let (status, response) = if script.len() > 1 { script.pop_front().unwrap() } else { script[0].clone() };
    let headers = [("content-type", "application/x-amz-json-1.0")];
    (StatusCode::from_u16(status).unwrap(), headers, response.to_string())
}

/// Router without subscribers.
struct NoQueues;

impl EventRouter for NoQueues {
    fn queues(&self, _: &str) -> Vec<&str> {
        Vec::new()
    }
}

fn failure(code: &str) -> (u16, Value) {
    (400, json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": code }))
}

fn cancelled(reasons: &[&str]) -> (u16, Value) {
    let (status, mut body) = failure("TransactionCanceledException");
    body["CancellationReasons"] = reasons.iter().map(|code| json!({ "Code": code })).collect();
    (status, body)
}

fn empty_response() -> (u16, Value) {
    (200, json!({ "Responses": { "agora": [] } }))
}

fn purse_key(id: &str) -> Value {
    json!({ "pk": { "S": format!("purse#{id}") }, "sk": { "S": "purse" } })
}

#[tokio::test]
async fn unprocessed_keys_are_retried() {
    let mut purse = purse_key("a");
    purse["coins"] = json!({ "N": "5" });
    purse["spent"] = json!({ "N": "0" });
    let mut other = purse_key("b");
    other["coins"] = json!({ "N": "7" });
    other["spent"] = json!({ "N": "0" });
    let half = json!({
        "Responses": { "agora": [purse] },
        "UnprocessedKeys": { "agora": { "Keys": [purse_key("b")], "ConsistentRead": true } },
    });
    let rest = json!({ "Responses": { "agora": [other] }, "UnprocessedKeys": {} });
    let service = ScriptedDynamo::open([(200, half), (200, rest)]).await;
    let ids = ["a".to_owned(), "b".to_owned()];
    let found: Vec<Option<Purse>> = service.store().load(ReadSet::get_all(&ids)).await.unwrap();
    assert_eq!(found.iter().flatten().map(|purse| purse.coins).collect::<Vec<_>>(), [5, 7]);
    let requests = service.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0]["RequestItems"]["agora"]["ConsistentRead"], true);
    assert_eq!(requests[1]["RequestItems"]["agora"]["Keys"], json!([purse_key("b")]));
    assert_eq!(requests[1]["RequestItems"]["agora"]["ConsistentRead"], true);
}

#[tokio::test]
async fn permanently_unprocessed_keys_fail_as_throttled() {
    let unprocessed = json!({
        "Responses": { "agora": [] },
        "UnprocessedKeys": { "agora": { "Keys": [purse_key("a")], "ConsistentRead": true } },
    });
    let service = ScriptedDynamo::open([(200, unprocessed)]).await;
    let loaded = service.store().load(ReadSet::<Option<Purse>>::get(&"a".to_owned())).await;
    assert!(matches!(loaded, Err(StoreError::Throttled)), "{loaded:?}");
    assert_eq!(service.requests().len(), 7);
}

#[tokio::test]
async fn transaction_conflict_is_decided_again() {
    let conflict = cancelled(&["None", "TransactionConflict"]);
    let service =
        ScriptedDynamo::open([empty_response(), conflict, empty_response(), (200, json!({}))]).await;
    let done = service.store().execute(Save::into("a", 5), &context()).await.unwrap();
    assert_eq!(done.into_output().coins, 5);
    let operations: Vec<_> = service.requests().iter().map(|request| request["op"].clone()).collect();
    let each = ["BatchGetItem", "TransactWriteItems"];
    assert_eq!(operations, [each, each].concat());
}

#[tokio::test]
async fn table_errors_are_neither_refusals_nor_conflicts() {
    let throttled = cancelled(&["None", "ThrottlingError"]);
    let service = ScriptedDynamo::open([empty_response(), throttled]).await;
    let result = service.store().execute(Save::into("a", 5), &context()).await;
    assert!(matches!(result, Err(ExecuteError::Store(StoreError::Throttled))), "{result:?}");
    assert_eq!(service.requests().len(), 2);

    let service = ScriptedDynamo::open([empty_response(), failure("ResourceNotFoundException")]).await;
    let result = service.store().execute(Save::into("a", 5), &context()).await;
    let Err(ExecuteError::<Refusal>::Store(StoreError::Rejected(code))) = result else {
        panic!("{result:?}")
    };
    assert_eq!(code, "ResourceNotFoundException");
}

#[tokio::test]
async fn attempts_of_a_transaction_use_the_same_token() {
    for failure_response in
        [(500, json!({ "__type": "InternalServerError" })), failure("TransactionInProgressException")]
    {
        let service = ScriptedDynamo::open([empty_response(), failure_response, (200, json!({}))]).await;
        service.store().execute(Save::into("a", 5), &context()).await.unwrap();
        let requests = service.requests();
        assert_eq!(requests.len(), 3);
        assert!(requests[1]["ClientRequestToken"].is_string());
        assert_eq!(requests[1], requests[2]);
    }
}

#[tokio::test]
async fn failed_load_of_a_group_fails_each_command() {
    let service = ScriptedDynamo::open([failure("AccessDeniedException")]).await;
    let results = execute_concurrently(&service.store(), three_jars()).await;
    assert_eq!((results.len(), service.requests().len()), (3, 1));
    for result in results {
        assert!(matches!(result, Err(ExecuteError::Store(StoreError::Rejected(_)))), "{result:?}");
    }
}

/// Commands that each write a jar and an event.
fn three_jars() -> [(Save, CommandContext); 3] {
    ["a", "b", "c"].map(|jar| (Save::into(jar, 1), context()))
}

/// The requests so far, each with the number of items that it writes.
fn write_counts(service: &ScriptedDynamo) -> Vec<(String, usize)> {
    let items = |request: &Value| request["TransactItems"].as_array().map_or(0, Vec::len);
    service
        .requests()
        .iter()
        .map(|request| (request["op"].as_str().unwrap().to_owned(), items(request)))
        .collect()
}

#[tokio::test]
async fn commands_without_conflict_are_retried_as_a_group() {
    let reasons = ["None", "None", "None", "TransactionConflict", "None", "None"];
    let reasons = reasons.map(|code| json!({ "Code": code }));
    let (status, mut cancelled) = failure("TransactionCanceledException");
    cancelled["CancellationReasons"] = json!(reasons);
    let committed = (200, json!({}));
    let script = [empty_response(), (status, cancelled), committed.clone(), empty_response(), committed];
    let service = ScriptedDynamo::open(script).await;
    let results = execute_concurrently(&service.store(), three_jars()).await;
    assert!(results.iter().all(|result| matches!(result, Ok(Executed::Committed(_)))), "{results:?}");
    let expected = [
        ("BatchGetItem", 0),
        ("TransactWriteItems", 6),
        ("TransactWriteItems", 4),
        ("BatchGetItem", 0),
        ("TransactWriteItems", 2),
    ];
    assert_eq!(write_counts(&service), expected.map(|(operation, items)| (operation.to_owned(), items)));
}

#[tokio::test]
async fn rejected_group_is_retried_command_by_command() {
    let (too_large, committed) = (failure("ValidationException"), (200, json!({})));
    let script = [empty_response(), too_large.clone(), committed.clone(), too_large, committed];
    let service = ScriptedDynamo::open(script).await;
    let results = execute_concurrently(&service.store(), three_jars()).await;
    assert!(matches!(results[0], Ok(Executed::Committed(_))), "{results:?}");
    assert!(matches!(results[1], Err(ExecuteError::Store(StoreError::Rejected(_)))), "{results:?}");
    assert!(matches!(results[2], Ok(Executed::Committed(_))), "{results:?}");
    let sizes: Vec<usize> = write_counts(&service).into_iter().map(|(_, items)| items).collect();
    assert_eq!(sizes, [0, 6, 2, 2, 2]);
}

#[tokio::test]
async fn unknown_outcome_of_a_group_applies_to_each_command() {
    let unknown = failure("InternalServerError");
    let service = ScriptedDynamo::open([empty_response(), (500, unknown.1)]).await;
    let results = execute_concurrently(&service.store(), three_jars()).await;
    assert!(
        results.iter().all(|result| matches!(result, Err(ExecuteError::Store(StoreError::Unavailable(_))))),
        "{results:?}"
    );
}

#[tokio::test]
async fn reader_uses_eventually_consistent_reads() {
    let service = ScriptedDynamo::open([empty_response()]).await;
    let reader = service.reader();
    let eventual = shared::kit::aws::dynamodb::Consistency::Eventual;
    reader.get(ReadSet::<Option<Jar>>::get(&"a".to_owned()), eventual).await.unwrap();
    assert_eq!(service.requests()[0]["RequestItems"]["agora"]["ConsistentRead"], false);
}

#[tokio::test]
async fn unprocessed_deletes_are_retried() {
    let unprocessed = json!({ "DeleteRequest": { "Key": purse_key("b") } });
    let half = json!({ "UnprocessedItems": { "agora": [unprocessed] } });
    let service = ScriptedDynamo::open([(200, half), (200, json!({ "UnprocessedItems": {} }))]).await;
    let key = |id: &str| shared::kit::command::Key { pk: format!("purse#{id}"), sk: "purse".to_owned() };
    Outbox::new(service.table.clone()).remove(vec![key("a"), key("b")]).await.unwrap();
    let requests = service.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[1]["RequestItems"]["agora"], json!([unprocessed]));
}

/// Event with this sort key.
fn outbox_event(sort: &str) -> OutboxEvent {
    serde_json::from_value(json!({
        "pk": "outbox#00",
        "sk": sort,
        "eventId": "a.1",
        "event": "jar.filled",
        "body": "{}",
        "correlationId": "c",
        "scope": "platform",
    }))
    .unwrap()
}

const EVENT_SORT: &str = "2027-01-15T08:00:00.000Z#a.1";

#[tokio::test]
async fn unprocessed_log_entries_are_retried() {
    let event = outbox_event(EVENT_SORT);
    let done = json!({ "UnprocessedItems": {} });
    let first = ScriptedDynamo::open([(200, done.clone())]).await;
    Outbox::new(first.table.clone()).log(&[&event]).await.unwrap();
    let put = first.requests()[0]["RequestItems"]["agora"][0].clone();
    assert_eq!(put["PutRequest"]["Item"]["kind"]["S"], "logged-event");
    let unprocessed = json!({ "UnprocessedItems": { "agora": [put] } });
    let second = ScriptedDynamo::open([(200, unprocessed), (200, done)]).await;
    Outbox::new(second.table.clone()).log(&[&event]).await.unwrap();
    assert_eq!(second.requests()[1]["RequestItems"]["agora"], json!([put]));
}

#[tokio::test]
async fn event_that_cannot_be_logged_stays_in_the_outbox() {
    let service = ScriptedDynamo::open([failure("ResourceNotFoundException")]).await;
    let sqs = Aws::new(sdk_config("http://127.0.0.1:1")).sqs();
    let relay = Relay::new(Outbox::new(service.table.clone()), sqs, NoQueues);
    assert_eq!(relay.handle(vec![outbox_event(EVENT_SORT)]).await, [false]);
    let requests = service.requests();
    assert_eq!(requests.len(), 1, "{requests:?}");
    let writes = &requests[0]["RequestItems"]["agora"];
    assert!(writes[0]["PutRequest"].is_object() && writes[1].is_null(), "{writes}");
}

#[tokio::test]
async fn event_without_a_time_is_not_logged_and_stops_no_other() {
    let service = ScriptedDynamo::open([(200, json!({ "UnprocessedItems": {} }))]).await;
    let [damaged, event] = ["0000#a.1", EVENT_SORT].map(outbox_event);
    Outbox::new(service.table.clone()).log(&[&damaged, &event]).await.unwrap();
    let writes = service.requests()[0]["RequestItems"]["agora"].clone();
    assert_eq!(writes[0]["PutRequest"]["Item"]["sk"]["S"], EVENT_SORT);
    assert!(writes[1].is_null(), "{writes}");
}
