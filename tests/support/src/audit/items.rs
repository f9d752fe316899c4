//! What there is in the table.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::de::DeserializeOwned;
use serde_dynamo::AttributeValue as Stored;
use shared::kit::command::{Item, Key, Record};

use crate::app::TestApp;

/// Every item of the table. Only an auditor may read it so.
#[derive(Debug, Clone, Default)]
pub struct Items(Vec<Item>);

impl Items {
    /// Reads the whole table.
    ///
    /// # Panics
    /// If the table does not answer.
    pub async fn scan(shop: &TestApp) -> Self {
        let table = shop.stack().table_name("Table").expect("the template has the table").to_owned();
        Self::of_table(&shop.dynamodb(), &table).await
    }

    /// Reads the whole of a table.
    ///
    /// # Panics
    /// If the table does not answer.
    pub async fn of_table(dynamodb: &aws_sdk_dynamodb::Client, table: &str) -> Self {
        let pages = dynamodb.scan().table_name(table).consistent_read(true).into_paginator().items().send();
        let items: Vec<std::collections::HashMap<String, AttributeValue>> =
            pages.collect::<Result<_, _>>().await.expect("the table answers");
        Self(items.into_iter().map(Item::from).collect())
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Item> {
        self.0.iter()
    }

    /// Those of a kind.
    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Item> {
        self.0.iter().filter(move |item| text(item, "kind") == kind)
    }

    /// The records of a kind.
    pub fn of<R: Record>(&self) -> impl Iterator<Item = R> {
        self.of_kind(R::KIND).map(read)
    }

    /// The records of a kind, with where they stand.
    pub fn placed<R: Record>(&self) -> impl Iterator<Item = (Key, R)> {
        self.of_kind(R::KIND).map(|item| (key(item), read(item)))
    }
}

/// An attribute that is a text; empty if it is not.
#[must_use]
pub(crate) fn text<'a>(item: &'a Item, name: &str) -> &'a str {
    match item.inner().get(name) {
        Some(Stored::S(text)) => text,
        _ => "",
    }
}

/// An attribute that is a number.
#[must_use]
pub(crate) fn number(item: &Item, name: &str) -> Option<i64> {
    match item.inner().get(name)? {
        Stored::N(number) => number.parse().ok(),
        _ => None,
    }
}

/// Where the item stands.
#[must_use]
pub(crate) fn key(item: &Item) -> Key {
    Key { pk: text(item, "pk").to_owned(), sk: text(item, "sk").to_owned() }
}

/// The item as a record.
///
/// # Panics
/// If it is none.
#[must_use]
pub(crate) fn read<T: DeserializeOwned>(item: &Item) -> T {
    serde_dynamo::from_item(item.clone()).expect("what is stored reads")
}
