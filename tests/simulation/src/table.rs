//! The table: the embedded DynamoDB engine, called in process with the SDK's requests.

use std::collections::{BTreeMap, HashSet, VecDeque};

use bytes::Bytes;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use shared::kit::aws::dynamodb::schema::OUTBOX_KIND;
use shared::kit::aws::dynamodb::write::outbox::OutboxEvent;
use shared::kit::command::{Item, Key, Record as _};
use shared::projections::search_index::IndexEntry;
use test_support::audit::{Change, History, Items};

use crate::template_config;

/// The table of a world with a record of its commits.
pub struct Table {
    engine: Database,
    name: &'static str,
    /// Request tokens of committed transactions.
    tokens: HashSet<String>,
    /// Outbox events of the stream by partition, in commit order.
    pub stream: BTreeMap<String, VecDeque<OutboxEvent>>,
    /// Versions and statuses of each order in commit order.
    pub versions: BTreeMap<String, Vec<(u64, String)>>,
    /// Names of committed events by id.
    pub events: BTreeMap<String, String>,
    /// Number of times that each document was indexed, by the partition of its index entry.
    pub indexed: BTreeMap<String, usize>,
    /// Number of committed transactions.
    pub commits: u64,
    /// Images of all items in commit order, if they are recorded.
    history: Option<Vec<Change>>,
}

impl Table {
    /// Creates the template's table.
    ///
    /// # Panics
    /// If the engine rejects the definition.
    #[must_use]
    pub fn create() -> Self {
        let (name, create) = template_config::table();
        let engine = Database::memory().expect("the database opens");
        let mut create = create.clone();
        // The engine scans all stream records for each write; the changes are recorded here instead.
        create.as_object_mut().into_iter().for_each(|create| drop(create.remove("StreamSpecification")));
        let request = serde_json::from_value(create).expect("the definition is valid");
        engine.create_table(request).expect("the table is created");
        let (tokens, stream) = (HashSet::new(), BTreeMap::new());
        let (versions, events, indexed) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { engine, name, tokens, stream, versions, events, indexed, commits: 0, history: None }
    }

    /// Creates the template's table, and records the history of its items.
    ///
    /// # Panics
    /// If the engine rejects the definition.
    #[must_use]
    pub fn create_with_history() -> Self {
        Self { history: Some(Vec::new()), ..Self::create() }
    }

    /// Executes a request and returns status and body.
    pub fn execute(&mut self, operation: &str, body: &Value) -> (u16, Bytes) {
        let engine = &self.engine;
        let result = match operation {
            "BatchGetItem" => run(body, |request| engine.batch_get_item(request)),
            "TransactWriteItems" => run(body, |request| engine.transact_write_items(request)),
            "BatchWriteItem" => run(body, |request| engine.batch_write_item(request)),
            "UpdateItem" => run(body, |request| engine.update_item(request)),
            "Query" => run(body, |request| engine.query(request)),
            "GetItem" => run(body, |request| engine.get_item(request)),
            _ => Err(DynoxideError::ValidationException(format!("unexpected operation {operation}"))),
        };
        match result {
            Ok(response) => {
                let is_repeated = operation == "TransactWriteItems" && !self.record_commit(body);
                if !is_repeated {
                    self.record_changes(operation, body);
                }
                (200, response.into())
            }
            Err(error) => (error.status_code(), error.to_json().into()),
        }
    }

    /// Records a commit, once per request token. Returns false if it was recorded before.
    fn record_commit(&mut self, body: &Value) -> bool {
        let token = body["ClientRequestToken"].as_str().unwrap_or_default().to_owned();
        if !self.tokens.insert(token) {
            return false;
        }
        self.commits += 1;
        for item in puts(body) {
            match item["kind"]["S"].as_str() {
                Some(OUTBOX_KIND) => self.record_event(item),
                Some(IndexEntry::KIND) => {
                    let partition = item["pk"]["S"].as_str().unwrap_or_default().to_owned();
                    *self.indexed.entry(partition).or_default() += 1;
                }
                Some("order") => {
                    let version = item["version"]["N"].as_str().and_then(|version| version.parse().ok());
                    let text = |name: &str| item[name]["S"].as_str().unwrap_or_default().to_owned();
                    let versions = self.versions.entry(text("id")).or_default();
                    versions.push((version.unwrap_or_default(), text("status")));
                }
                _ => {}
            }
        }
        true
    }

    /// Adds the new image of each item that a request wrote to the history.
    fn record_changes(&mut self, operation: &str, body: &Value) {
        if self.history.is_none() {
            return;
        }
        let changes: Vec<Change> = written_keys(operation, body)
            .into_iter()
            .map(|key| Change { image: self.item(&key), key })
            .collect();
        self.history.iter_mut().for_each(|history| history.extend(changes.clone()));
    }

    /// Reads an item.
    ///
    /// # Panics
    /// If the engine fails.
    #[must_use]
    pub fn item(&self, key: &Key) -> Option<Item> {
        let key = json!({ "pk": { "S": key.pk }, "sk": { "S": key.sk } });
        let request = json!({ "TableName": self.name, "Key": key, "ConsistentRead": true });
        let request = serde_json::from_value(request).expect("the request is valid");
        let response = self.engine.get_item(request).expect("the item is read");
        let response = serde_json::to_value(response).expect("the response is JSON");
        let item = response.get("Item").filter(|item| !item.is_null())?;
        Some(serde_json::from_value(item.clone()).expect("the item is valid"))
    }

    /// History of all items.
    #[must_use]
    pub fn history(&self) -> History {
        History::of_changes(self.history.iter().flatten().cloned())
    }

    /// All items.
    #[must_use]
    pub fn all_items(&self) -> Items {
        Items::of_items(self.items().into_iter().map(|(.., item)| item))
    }

    fn record_event(&mut self, item: &Value) {
        let item: Item = serde_json::from_value(item.clone()).expect("the item is valid");
        let event: OutboxEvent = serde_dynamo::from_item(item).expect("the event is valid");
        self.events.insert(event.event_id.to_string(), event.event.clone());
        self.stream.entry(event.pk.clone()).or_default().push_back(event);
    }

    /// Current status of an order.
    #[must_use]
    pub fn status(&self, order: &str) -> Option<&str> {
        self.versions.get(order)?.last().map(|(_, status)| status.as_str())
    }

    /// Current status of each order.
    #[must_use]
    pub fn final_statuses(&self) -> Vec<String> {
        let last = self.versions.values().filter_map(|versions| versions.last());
        last.map(|(_, status)| status.clone()).collect()
    }

    /// Returns true if an order waits for its payment.
    #[must_use]
    pub fn awaits_payment(&self) -> bool {
        let mut last = self.versions.values().filter_map(|versions| versions.last());
        last.any(|(_, status)| status == "awaiting_payment")
    }

    /// All items with their kind and partition key.
    ///
    /// # Panics
    /// If the scan fails.
    #[must_use]
    pub fn items(&self) -> Vec<(String, String, Item)> {
        let mut items = Vec::new();
        let mut request = json!({ "TableName": self.name });
        loop {
            let scan = serde_json::from_value(request.clone()).expect("the scan is valid");
            let response = self.engine.scan(scan).expect("the scan succeeds");
            let mut response = serde_json::to_value(response).expect("the response is JSON");
            items.extend(response["Items"].as_array().cloned().unwrap_or_default());
            let last = response["LastEvaluatedKey"].take();
            if last.is_null() {
                break;
            }
            request["ExclusiveStartKey"] = last;
        }
        let text = |item: &Value, name: &str| item[name]["S"].as_str().unwrap_or_default().to_owned();
        let entry = |item: Value| {
            let (kind, pk) = (text(&item, "kind"), text(&item, "pk"));
            (kind, pk, serde_json::from_value(item).expect("the item is valid"))
        };
        items.into_iter().map(entry).collect()
    }
}

fn run<Q: DeserializeOwned, A: Serialize>(
    body: &Value,
    execute: impl FnOnce(Q) -> Result<A, DynoxideError>,
) -> Result<String, DynoxideError> {
    let malformed = |error: serde_json::Error| DynoxideError::SerializationException(error.to_string());
    let request = Q::deserialize(body).map_err(malformed)?;
    serde_json::to_string(&execute(request)?).map_err(malformed)
}

/// Keys of the items that a request wrote.
fn written_keys(operation: &str, body: &Value) -> Vec<Key> {
    let mut written: Vec<&Value> = Vec::new();
    match operation {
        "TransactWriteItems" => {
            for item in body["TransactItems"].as_array().into_iter().flatten() {
                written.extend([&item["Put"]["Item"], &item["Update"]["Key"], &item["Delete"]["Key"]]);
            }
        }
        "BatchWriteItem" => {
            let tables = body["RequestItems"].as_object().into_iter().flat_map(serde_json::Map::values);
            for item in tables.filter_map(Value::as_array).flatten() {
                written.extend([&item["PutRequest"]["Item"], &item["DeleteRequest"]["Key"]]);
            }
        }
        "UpdateItem" => written.push(&body["Key"]),
        _ => {}
    }
    let text = |item: &Value, name: &str| item[name]["S"].as_str().map(str::to_owned);
    let key = |item: &Value| Some(Key { pk: text(item, "pk")?, sk: text(item, "sk")? });
    written.into_iter().filter_map(key).collect()
}

/// Items that a transaction puts.
pub(crate) fn puts(body: &Value) -> impl Iterator<Item = &Value> {
    let items = body["TransactItems"].as_array().into_iter().flatten();
    items.map(|item| &item["Put"]["Item"]).filter(|item| item.is_object())
}
