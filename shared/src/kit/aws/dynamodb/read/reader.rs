//! Reading for queries: no way to write from here.

use super::query::{Page, Query};
use super::{loader, query};
use crate::kit::aws::dynamodb::Table;
use crate::kit::aws::dynamodb::expression::Projection;
use crate::kit::command::{ReadSet, Record, StoreError};
use crate::kit::system::clock::{SystemClock, SystemEntropy};

/// How fresh a read is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consistency {
    /// Perhaps a moment old, at half the price: for showing.
    Eventual,
    /// As of now: for deciding.
    Strong,
}

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

    /// The table.
    pub(crate) const fn table(&self) -> &Table {
        &self.table
    }

    /// Reads what `reads` names, in one request for up to 100 keys.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer or an item does not read.
    pub async fn get<T: 'static>(
        &self,
        reads: ReadSet<T>,
        consistency: Consistency,
    ) -> Result<T, StoreError> {
        let loaded =
            loader::load(&self.table, reads.keys(), consistency, None, (&SystemClock, &SystemEntropy))
                .await?;
        Ok(reads.assemble(&loaded)?)
    }

    /// As [`get`](Self::get), of each item nothing but these attributes; its key is always among them.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn get_only<T: 'static>(
        &self,
        reads: ReadSet<T>,
        consistency: Consistency,
        attributes: &Projection<'_>,
    ) -> Result<T, StoreError> {
        let chance = (&SystemClock, &SystemEntropy);
        let loaded = loader::load(&self.table, reads.keys(), consistency, Some(attributes), chance).await?;
        Ok(reads.assemble(&loaded)?)
    }

    /// Whether the table answers at all.
    ///
    /// # Errors
    /// [`StoreError`] when it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let key = crate::kit::command::Key { pk: "ping".to_owned(), sk: "ping".to_owned() };
        let only_the_key = Projection(&[crate::kit::aws::dynamodb::schema::PK]);
        let chance = (&SystemClock, &SystemEntropy);
        loader::load(&self.table, [&key], Consistency::Eventual, Some(&only_the_key), chance).await.map(drop)
    }

    /// Reads one page of a list, in one request.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer or an item does not read.
    pub async fn list<R: Record>(&self, query: &Query) -> Result<Page<R>, StoreError> {
        query::run(&self.table, query).await
    }
}
