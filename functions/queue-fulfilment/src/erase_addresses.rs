//! Requests the erasure of the delivery addresses of accounts that were deleted.

use shared::domain::order::OrderId;
use shared::domain::order::shipment::address::erase::RequestErasure;
use shared::domain::user::UserId;
use shared::kit::command::{CommandContext, ExecuteError, Store, StoreError};
use shared::kit::queue::consumer::Outcome;
use shared::kit::system::clock::{Clock, Entropy};
use shared::payment_gateway::PaymentGateway;
use shared::repository::table_layout::sorted_list::ListError;

use crate::{Fulfilment, TABLE_UNAVAILABLE};

/// Number of orders that are read at once.
const PAGE_SIZE: u32 = 100;

impl<S: Store, G: PaymentGateway, C: Clock, R: Entropy> Fulfilment<S, G, C, R> {
    /// Requests the erasure of the addresses of a buyer whose account is deleted.
    pub(crate) async fn request_erasures(&self, buyer: UserId, context: &CommandContext) -> Outcome {
        match self.try_request_erasures(buyer, context).await {
            Ok(outcome) => outcome,
            Err(error) => {
                tracing::warn!(%error, "failed to load the orders of the account");
                TABLE_UNAVAILABLE
            }
        }
    }

    async fn try_request_erasures(
        &self,
        buyer: UserId,
        context: &CommandContext,
    ) -> Result<Outcome, ListError> {
        let mut after: Option<String> = None;
        loop {
            let page = self.reader.orders_placed_by(buyer, after.as_deref(), PAGE_SIZE).await?;
            for order in page.items.iter().filter(|order| order.lines.has_shipping()) {
                if let Some(outcome) = self.request_erasure(order.id, buyer, context).await {
                    return Ok(outcome);
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(Outcome::Done);
            }
        }
    }

    /// Requests the erasure of an address. Returns the outcome of the message if that is not possible now.
    async fn request_erasure(
        &self,
        order_id: OrderId,
        buyer: UserId,
        context: &CommandContext,
    ) -> Option<Outcome> {
        match self.store.execute(RequestErasure { order_id, buyer }, context).await {
            Ok(_) | Err(ExecuteError::Refused(_)) => None,
            Err(ExecuteError::Store(StoreError::Malformed(malformed))) => {
                malformed.report();
                None
            }
            Err(ExecuteError::Store(error)) => {
                tracing::warn!(%error, %order_id, "failed to request the erasure of an address");
                Some(TABLE_UNAVAILABLE)
            }
            Err(ExecuteError::Contention | ExecuteError::InProgress | ExecuteError::KeyReused) => {
                Some(Outcome::Retry { after: None, reason: "too many concurrent changes to the address" })
            }
        }
    }
}
