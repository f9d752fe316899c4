//! Read access for queries. A [`DynamoReader`] cannot write.

use std::collections::HashMap;
use std::hash::Hash;

use super::consistency::Consistency;
use super::query::{Page, Query};
use super::{loader, query};
use crate::kit::aws::dynamodb::Table;
use crate::kit::aws::dynamodb::expression::Projection;
use crate::kit::command::{ReadSet, Record, StoreError};
use crate::kit::system::clock::{SystemClock, SystemEntropy};

/// Reads a table.
#[derive(Debug, Clone)]
pub struct DynamoReader {
    table: Table,
}

impl DynamoReader {
    /// A reader of `table`.
    #[must_use]
    pub const fn new(table: Table) -> Self {
        Self { table }
    }

    /// The table that is read.
    pub(crate) const fn table(&self) -> &Table {
        &self.table
    }

    /// Loads a read set, in one request for up to 100 keys.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond or an item is malformed.
    pub async fn get<T: 'static>(
        &self,
        reads: ReadSet<T>,
        consistency: Consistency,
    ) -> Result<T, StoreError> {
        let loaded =
            loader::load(&self.table, reads.keys(), consistency, None, &SystemClock, &SystemEntropy).await?;
        Ok(reads.assemble(&loaded)?)
    }

    /// Loads records by id, in one request for up to 100. Those that do not exist are absent.
    ///
    /// # Errors
    /// See [`get`](Self::get).
    pub async fn by_id<R: Record>(&self, ids: &[R::Id]) -> Result<HashMap<R::Id, R>, StoreError>
    where
        R::Id: Clone + Eq + Hash,
    {
        let found: Vec<Option<R>> = self.get(ReadSet::get_all(ids), Consistency::Eventual).await?;
        Ok(ids.iter().cloned().zip(found).filter_map(|(id, found)| Some((id, found?))).collect())
    }

    /// Like [`get`](Self::get), but reads only these attributes, which must include the key.
    ///
    /// # Errors
    /// See [`get`](Self::get).
    pub async fn get_attributes<T: 'static>(
        &self,
        reads: ReadSet<T>,
        consistency: Consistency,
        attributes: &Projection<'_>,
    ) -> Result<T, StoreError> {
        let loaded = loader::load(
            &self.table,
            reads.keys(),
            consistency,
            Some(attributes),
            &SystemClock,
            &SystemEntropy,
        )
        .await?;
        Ok(reads.assemble(&loaded)?)
    }

    /// Checks that the table responds.
    ///
    /// # Errors
    /// [`StoreError`] if it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let key = crate::kit::command::Key { pk: "ping".to_owned(), sk: "ping".to_owned() };
        let key_only = Projection(&[crate::kit::aws::dynamodb::schema::PK]);
        loader::load(
            &self.table,
            [&key],
            Consistency::Eventual,
            Some(&key_only),
            &SystemClock,
            &SystemEntropy,
        )
        .await
        .map(drop)
    }

    /// Reads one page of a list, in one request.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond or an item is malformed.
    pub async fn list<R: Record>(&self, query: &Query) -> Result<Page<R>, StoreError> {
        query::run(&self.table, query).await
    }
}
