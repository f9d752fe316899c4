//! A table that does not do as asked: answers that the embedded one never gives.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use shared::kit::aws::dynamodb::write::outbox::Outbox;
use shared::kit::aws::dynamodb::{DynamoReader, DynamoStore, Table};
use shared::kit::command::{CommandContext, ExecuteError, Executed, ReadSet, Store, StoreError};
use tokio::net::TcpListener;

use crate::fixture::{Requests, at_once, cause, client};
use crate::toy_domain::{Jar, Purse, Refusal, Save};

type Script = Arc<Mutex<VecDeque<(u16, Value)>>>;

/// A service that answers what the script says, line by line, and the last line from then on.
pub(crate) struct Scripted {
    table: Table,
    seen: Arc<Mutex<Vec<Value>>>,
}

impl Scripted {
    pub(crate) async fn open(script: impl IntoIterator<Item = (u16, Value)>) -> Self {
        let script: Script = Arc::new(Mutex::new(script.into_iter().collect()));
        let seen: Arc<Mutex<Vec<Value>>> = Arc::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state((script, Arc::clone(&seen)));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { table: Table::new(client(&endpoint, Some(Requests::default())), "agora"), seen }
    }

    fn store(&self) -> DynamoStore {
        DynamoStore::new(self.table.clone())
    }

    pub(crate) fn reader(&self) -> DynamoReader {
        DynamoReader::new(self.table.clone())
    }

    /// The requests that came, each with its operation under `op`.
    pub(crate) fn seen(&self) -> Vec<Value> {
        self.seen.lock().unwrap().clone()
    }
}

async fn answer(
    State((script, seen)): State<(Script, Arc<Mutex<Vec<Value>>>)>,
    headers: HeaderMap,
    body: String,
) -> impl IntoResponse {
    let mut request: Value = serde_json::from_str(&body).unwrap();
    let operation = headers["x-amz-target"].to_str().unwrap().rsplit('.').next().unwrap().to_owned();
    request["op"] = json!(operation);
    seen.lock().unwrap().push(request);
    let mut script = script.lock().unwrap();
    let (status, answer) = if script.len() > 1 { script.pop_front().unwrap() } else { script[0].clone() };
    let headers = [("content-type", "application/x-amz-json-1.0")];
    (StatusCode::from_u16(status).unwrap(), headers, answer.to_string())
}

fn failure(code: &str) -> (u16, Value) {
    (400, json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": code }))
}

fn cancelled(reasons: &[&str]) -> (u16, Value) {
    let (status, mut body) = failure("TransactionCanceledException");
    body["CancellationReasons"] = reasons.iter().map(|code| json!({ "Code": code })).collect();
    (status, body)
}

fn nothing_found() -> (u16, Value) {
    (200, json!({ "Responses": { "agora": [] } }))
}

fn purse_key(id: &str) -> Value {
    json!({ "pk": { "S": format!("purse#{id}") }, "sk": { "S": "purse" } })
}

#[tokio::test]
async fn keys_that_were_left_out_are_asked_for_again_and_only_those() {
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
    let service = Scripted::open([(200, half), (200, rest)]).await;
    let ids = ["a".to_owned(), "b".to_owned()];
    let found: Vec<Option<Purse>> = service.store().load(ReadSet::get_all(&ids)).await.unwrap();
    assert_eq!(found.iter().flatten().map(|purse| purse.coins).collect::<Vec<_>>(), [5, 7]);
    let seen = service.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0]["RequestItems"]["agora"]["ConsistentRead"], true);
    assert_eq!(seen[1]["RequestItems"]["agora"]["Keys"], json!([purse_key("b")]));
    assert_eq!(seen[1]["RequestItems"]["agora"]["ConsistentRead"], true);
}

#[tokio::test]
async fn a_table_that_leaves_out_everything_is_given_up_on() {
    let nothing = json!({
        "Responses": { "agora": [] },
        "UnprocessedKeys": { "agora": { "Keys": [purse_key("a")], "ConsistentRead": true } },
    });
    let service = Scripted::open([(200, nothing)]).await;
    let loaded = service.store().load(ReadSet::<Option<Purse>>::get(&"a".to_owned())).await;
    assert!(matches!(loaded, Err(StoreError::Throttled)), "{loaded:?}");
    assert_eq!(service.seen().len(), 7);
}

#[tokio::test]
async fn a_conflict_of_transactions_is_a_lost_race_and_decided_again() {
    let conflict = cancelled(&["None", "TransactionConflict"]);
    let service = Scripted::open([nothing_found(), conflict, nothing_found(), (200, json!({}))]).await;
    let done = service.store().execute(Save::into("a", 5), &cause()).await.unwrap();
    assert_eq!(done.into_output().coins, 5);
    let operations: Vec<_> = service.seen().iter().map(|request| request["op"].clone()).collect();
    let each = ["BatchGetItem", "TransactWriteItems"];
    assert_eq!(operations, [each, each].concat());
}

#[tokio::test]
async fn the_tables_own_trouble_is_neither_a_refusal_nor_a_lost_race() {
    let throttled = cancelled(&["None", "ThrottlingError"]);
    let service = Scripted::open([nothing_found(), throttled]).await;
    let ended = service.store().execute(Save::into("a", 5), &cause()).await;
    assert!(matches!(ended, Err(ExecuteError::Store(StoreError::Throttled))), "{ended:?}");
    assert_eq!(service.seen().len(), 2);

    let service = Scripted::open([nothing_found(), failure("ResourceNotFoundException")]).await;
    let ended = service.store().execute(Save::into("a", 5), &cause()).await;
    let Err(ExecuteError::<Refusal>::Store(StoreError::Rejected(code))) = ended else { panic!("{ended:?}") };
    assert_eq!(code, "ResourceNotFoundException");
}

#[tokio::test]
async fn each_attempt_of_one_transaction_carries_the_same_token() {
    for trouble in
        [(500, json!({ "__type": "InternalServerError" })), failure("TransactionInProgressException")]
    {
        let service = Scripted::open([nothing_found(), trouble, (200, json!({}))]).await;
        service.store().execute(Save::into("a", 5), &cause()).await.unwrap();
        let seen = service.seen();
        assert_eq!(seen.len(), 3);
        assert!(seen[1]["ClientRequestToken"].is_string());
        assert_eq!(seen[1], seen[2]);
    }
}

#[tokio::test]
async fn a_batch_that_cannot_be_loaded_fails_command_by_command() {
    let service = Scripted::open([failure("AccessDeniedException")]).await;
    let ended = at_once(&service.store(), three_jars()).await;
    assert_eq!((ended.len(), service.seen().len()), (3, 1));
    for end in ended {
        assert!(matches!(end, Err(ExecuteError::Store(StoreError::Rejected(_)))), "{end:?}");
    }
}

/// Commands that each write a jar and an event.
fn three_jars() -> [(Save, CommandContext); 3] {
    ["a", "b", "c"].map(|jar| (Save::into(jar, 1), cause()))
}

/// The requests so far, each with how many items it writes.
fn written(service: &Scripted) -> Vec<(String, usize)> {
    let items = |request: &Value| request["TransactItems"].as_array().map_or(0, Vec::len);
    service
        .seen()
        .iter()
        .map(|request| (request["op"].as_str().unwrap().to_owned(), items(request)))
        .collect()
}

#[tokio::test]
async fn those_who_stood_in_nobodys_way_go_again_together() {
    let reasons = ["None", "None", "None", "TransactionConflict", "None", "None"];
    let reasons = reasons.map(|code| json!({ "Code": code }));
    let (status, mut cancelled) = failure("TransactionCanceledException");
    cancelled["CancellationReasons"] = json!(reasons);
    let committed = (200, json!({}));
    let script = [nothing_found(), (status, cancelled), committed.clone(), nothing_found(), committed];
    let service = Scripted::open(script).await;
    let ended = at_once(&service.store(), three_jars()).await;
    assert!(ended.iter().all(|end| matches!(end, Ok(Executed::Committed(_)))), "{ended:?}");
    let expected = [
        ("BatchGetItem", 0),
        ("TransactWriteItems", 6),
        ("TransactWriteItems", 4),
        ("BatchGetItem", 0),
        ("TransactWriteItems", 2),
    ];
    assert_eq!(written(&service), expected.map(|(operation, items)| (operation.to_owned(), items)));
}

#[tokio::test]
async fn what_the_table_does_not_take_together_goes_one_by_one() {
    let (too_large, committed) = (failure("ValidationException"), (200, json!({})));
    let script = [nothing_found(), too_large.clone(), committed.clone(), too_large, committed];
    let service = Scripted::open(script).await;
    let ended = at_once(&service.store(), three_jars()).await;
    assert!(matches!(ended[0], Ok(Executed::Committed(_))), "{ended:?}");
    assert!(matches!(ended[1], Err(ExecuteError::Store(StoreError::Rejected(_)))), "{ended:?}");
    assert!(matches!(ended[2], Ok(Executed::Committed(_))), "{ended:?}");
    let sizes: Vec<usize> = written(&service).into_iter().map(|(_, items)| items).collect();
    assert_eq!(sizes, [0, 6, 2, 2, 2]);
}

#[tokio::test]
async fn a_transaction_of_several_whose_end_is_not_known_is_not_known_to_any_of_them() {
    let unknown = failure("InternalServerError");
    let service = Scripted::open([nothing_found(), (500, unknown.1)]).await;
    let ended = at_once(&service.store(), three_jars()).await;
    assert!(
        ended.iter().all(|end| matches!(end, Err(ExecuteError::Store(StoreError::Unavailable(_))))),
        "{ended:?}"
    );
}

#[tokio::test]
async fn a_reader_takes_what_may_be_a_moment_old() {
    let service = Scripted::open([nothing_found()]).await;
    let reader = service.reader();
    let eventual = shared::kit::aws::dynamodb::Consistency::Eventual;
    reader.get(ReadSet::<Option<Jar>>::get(&"a".to_owned()), eventual).await.unwrap();
    assert_eq!(service.seen()[0]["RequestItems"]["agora"]["ConsistentRead"], false);
}

#[tokio::test]
async fn removals_that_were_left_undone_are_asked_for_again() {
    let left = json!({ "DeleteRequest": { "Key": purse_key("b") } });
    let half = json!({ "UnprocessedItems": { "agora": [left] } });
    let service = Scripted::open([(200, half), (200, json!({ "UnprocessedItems": {} }))]).await;
    let key = |id: &str| shared::kit::command::Key { pk: format!("purse#{id}"), sk: "purse".to_owned() };
    Outbox::new(service.table.clone()).remove(vec![key("a"), key("b")]).await.unwrap();
    let seen = service.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[1]["RequestItems"]["agora"], json!([left]));
}
