//! The table: DynamoDB's embedded stand-in in this process, asked the way the SDK asks, without a socket in between.

use std::collections::{BTreeMap, HashSet, VecDeque};

use bytes::Bytes;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use shared::kit::aws::dynamodb::schema::OUTBOX_KIND;
use shared::kit::aws::dynamodb::write::outbox::OutboxEvent;
use shared::kit::command::Item;

use crate::template_config;

/// The table of one world, with what it has seen committed.
pub struct Table {
    engine: Database,
    name: &'static str,
    /// Transactions that were committed, by their request tokens.
    tokens: HashSet<String>,
    /// What the stream shows: inserts into the outbox, in the order of their commits in each partition.
    pub stream: BTreeMap<String, VecDeque<OutboxEvent>>,
    /// Every version of every order, in the order of their commits.
    pub versions: BTreeMap<String, Vec<(u64, String)>>,
    /// The events that were committed: id and name.
    pub events: BTreeMap<String, String>,
    /// How many transactions were committed.
    pub commits: u64,
}

impl Table {
    /// An empty table, as the template has it.
    ///
    /// # Panics
    /// If the engine does not take it.
    #[must_use]
    pub fn create() -> Self {
        let (name, create) = template_config::table();
        let engine = Database::memory().expect("the database opens");
        let request = serde_json::from_value(create.clone()).expect("the definition is one");
        engine.create_table(request).expect("the table is created");
        let (tokens, stream) = (HashSet::new(), BTreeMap::new());
        let (versions, events) = (BTreeMap::new(), BTreeMap::new());
        Self { engine, name, tokens, stream, versions, events, commits: 0 }
    }

    /// Does what a request asks for; answers with status and body.
    pub fn execute(&mut self, operation: &str, body: &Value) -> (u16, Bytes) {
        let engine = &self.engine;
        let answered = match operation {
            "BatchGetItem" => run(body, |request| engine.batch_get_item(request)),
            "TransactWriteItems" => run(body, |request| engine.transact_write_items(request)),
            "BatchWriteItem" => run(body, |request| engine.batch_write_item(request)),
            "Query" => run(body, |request| engine.query(request)),
            _ => Err(DynoxideError::ValidationException(format!("nobody asks the table for {operation}"))),
        };
        match answered {
            Ok(answer) => {
                if operation == "TransactWriteItems" {
                    self.committed(body);
                }
                (200, answer.into())
            }
            Err(error) => (error.status_code(), error.to_json().into()),
        }
    }

    /// Notes what a transaction committed; once, however often the client sends it.
    fn committed(&mut self, body: &Value) {
        let token = body["ClientRequestToken"].as_str().unwrap_or_default().to_owned();
        if !self.tokens.insert(token) {
            return;
        }
        self.commits += 1;
        for item in puts(body) {
            match item["kind"]["S"].as_str() {
                Some(OUTBOX_KIND) => self.announced(item),
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

    fn announced(&mut self, item: &Value) {
        let item: Item = serde_json::from_value(item.clone()).expect("an item is one");
        let event: OutboxEvent = serde_dynamo::from_item(item).expect("an event of the outbox is one");
        self.events.insert(event.event_id.to_string(), event.event.clone());
        self.stream.entry(event.pk.clone()).or_default().push_back(event);
    }

    /// The last status of an order that was committed.
    #[must_use]
    pub fn status(&self, order: &str) -> Option<&str> {
        self.versions.get(order)?.last().map(|(_, status)| status.as_str())
    }

    /// The last status of every order.
    #[must_use]
    pub fn ends(&self) -> Vec<String> {
        let last = self.versions.values().filter_map(|versions| versions.last());
        last.map(|(_, status)| status.clone()).collect()
    }

    /// Whether an order waits for its payment.
    #[must_use]
    pub fn awaits_payment(&self) -> bool {
        let mut last = self.versions.values().filter_map(|versions| versions.last());
        last.any(|(_, status)| status == "awaiting_payment")
    }

    /// Everything in the table, with kind and partition of each item. Only an auditor may look.
    ///
    /// # Panics
    /// If the engine does not answer, or not at once.
    #[must_use]
    pub fn everything(&self) -> Vec<(String, String, Item)> {
        let request = serde_json::from_value(json!({ "TableName": self.name })).expect("a scan is one");
        let answer = self.engine.scan(request).expect("the table answers");
        let answer = serde_json::to_value(answer).expect("an answer is JSON");
        assert!(answer.get("LastEvaluatedKey").is_none_or(Value::is_null), "a world fits one page");
        let items = answer["Items"].as_array().cloned().unwrap_or_default();
        let text = |item: &Value, name: &str| item[name]["S"].as_str().unwrap_or_default().to_owned();
        let entry = |item: Value| {
            let (kind, pk) = (text(&item, "kind"), text(&item, "pk"));
            (kind, pk, serde_json::from_value(item).expect("an item is one"))
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

/// The items that a transaction puts.
pub(crate) fn puts(body: &Value) -> impl Iterator<Item = &Value> {
    let items = body["TransactItems"].as_array().into_iter().flatten();
    items.map(|item| &item["Put"]["Item"]).filter(|item| item.is_object())
}
