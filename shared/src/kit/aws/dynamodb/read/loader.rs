//! Batch reads: any number of keys, in as few requests as DynamoDB allows.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};

use super::consistency::Consistency;
use crate::kit::aws::dynamodb::error::store_error;
use crate::kit::aws::dynamodb::expression::{Placeholders, Projection};
use crate::kit::aws::dynamodb::schema::{PK, SK};
use crate::kit::aws::dynamodb::{Table, record_retry};
use crate::kit::command::{Item, Key, LoadedItems, StoreError};
use crate::kit::resilience::retry::Backoff;
use crate::kit::system::clock::{Clock, Entropy};

/// Maximum number of keys per request.
const MAX_KEYS: usize = 100;

/// Backoff before requesting unprocessed keys again.
const UNPROCESSED: Backoff = Backoff::new(Duration::from_millis(20), Duration::from_millis(500), 6);

/// Reads the items under `keys`; keys without an item are absent from the result.
pub(crate) async fn load(
    table: &Table,
    keys: impl IntoIterator<Item = &Key>,
    consistency: Consistency,
    projection: Option<&Projection<'_>>,
    clock: &impl Clock,
    entropy: &impl Entropy,
) -> Result<LoadedItems, StoreError> {
    // In the order of the keys, so that equal reads make equal requests.
    let mut distinct = HashSet::new();
    let keys = keys.into_iter().filter(|key| distinct.insert(*key));
    let mut pending: Vec<HashMap<String, AttributeValue>> = keys.map(key_item).collect();
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
            record_retry("BatchGetItem", idle_rounds + 1, delay, "unprocessed");
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
    let keys_and_attributes = KeysAndAttributes::builder()
        .set_keys(Some(keys))
        .consistent_read(consistency == Consistency::Strong)
        .set_projection_expression(projection.map(|projection| projection.render(&mut placeholders)))
        .set_expression_attribute_names(placeholders.names())
        .build()
        .map_err(|_| StoreError::Rejected("batch read without keys".to_owned()))?;
    let request = table.client.batch_get_item().request_items(&*table.name, keys_and_attributes);
    let response = Box::pin(request.send()).await.map_err(|error| store_error(&error))?;
    let items = response.responses.and_then(|mut tables| tables.remove(&*table.name)).unwrap_or_default();
    let unprocessed = response.unprocessed_keys.and_then(|mut tables| tables.remove(&*table.name));
    Ok((items, unprocessed.map(|keys| keys.keys).unwrap_or_default()))
}

/// Converts a key to attributes.
pub(crate) fn key_item(key: &Key) -> HashMap<String, AttributeValue> {
    HashMap::from([
        (PK.to_owned(), AttributeValue::S(key.pk.clone())),
        (SK.to_owned(), AttributeValue::S(key.sk.clone())),
    ])
}

/// Extracts the key of an item.
pub(crate) fn key_of(item: &HashMap<String, AttributeValue>) -> Option<Key> {
    let text = |name| item.get(name)?.as_s().ok().cloned();
    Some(Key { pk: text(PK)?, sk: text(SK)? })
}
