//! Queries of discrepancies between the gateway's ledger and our payments.

use serde::{Deserialize, Serialize};
use strum::VariantArray as _;

use crate::domain::ledger::reconciliation::discrepancy::{Discrepancy, DiscrepancyStatus};
use crate::domain::order::payment::GatewayId;
use crate::kit::aws::dynamodb::DynamoReader;
use crate::kit::aws::dynamodb::read::query::{Page, Query};
use crate::kit::aws::dynamodb::schema::Index;
use crate::kit::command::page::{ListPage, PageRequest};
use crate::kit::command::{Key, Record, StoreError};
use crate::kit::system::clock::Timestamp;
use crate::repository::table_layout::partitions;
use crate::repository::table_layout::sorted_list::ListError;

/// Maximum count of the discrepancies of a status.
pub const COUNT_CAP: u32 = 10_000;

impl DynamoReader {
    /// Loads a page of the discrepancies of a status, or of all statuses, the most recently found first.
    ///
    /// # Errors
    /// [`ListError::Store`] if the table does not respond.
    pub async fn discrepancies(
        &self,
        status: Option<DiscrepancyStatus>,
        slice: &PageRequest,
    ) -> Result<ListPage<Discrepancy>, ListError> {
        Ok(self.page(&of_status(status), slice).await?)
    }

    /// Counts the discrepancies of a status, or of all statuses, up to [`COUNT_CAP`] of each.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn count_discrepancies(&self, status: Option<DiscrepancyStatus>) -> Result<u64, StoreError> {
        self.count_up_to(&of_status(status), COUNT_CAP).await
    }

    /// Counts the open discrepancies, up to [`COUNT_CAP`], by their keys.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn open_discrepancies(&self) -> Result<u64, StoreError> {
        let open = Query::index(Index::Due, partitions::OPEN_DISCREPANCIES, 1);
        self.count_up_to(&[open], COUNT_CAP).await
    }

    /// Lists up to `limit` open discrepancies that were last checked before `since`, the longest ago first.
    /// Reads only those.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn stale_discrepancies(
        &self,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<GatewayId>, StoreError> {
        let stale = Query::index(Index::Due, partitions::OPEN_DISCREPANCIES, limit).before(since.to_string());
        let page: Page<StaleDiscrepancy> = self.list(&stale).await?;
        Ok(page.items.iter().filter_map(StaleDiscrepancy::id).collect())
    }
}

fn of_status(status: Option<DiscrepancyStatus>) -> Vec<Query> {
    let statuses =
        DiscrepancyStatus::VARIANTS.iter().filter(|known| status.is_none_or(|filter| filter == **known));
    let partitions = statuses.map(|status| partitions::discrepancies(*status));
    partitions.map(|partition| Query::index(Index::ByParent, partition, 1).descending()).collect()
}

/// Entry of a discrepancy in the sparse index, which contains only its key.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct StaleDiscrepancy {
    pk: String,
}

impl Record for StaleDiscrepancy {
    const KIND: &'static str = Discrepancy::KIND;
    type Id = GatewayId;

    fn key(id: &GatewayId) -> Key {
        Discrepancy::key(id)
    }
}

impl StaleDiscrepancy {
    fn id(&self) -> Option<GatewayId> {
        self.pk.split_once('#').map(|(_, id)| GatewayId(id.to_owned()))
    }
}
