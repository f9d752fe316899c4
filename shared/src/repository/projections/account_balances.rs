//! Queries of the balances of the ledger's accounts.

use futures::future::try_join_all;

use crate::kit::aws::dynamodb::DynamoReader;
use crate::kit::aws::dynamodb::read::query::{Page, Query};
use crate::kit::command::StoreError;
use crate::projections::account_balances::{AccountBalances, BALANCE_SHARDS, BalanceScope};
use crate::repository::table_layout::keys::partition_of_balances;

/// Maximum number of currencies: more than there are.
const MAX_CURRENCIES: u32 = 100;

impl DynamoReader {
    /// Loads the balances of a scope, one for each currency.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn balances(&self, scope: BalanceScope) -> Result<Vec<AccountBalances>, StoreError> {
        let query = Query::table(partition_of_balances(scope), MAX_CURRENCIES)
            .between("balance#".to_owned(), "balance#~".to_owned());
        let page: Page<AccountBalances> = self.list(&query).await?;
        Ok(page.items)
    }

    /// Loads the balances of all parts of the marketplace.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn balances_of_shards(&self) -> Result<Vec<AccountBalances>, StoreError> {
        let shards = (0..BALANCE_SHARDS).map(|number| self.balances(BalanceScope::Shard(number)));
        Ok(try_join_all(shards).await?.into_iter().flatten().collect())
    }
}
