//! Metrics of unfinished work, and of money on which the gateway and our records disagree.

use std::time::Duration;

use shared::domain::order::Order;
use shared::kit::command::{Store, StoreError};
use shared::kit::queue::relay::EventRouter;
use shared::kit::system::clock::{Clock, Timestamp};
use shared::kit::telemetry::catalogue::{OLDEST_REFUND_AGE, OLDEST_SAGA_AGE, OPEN_DISCREPANCIES};
use shared::kit::telemetry::metrics;

use crate::Sweeper;

impl<S: Store, R: EventRouter, G, C: Clock> Sweeper<S, R, G, C> {
    /// Records the number of open discrepancies, and the ages of the oldest unfinished order and refund.
    pub(crate) async fn record_backlog(&self, now: Timestamp) -> Result<(), StoreError> {
        let open = self.reader.open_discrepancies().await?;
        metrics::record(&OPEN_DISCREPANCIES, [], f64::from(u32::try_from(open).unwrap_or(u32::MAX)));
        let orders = self.reader.oldest_unfinished_orders(now).await?;
        let age =
            |oldest: Option<Timestamp>| oldest.map_or(Duration::ZERO, |begun| now.duration_since(begun));
        let saga = orders.iter().filter_map(Order::fulfilment_begun_at).min();
        metrics::record_duration(&OLDEST_SAGA_AGE, [], age(saga));
        let refund = orders.iter().filter_map(Order::due_refund).map(|refund| refund.at).min();
        metrics::record_duration(&OLDEST_REFUND_AGE, [], age(refund));
        Ok(())
    }
}
