//! `ops restore-market-status`: writes the copies of the status of all markets.
//!
//! An order checks one copy of its market's status. Markets of versions without copies accept no orders until they have some.

use local::system::console;
use shared::domain::market::status_copy::{NoMarket, RestoreStatusCopies};
use shared::kit::aws::dynamodb::{DynamoReader, DynamoStore, Table};
use shared::kit::command::{CommandContext, CorrelationId, ExecuteError, Store};
use shared::kit::system::clock::{Clock, SystemClock, SystemEntropy};
use shared::repository::table_layout::sorted_list::ListError;

use crate::cli::RestoreMarketStatusArguments;
use crate::markets;
use crate::operator_aws::{self, OperatorAwsError};

/// Failure of `ops restore-market-status`. The command can be repeated.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RestoreError {
    /// The clients cannot be configured.
    #[error(transparent)]
    Aws(#[from] OperatorAwsError),
    /// The markets cannot be listed.
    #[error(transparent)]
    Markets(#[from] ListError),
    /// The copies of a market cannot be written.
    #[error(transparent)]
    Market(#[from] ExecuteError<NoMarket>),
}

/// Writes the copies of all markets.
pub(crate) async fn run(arguments: RestoreMarketStatusArguments) -> Result<(), RestoreError> {
    let aws = operator_aws::load().await?;
    let restored = restore(aws.table_named(&arguments.table)).await?;
    console::line(format_args!("{restored} markets have copies of their status"));
    Ok(())
}

/// Writes the copies of all markets and returns their number. Leaves out markets that are deleted meanwhile.
async fn restore(table: Table) -> Result<usize, RestoreError> {
    let (reader, store) = (DynamoReader::new(table.clone()), DynamoStore::new(table));
    let mut restored = 0;
    for id in markets::all(&reader).await? {
        let context = CommandContext::new(CorrelationId::generate(&SystemEntropy), SystemClock.now());
        match store.execute(RestoreStatusCopies { id }, &context).await {
            Ok(_) => restored += 1,
            Err(ExecuteError::Refused(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(restored)
}

#[cfg(test)]
mod tests {
    use shared::domain::market::status_copy::{STATUS_COPIES, StatusCopy, StatusCopyKey};
    use shared::domain::market::{Market, MarketEvent, MarketStatus};
    use shared::kit::command::ReadSet;
    use shared::repository::market::MarketReader;
    use test_support::Marketplace;
    use test_support::fixture::{MARKET, id};

    use super::*;

    /// Returns true if all copies of the status of the sample market are `status`.
    async fn all_copies_are(marketplace: &Marketplace, status: MarketStatus) -> bool {
        let mut all = true;
        for number in 0..STATUS_COPIES {
            let key = StatusCopyKey { market_id: id(MARKET), number };
            let copy: Option<StatusCopy> = marketplace.store.load(ReadSet::get(&key)).await.unwrap();
            all &= copy == Some(StatusCopy { status });
        }
        all
    }

    #[tokio::test]
    async fn copies_of_a_market_changed_without_them_are_restored() {
        let marketplace = Marketplace::with_sample_data().await;
        assert!(all_copies_are(&marketplace, MarketStatus::Active).await);
        let market = marketplace.reader.market(id(MARKET)).await.unwrap().unwrap();
        let (version, event) = (market.version.next(), MarketEvent::Changed { market_id: market.id });
        let closed = Market { status: MarketStatus::Closed, version, ..market };
        marketplace.put_entity(closed, event).await;
        assert!(all_copies_are(&marketplace, MarketStatus::Active).await, "as earlier versions do");
        for _ in 0..2 {
            assert_eq!(restore(marketplace.table.table()).await.unwrap(), 1);
            assert!(all_copies_are(&marketplace, MarketStatus::Closed).await);
        }
    }
}
