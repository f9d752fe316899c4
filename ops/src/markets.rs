//! All markets of a deployment.

use shared::domain::market::{MarketId, MarketStatus};
use shared::kit::aws::dynamodb::DynamoReader;
use shared::kit::command::page::{PageRequest, Start};
use shared::repository::market::{MarketList, MarketReader, MarketSortOrder};
use shared::repository::table_layout::sorted_list::{ListError, SortKey, SortOrder};

/// Number of markets read together.
const PAGE: u32 = 100;

/// Ids of all markets.
///
/// # Errors
/// [`ListError`] if the table does not respond.
pub(crate) async fn all(reader: &DynamoReader) -> Result<Vec<MarketId>, ListError> {
    let by = SortOrder { by: SortKey::CreatedAt, descending: false };
    let mut ids = Vec::new();
    let statuses = [MarketStatus::Draft, MarketStatus::Active, MarketStatus::Suspended, MarketStatus::Closed];
    for status in statuses {
        let list = MarketList { status, search: None, order: MarketSortOrder::By(by) };
        let mut request = PageRequest::first(PAGE);
        loop {
            let page = reader.markets(&list, &request).await?;
            ids.extend(page.items.into_iter().map(|found| found.market.id));
            let Some(next) = page.next else { break };
            request.start = Start::After(next);
        }
    }
    Ok(ids)
}
