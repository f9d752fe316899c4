//! Closes the markets of accounts that are suspended or deleted.

use shared::domain::market::close::CloseMarket;
use shared::domain::market::{MarketId, MarketStatus};
use shared::domain::user::UserId;
use shared::kit::command::{CommandContext, ExecuteError, Store, StoreError};
use shared::kit::queue::consumer::Outcome;
use shared::kit::system::clock::{Clock, Entropy};
use shared::payment_gateway::PaymentGateway;
use shared::repository::table_layout::sorted_list::ListError;

use crate::{Fulfilment, TABLE_UNAVAILABLE};

/// Number of markets that are read at once.
const PAGE_SIZE: u32 = 50;

impl<S: Store, G: PaymentGateway, C: Clock, R: Entropy> Fulfilment<S, G, C, R> {
    /// Closes the active markets of an account that is not active.
    pub(crate) async fn close_markets(&self, creator: UserId, context: &CommandContext) -> Outcome {
        match self.try_close_markets(creator, context).await {
            Ok(outcome) => outcome,
            Err(error) => {
                tracing::warn!(%error, "failed to load the markets of the account");
                TABLE_UNAVAILABLE
            }
        }
    }

    async fn try_close_markets(
        &self,
        creator: UserId,
        context: &CommandContext,
    ) -> Result<Outcome, ListError> {
        let mut after: Option<String> = None;
        loop {
            let page = self.reader.markets_of(creator, after.as_deref(), PAGE_SIZE).await?;
            for market in page.items.iter().filter(|market| market.status == MarketStatus::Active) {
                if let Some(outcome) = self.close_market(market.id, creator, context).await {
                    return Ok(outcome);
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(Outcome::Done);
            }
        }
    }

    /// Closes a market. Returns the outcome of the message if the market cannot be closed now.
    async fn close_market(&self, id: MarketId, creator: UserId, context: &CommandContext) -> Option<Outcome> {
        match self.store.execute(CloseMarket { id, creator }, context).await {
            Ok(_) | Err(ExecuteError::Refused(_)) => None,
            Err(ExecuteError::Store(StoreError::Malformed(malformed))) => {
                malformed.report();
                None
            }
            Err(ExecuteError::Store(error)) => {
                tracing::warn!(%error, market_id = %id, "failed to close a market");
                Some(TABLE_UNAVAILABLE)
            }
            Err(ExecuteError::Contention | ExecuteError::InProgress | ExecuteError::KeyReused) => {
                Some(Outcome::Retry { after: None, reason: "too many concurrent changes to the market" })
            }
        }
    }
}
