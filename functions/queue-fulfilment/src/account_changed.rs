//! Consequences of a suspension or deletion of an account.

use shared::domain::user::{User, UserId, UserStatus};
use shared::kit::command::{CommandContext, ReadSet, Store};
use shared::kit::queue::consumer::Outcome;
use shared::kit::system::clock::{Clock, Entropy};
use shared::payment_gateway::PaymentGateway;

use crate::{Fulfilment, store_failed};

impl<S: Store, G: PaymentGateway, C: Clock, R: Entropy> Fulfilment<S, G, C, R> {
    /// Closes the markets of an account that is suspended or deleted, and requests the erasure of the delivery
    /// addresses of a deleted one. A repetition changes nothing.
    pub(crate) async fn account_changed(&self, user: UserId, context: &CommandContext) -> Outcome {
        let account: Option<User> = match self.store.load(ReadSet::get(&user)).await {
            Ok(account) => account,
            Err(error) => return store_failed(&error, "failed to load the account"),
        };
        let is_deleted = account.is_none();
        if account.is_some_and(|account| account.status == UserStatus::Active) {
            return Outcome::Done;
        }
        match self.close_markets(user, context).await {
            Outcome::Done if is_deleted => self.request_erasures(user, context).await,
            outcome => outcome,
        }
    }
}
