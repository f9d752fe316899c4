//! Current items of the table.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::de::DeserializeOwned;
use serde_dynamo::AttributeValue as Stored;
use shared::kit::command::{Item, Key, Record};

use crate::app::TestApp;

/// All items of a table. Only tests scan it.
#[derive(Debug, Clone, Default)]
pub struct Items(Vec<Item>);

impl Items {
    /// Scans the table of `app`.
    ///
    /// # Panics
    /// If the table does not respond.
    pub async fn scan(app: &TestApp) -> Self {
        let table = app.stack().table_name("Table").expect("the template has the table").to_owned();
        Self::of_table(&app.dynamodb(), &table).await
    }

    /// Scans a table.
    ///
    /// # Panics
    /// If the table does not respond.
    pub async fn of_table(dynamodb: &aws_sdk_dynamodb::Client, table: &str) -> Self {
        let pages = dynamodb.scan().table_name(table).consistent_read(true).into_paginator().items().send();
        let items: Vec<std::collections::HashMap<String, AttributeValue>> =
            pages.collect::<Result<_, _>>().await.expect("the table responds");
        Self(items.into_iter().map(Item::from).collect())
    }

    /// These items.
    pub fn of_items(items: impl IntoIterator<Item = Item>) -> Self {
        Self(items.into_iter().collect())
    }

    /// All items.
    pub fn all(&self) -> impl Iterator<Item = &Item> {
        self.0.iter()
    }

    /// Items of a kind.
    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Item> {
        self.0.iter().filter(move |item| text(item, "kind") == kind)
    }

    /// Records of a type.
    pub fn of<R: Record>(&self) -> impl Iterator<Item = R> {
        self.of_kind(R::KIND).map(read)
    }

    /// Records of a type with their keys.
    pub fn placed<R: Record>(&self) -> impl Iterator<Item = (Key, R)> {
        self.of_kind(R::KIND).map(|item| (key(item), read(item)))
    }
}

/// A string attribute; empty if the item has none of this name.
#[must_use]
pub(crate) fn text<'a>(item: &'a Item, name: &str) -> &'a str {
    match item.inner().get(name) {
        Some(Stored::S(text)) => text,
        _ => "",
    }
}

/// A numeric attribute.
#[must_use]
pub(crate) fn number(item: &Item, name: &str) -> Option<i64> {
    match item.inner().get(name)? {
        Stored::N(number) => number.parse().ok(),
        _ => None,
    }
}

/// Key of an item.
#[must_use]
pub(crate) fn key(item: &Item) -> Key {
    Key { pk: text(item, "pk").to_owned(), sk: text(item, "sk").to_owned() }
}

/// Deserialises an item.
///
/// # Panics
/// If the item is invalid.
#[must_use]
pub(crate) fn read<T: DeserializeOwned>(item: &Item) -> T {
    serde_dynamo::from_item(item.clone()).expect("the stored item is valid")
}
