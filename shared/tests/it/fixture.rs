//! Fixture with a table that records its requests and exposes its items.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Intercept;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use futures::future::join_all;
use serde_json::{Value, json};
use shared::kit::aws::dynamodb::write::outbox::Outbox;
use shared::kit::aws::dynamodb::{DynamoReader, DynamoStore, Table};
use shared::kit::command::{
    Command, CommandContext, CorrelationId, ExecuteResult, IdempotencyRecord, Key, Store,
};
use shared::kit::system::clock::Timestamp;
use test_support::TestTable;
use test_support::capacity_meter::CapacityMeter;
pub(crate) use test_support::request_recorder::{RequestRecorder, client};
use test_support::sdk_config::config;

/// Executes several commands concurrently with group commit.
pub(crate) async fn execute_concurrently<C: Command>(
    store: &DynamoStore,
    commands: impl IntoIterator<Item = (C, CommandContext)>,
) -> Vec<ExecuteResult<C>> {
    let store = &store.clone().with_group_commit();
    let executions =
        commands.into_iter().map(|(command, context)| async move { store.execute(command, &context).await });
    join_all(executions).await
}

/// Store, readers and outbox on a table of their own.
pub(crate) struct Fixture {
    pub(crate) store: DynamoStore,
    pub(crate) reader: DynamoReader,
    pub(crate) outbox: Outbox,
    requests: RequestRecorder,
    meter: CapacityMeter,
    dynamodb: Client,
    table: String,
    embedded: TestTable,
}

impl Fixture {
    pub(crate) async fn open() -> Self {
        let embedded = TestTable::open().await;
        let endpoint = embedded.stack().dynamodb_endpoint();
        let name = embedded.environment("api-orders").text("AGORA_TABLE").unwrap().to_owned();
        let requests = RequestRecorder::default();
        let meter = CapacityMeter::default();
        let metered = config(&endpoint).interceptor(requests.clone()).interceptor(meter.clone());
        let table = Table::new(Client::from_conf(metered.build()), &name);
        Self {
            store: DynamoStore::new(table.clone()),
            reader: DynamoReader::new(table.clone()),
            outbox: Outbox::new(table),
            requests,
            meter,
            dynamodb: client(&endpoint, None),
            table: name,
            embedded,
        }
    }

    /// Creates another store on the same table, with an additional interceptor.
    pub(crate) fn store_through(&self, interceptor: impl Intercept + 'static) -> DynamoStore {
        let metered = config(&self.embedded.stack().dynamodb_endpoint()).interceptor(self.requests.clone());
        let client = Client::from_conf(metered.interceptor(interceptor).build());
        DynamoStore::new(Table::new(client, &self.table))
    }

    /// The operations of the requests since the last call.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.take()
    }

    /// The number of items that each request since the last call returned.
    pub(crate) fn items_received(&self) -> Vec<usize> {
        self.meter.requests().into_iter().map(|request| request.items).collect()
    }

    /// The write units of the requests since the last call.
    pub(crate) fn write_units(&self) -> f64 {
        self.meter.requests().into_iter().map(|request| request.write_units).sum()
    }

    /// The read units of the requests since the last call.
    pub(crate) fn read_units(&self) -> f64 {
        self.meter.requests().into_iter().map(|request| request.units).sum()
    }

    /// Every item of the table.
    pub(crate) async fn items(&self) -> Vec<Value> {
        let mut items: Vec<Value> = Vec::new();
        let mut from = None;
        loop {
            let page = self
                .dynamodb
                .scan()
                .table_name(&self.table)
                .consistent_read(true)
                .set_exclusive_start_key(from);
            let page = page.send().await.unwrap();
            items.extend(page.items().iter().map(to_json));
            from = page.last_evaluated_key().cloned();
            if from.is_none() {
                break;
            }
        }
        items.sort_by_key(|item| (item["pk"].to_string(), item["sk"].to_string()));
        items
    }

    /// Every item of a kind.
    pub(crate) async fn items_of(&self, kind: &str) -> Vec<Value> {
        self.items().await.into_iter().filter(|item| item["kind"] == kind).collect()
    }

    /// The stored item under `key`; null if it does not exist.
    pub(crate) async fn item(&self, key: &Key) -> Value {
        let get = self.dynamodb.get_item().table_name(&self.table).consistent_read(true);
        let get = get.key("pk", AttributeValue::S(key.pk.clone()));
        let found = get.key("sk", AttributeValue::S(key.sk.clone())).send().await.unwrap();
        found.item().map_or(Value::Null, to_json)
    }

    /// Writes an item with string attributes directly, without the store.
    pub(crate) async fn put_raw(&self, attributes: &[(&str, &str)]) {
        let mut put = self.dynamodb.put_item().table_name(&self.table);
        for (name, text) in attributes {
            put = put.item(*name, AttributeValue::S((*text).to_owned()));
        }
        put.send().await.unwrap();
    }

    /// Writes many items with string attributes directly.
    pub(crate) async fn put_all<const N: usize>(&self, items: &[[(&str, String); N]]) {
        for batch in items.chunks(25) {
            let puts = batch.iter().map(|attributes| {
                let text =
                    |(name, text): &(&str, String)| ((*name).to_owned(), AttributeValue::S(text.clone()));
                let put = PutRequest::builder().set_item(Some(attributes.iter().map(text).collect()));
                WriteRequest::builder().put_request(put.build().unwrap()).build()
            });
            let write = self.dynamodb.batch_write_item().request_items(&self.table, puts.collect());
            assert!(write.send().await.unwrap().unprocessed_items().is_none_or(HashMap::is_empty));
        }
    }
}

/// Converts an item to JSON.
pub(crate) fn to_json(item: &HashMap<String, AttributeValue>) -> Value {
    let sorted: BTreeMap<&String, Value> =
        item.iter().map(|(name, attribute)| (name, value_to_json(attribute))).collect();
    json!(sorted)
}

fn value_to_json(attribute: &AttributeValue) -> Value {
    match attribute {
        AttributeValue::S(text) => json!(text),
        AttributeValue::N(number) => serde_json::from_str(number).unwrap(),
        AttributeValue::Bool(flag) => json!(flag),
        AttributeValue::Null(_) => Value::Null,
        AttributeValue::B(bytes) => json!(bytes.as_ref()),
        AttributeValue::L(list) => list.iter().map(value_to_json).collect(),
        AttributeValue::M(map) => to_json(map),
        other => panic!("unexpected attribute type: {other:?}"),
    }
}

/// Time at which the tests execute commands, unless it matters.
pub(crate) fn moment() -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000)
}

/// Context without an idempotency record.
pub(crate) fn context() -> CommandContext {
    CommandContext::new(CorrelationId::try_from("a-test".to_owned()).unwrap(), moment())
}

/// Context with an idempotency record of this scope and fingerprint.
pub(crate) fn idempotent(scope: &str, fingerprint: &str) -> CommandContext {
    let expires_at = context().at.saturating_add(std::time::Duration::from_hours(1));
    let fingerprint = Some(fingerprint.to_owned());
    context().once(IdempotencyRecord { scope: scope.to_owned(), fingerprint, expires_at })
}
