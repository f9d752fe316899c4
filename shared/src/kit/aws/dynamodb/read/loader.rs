//! Batch reads: any number of keys, in as few requests as DynamoDB allows.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};

use super::reader::Consistency;
use crate::kit::aws::dynamodb::Table;
use crate::kit::aws::dynamodb::error::store_error;
use crate::kit::aws::dynamodb::expression::{Placeholders, Projection};
use crate::kit::aws::dynamodb::schema::{PK, SK};
use crate::kit::command::{Item, Key, LoadedItems, StoreError};
use crate::kit::resilience::retry::Backoff;
use crate::kit::system::clock::{Clock, Entropy};

/// How many keys one request may name.
const MAX_KEYS: usize = 100;

/// How often keys that DynamoDB left out of an answer are asked for again.
const UNPROCESSED: Backoff = Backoff::new(Duration::from_millis(20), Duration::from_millis(500), 6);

/// Reads the items under `keys`; what is not there is not in the answer.
pub(crate) async fn load(
    table: &Table,
    keys: impl IntoIterator<Item = &Key>,
    consistency: Consistency,
    projection: Option<&Projection<'_>>,
    (clock, entropy): (&impl Clock, &impl Entropy),
) -> Result<LoadedItems, StoreError> {
    let distinct: HashSet<&Key> = keys.into_iter().collect();
    let mut pending: Vec<HashMap<String, AttributeValue>> = distinct.into_iter().map(key_item).collect();
    let mut found: Vec<(Key, Item)> = Vec::with_capacity(pending.len());
    let mut idle_rounds = 0;
    while !pending.is_empty() {
        let rest = pending.split_off(pending.len().min(MAX_KEYS));
        let (items, unprocessed) = request(table, pending, consistency, projection).await?;
        idle_rounds = if items.is_empty() && !unprocessed.is_empty() { idle_rounds + 1 } else { 0 };
        found.extend(items.into_iter().filter_map(|item| Some((key_of(&item)?, Item::from(item)))));
        pending = rest;
        if !unprocessed.is_empty() {
            let delay = UNPROCESSED.delay(idle_rounds, entropy).ok_or(StoreError::Throttled)?;
            clock.sleep(delay).await;
            pending.extend(unprocessed);
        }
    }
    Ok(found.into_iter().collect())
}

type Items = Vec<HashMap<String, AttributeValue>>;

async fn request(
    table: &Table,
    keys: Items,
    consistency: Consistency,
    projection: Option<&Projection<'_>>,
) -> Result<(Items, Items), StoreError> {
    let mut placeholders = Placeholders::default();
    let wanted = KeysAndAttributes::builder()
        .set_keys(Some(keys))
        .consistent_read(consistency == Consistency::Strong)
        .set_projection_expression(projection.map(|projection| projection.render(&mut placeholders)))
        .set_expression_attribute_names(placeholders.names())
        .build()
        .map_err(|_| StoreError::Rejected("a batch read without keys".to_owned()))?;
    let request = table.client.batch_get_item().request_items(&*table.name, wanted);
    let answer = Box::pin(request.send()).await.map_err(|error| store_error(&error))?;
    let items = answer.responses.and_then(|mut tables| tables.remove(&*table.name)).unwrap_or_default();
    let unprocessed = answer.unprocessed_keys.and_then(|mut tables| tables.remove(&*table.name));
    Ok((items, unprocessed.map(|keys| keys.keys).unwrap_or_default()))
}

/// A key as DynamoDB takes it.
pub(crate) fn key_item(key: &Key) -> HashMap<String, AttributeValue> {
    HashMap::from([
        (PK.to_owned(), AttributeValue::S(key.pk.clone())),
        (SK.to_owned(), AttributeValue::S(key.sk.clone())),
    ])
}

/// The key of an item as DynamoDB gives it.
pub(crate) fn key_of(item: &HashMap<String, AttributeValue>) -> Option<Key> {
    let text = |name| item.get(name)?.as_s().ok().cloned();
    Some(Key { pk: text(PK)?, sk: text(SK)? })
}
