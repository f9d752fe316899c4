//! Reading where the books of the payment gateway differ from ours.

use std::future::Future;

use serde::{Deserialize, Serialize};

use crate::domain::payment::GatewayId;
use crate::domain::reconciliation::discrepancy::{Discrepancy, DiscrepancyStatus};
use crate::kit::aws::dynamodb::DynamoReader;
use crate::kit::aws::dynamodb::read::query::{Page, Query};
use crate::kit::aws::dynamodb::schema::Index;
use crate::kit::command::page::{ListPage, PageRequest};
use crate::kit::command::{Key, Record, StoreError};
use crate::kit::system::clock::Timestamp;
use crate::repository::table_layout::partitions;
use crate::repository::table_layout::sorted_list::ListError;

/// How many discrepancies of a status are counted; a longer list says that it has so many.
pub const COUNT_CAP: u32 = 10_000;

/// What can be asked about discrepancies. Implementations return [`StoreError`] when the table does not answer, and
/// nothing else.
pub trait DiscrepancyReader: Clone + Send + Sync + 'static {
    /// A slice of those of a status, or of all; last seen first comes first.
    fn discrepancies(
        &self,
        status: Option<DiscrepancyStatus>,
        slice: &PageRequest,
    ) -> impl Future<Output = Result<ListPage<Discrepancy>, ListError>> + Send;

    /// How many of a status, or of all, there are, up to [`MAX_COUNTED`] of each.
    fn count_discrepancies(
        &self,
        status: Option<DiscrepancyStatus>,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Up to `limit` open ones that were last looked at before `since`, the longest ago first. Only those are read.
    fn stale_discrepancies(
        &self,
        since: Timestamp,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<GatewayId>, StoreError>> + Send;
}

impl DiscrepancyReader for DynamoReader {
    async fn discrepancies(
        &self,
        status: Option<DiscrepancyStatus>,
        slice: &PageRequest,
    ) -> Result<ListPage<Discrepancy>, ListError> {
        Ok(self.slice(&of_status(status), slice).await?)
    }

    async fn count_discrepancies(&self, status: Option<DiscrepancyStatus>) -> Result<u64, StoreError> {
        self.length(&of_status(status), COUNT_CAP).await
    }

    async fn stale_discrepancies(&self, since: Timestamp, limit: u32) -> Result<Vec<GatewayId>, StoreError> {
        let unseen =
            Query::index(Index::Due, partitions::OPEN_DISCREPANCIES, limit).before(since.to_string());
        let page: Page<Unseen> = self.list(&unseen).await?;
        Ok(page.items.iter().filter_map(Unseen::id).collect())
    }
}

fn of_status(status: Option<DiscrepancyStatus>) -> Vec<Query> {
    let statuses = DiscrepancyStatus::ALL.iter().filter(|known| status.is_none_or(|asked| asked == **known));
    let partitions = statuses.map(|status| partitions::discrepancies(*status));
    partitions.map(|partition| Query::index(Index::ByParent, partition, 1).descending()).collect()
}

/// What the sparse index keeps of a discrepancy: its key.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Unseen {
    pk: String,
}

impl Record for Unseen {
    const KIND: &'static str = Discrepancy::KIND;
    type Id = GatewayId;

    fn key(id: &GatewayId) -> Key {
        Discrepancy::key(id)
    }
}

impl Unseen {
    fn id(&self) -> Option<GatewayId> {
        self.pk.split_once('#').map(|(_, id)| GatewayId(id.to_owned()))
    }
}
