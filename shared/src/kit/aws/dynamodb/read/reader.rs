//! Read access for queries. A [`DynamoReader`] cannot write.

use std::collections::HashMap;
use std::hash::Hash;

use super::consistency::Consistency;
use super::query::{Page, Query};
use super::{loader, query};
use crate::kit::aws::dynamodb::Table;
use crate::kit::aws::dynamodb::expression::Projection;
use crate::kit::command::read_set::parsed_or_reported;
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

    /// Loads records by id, in one request for up to 100. Those that do not exist are absent; an item that
    /// cannot be parsed is reported and left out.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn by_id<R: Record>(&self, ids: &[R::Id]) -> Result<HashMap<R::Id, R>, StoreError>
    where
        R::Id: Clone + Eq + Hash,
    {
        let found = self.readable(ids).await?.into_iter();
        Ok(ids.iter().cloned().zip(found).filter_map(|(id, found)| Some((id, found?))).collect())
    }

    /// Loads records in the order of their ids, in one request for up to 100. Those that do not exist are
    /// `None`, as are those that cannot be parsed, which are reported.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn readable<'a, R: Record>(
        &self,
        ids: impl IntoIterator<Item = &'a R::Id>,
    ) -> Result<Vec<Option<R>>, StoreError>
    where
        R::Id: 'a,
    {
        let found = self.get(ReadSet::get_each(ids), Consistency::Eventual).await?;
        Ok(found.into_iter().map(|found| found.and_then(parsed_or_reported)).collect())
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

    /// Reads one page of a list, in one request. An item that cannot be parsed is reported and left out.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn list<R: Record>(&self, query: &Query) -> Result<Page<R>, StoreError> {
        query::run(&self.table, query).await
    }
}
