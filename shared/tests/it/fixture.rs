//! A table that says what was asked of it and what stands in it.

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
use shared::kit::system::clock::{Clock, SystemClock, Timestamp};
use test_support::TestTable;
use test_support::read_units::{ReadUnitMeter, config};
pub(crate) use test_support::request_recorder::{Requests, client};

/// Carries out several commands at the same time, with what they ask of the table gathered.
pub(crate) async fn at_once<C: Command>(
    store: &DynamoStore,
    commands: impl IntoIterator<Item = (C, CommandContext)>,
) -> Vec<ExecuteResult<C>> {
    let store = &store.clone().with_group_commit();
    let all =
        commands.into_iter().map(|(command, cause)| async move { store.execute(command, &cause).await });
    join_all(all).await
}

/// A table of its own for each test.
pub(crate) struct Fixture {
    pub(crate) store: DynamoStore,
    pub(crate) reader: DynamoReader,
    pub(crate) outbox: Outbox,
    requests: Requests,
    meter: ReadUnitMeter,
    raw: Client,
    table: String,
    embedded: TestTable,
}

impl Fixture {
    pub(crate) async fn open() -> Self {
        let embedded = TestTable::open().await;
        let endpoint = embedded.stack().dynamodb_endpoint();
        let name = embedded.environment("api-orders").text("AGORA_TABLE").unwrap().to_owned();
        let requests = Requests::default();
        let meter = ReadUnitMeter::default();
        let metered = config(&endpoint).interceptor(requests.clone()).interceptor(meter.clone());
        let table = Table::new(Client::from_conf(metered.build()), &name);
        Self {
            store: DynamoStore::new(table.clone()),
            reader: DynamoReader::new(table.clone()),
            outbox: Outbox::new(table),
            requests,
            meter,
            raw: client(&endpoint, None),
            table: name,
            embedded,
        }
    }

    /// Another store on the same table, whose requests `interceptor` sees, too.
    pub(crate) fn store_through(&self, interceptor: impl Intercept + 'static) -> DynamoStore {
        let metered = config(&self.embedded.stack().dynamodb_endpoint()).interceptor(self.requests.clone());
        let client = Client::from_conf(metered.interceptor(interceptor).build());
        DynamoStore::new(Table::new(client, &self.table))
    }

    /// The requests since this was last asked, by operation.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.take()
    }

    /// How many items each request since this was last asked was answered with.
    pub(crate) fn items_received(&self) -> Vec<usize> {
        self.meter.requests().into_iter().map(|request| request.items).collect()
    }

    /// Every item of the table.
    pub(crate) async fn items(&self) -> Vec<Value> {
        let mut items: Vec<Value> = Vec::new();
        let mut from = None;
        loop {
            let page =
                self.raw.scan().table_name(&self.table).consistent_read(true).set_exclusive_start_key(from);
            let page = page.send().await.unwrap();
            items.extend(page.items().iter().map(plain));
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

    /// The item under `key`, as it is stored; null if there is none.
    pub(crate) async fn item(&self, key: &Key) -> Value {
        let get = self.raw.get_item().table_name(&self.table).consistent_read(true);
        let get = get.key("pk", AttributeValue::S(key.pk.clone()));
        let found = get.key("sk", AttributeValue::S(key.sk.clone())).send().await.unwrap();
        found.item().map_or(Value::Null, plain)
    }

    /// Puts an item of texts there, past everything that the store sees to.
    pub(crate) async fn put_raw(&self, attributes: &[(&str, &str)]) {
        let mut put = self.raw.put_item().table_name(&self.table);
        for (name, text) in attributes {
            put = put.item(*name, AttributeValue::S((*text).to_owned()));
        }
        put.send().await.unwrap();
    }

    /// Puts many items of texts there.
    pub(crate) async fn put_all<const N: usize>(&self, items: &[[(&str, String); N]]) {
        for some in items.chunks(25) {
            let puts = some.iter().map(|attributes| {
                let text =
                    |(name, text): &(&str, String)| ((*name).to_owned(), AttributeValue::S(text.clone()));
                let put = PutRequest::builder().set_item(Some(attributes.iter().map(text).collect()));
                WriteRequest::builder().put_request(put.build().unwrap()).build()
            });
            let write = self.raw.batch_write_item().request_items(&self.table, puts.collect());
            assert!(write.send().await.unwrap().unprocessed_items().is_none_or(HashMap::is_empty));
        }
    }
}

/// An item as JSON: texts as strings, numbers as numbers.
pub(crate) fn plain(item: &HashMap<String, AttributeValue>) -> Value {
    let sorted: BTreeMap<&String, Value> =
        item.iter().map(|(name, attribute)| (name, plain_value(attribute))).collect();
    json!(sorted)
}

fn plain_value(attribute: &AttributeValue) -> Value {
    match attribute {
        AttributeValue::S(text) => json!(text),
        AttributeValue::N(number) => serde_json::from_str(number).unwrap(),
        AttributeValue::Bool(flag) => json!(flag),
        AttributeValue::Null(_) => Value::Null,
        AttributeValue::B(bytes) => json!(bytes.as_ref()),
        AttributeValue::L(list) => list.iter().map(plain_value).collect(),
        AttributeValue::M(map) => plain(map),
        other => panic!("nothing of ours is stored as {other:?}"),
    }
}

/// The moment at which things happen here, unless it matters.
pub(crate) fn moment() -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000)
}

/// A cause without a receipt.
pub(crate) fn cause() -> CommandContext {
    CommandContext::new(CorrelationId::try_from("a-test".to_owned()).unwrap(), moment())
}

/// A cause that is acted on once, under this name and fingerprint.
pub(crate) fn once(scope: &str, fingerprint: &str) -> CommandContext {
    let expires_at = SystemClock.now().saturating_add(std::time::Duration::from_hours(1));
    let fingerprint = Some(fingerprint.to_owned());
    cause().once(IdempotencyRecord { scope: scope.to_owned(), fingerprint, expires_at })
}
