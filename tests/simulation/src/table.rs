//! The table: the embedded DynamoDB engine, called in process with the SDK's requests.

use std::collections::{BTreeMap, HashSet, VecDeque};

use bytes::Bytes;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use shared::kit::aws::dynamodb::schema::OUTBOX_KIND;
use shared::kit::aws::dynamodb::write::outbox::OutboxEvent;
use shared::kit::command::{Item, Record as _};
use shared::projections::search_index::IndexEntry;

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
        let request = serde_json::from_value(create.clone()).expect("the definition is valid");
        engine.create_table(request).expect("the table is created");
        let (tokens, stream) = (HashSet::new(), BTreeMap::new());
        let (versions, events, indexed) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { engine, name, tokens, stream, versions, events, indexed, commits: 0 }
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
            _ => Err(DynoxideError::ValidationException(format!("unexpected operation {operation}"))),
        };
        match result {
            Ok(response) => {
                if operation == "TransactWriteItems" {
                    self.record_commit(body);
                }
                (200, response.into())
            }
            Err(error) => (error.status_code(), error.to_json().into()),
        }
    }

    /// Records a commit, once per request token.
    fn record_commit(&mut self, body: &Value) {
        let token = body["ClientRequestToken"].as_str().unwrap_or_default().to_owned();
        if !self.tokens.insert(token) {
            return;
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
    /// If the scan fails or needs more than one page.
    #[must_use]
    pub fn items(&self) -> Vec<(String, String, Item)> {
        let request = serde_json::from_value(json!({ "TableName": self.name })).expect("the scan is valid");
        let response = self.engine.scan(request).expect("the scan succeeds");
        let response = serde_json::to_value(response).expect("the response is JSON");
        assert!(response.get("LastEvaluatedKey").is_none_or(Value::is_null), "the scan has one page");
        let items = response["Items"].as_array().cloned().unwrap_or_default();
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

/// Items that a transaction puts.
pub(crate) fn puts(body: &Value) -> impl Iterator<Item = &Value> {
    let items = body["TransactItems"].as_array().into_iter().flatten();
    items.map(|item| &item["Put"]["Item"]).filter(|item| item.is_object())
}
