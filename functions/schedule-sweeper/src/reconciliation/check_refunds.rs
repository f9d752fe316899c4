//! Checks of refunds that were accepted or made some time ago, in case a webhook about them is lost, and of
//! refunds that have failed: the money that their orders keep is recorded as a discrepancy.

use std::collections::BTreeSet;

use shared::domain::order::payment::GatewayId;
use shared::domain::order::payment::refund::check::CompleteRefundCheck;
use shared::domain::order::{Order, OrderId};
use shared::kit::aws::dynamodb::DynamoReader;
use shared::kit::command::{CommandContext, ReadSet, Store, StoreError};
use shared::kit::system::clock::{Clock, Timestamp};
use shared::payment_gateway::{GatewayError, PaymentGateway, PaymentLedger};
use shared::repository::table_layout::due_list::DueRequest;

use super::{ReconcileError, Reconciliation};
use crate::PAGE_SIZE;

impl<S: Store, G: PaymentGateway + PaymentLedger> Reconciliation<S, G> {
    /// Checks the refunds that are due, and returns the number of orders checked.
    ///
    /// # Errors
    /// [`ReconcileError`] if the table or the gateway does not respond; the next tick checks the rest.
    pub async fn check_refunds(
        &self,
        reader: &DynamoReader,
        context: &CommandContext,
        clock: &impl Clock,
        deadline: Timestamp,
    ) -> Result<usize, ReconcileError> {
        let mut checked = 0;
        let mut request = Some(DueRequest::first(0, context.at, PAGE_SIZE));
        while let Some(current) = request.take() {
            let page = reader.due_refund_checks(current.clone()).await?;
            for order_id in page.items {
                if clock.now() >= deadline {
                    return Ok(checked);
                }
                match self.check_refunds_of(order_id, &context.at(clock.now())).await {
                    Ok(()) => checked += 1,
                    // These do not prevent the checks of other orders.
                    Err(ReconcileError::Gateway(GatewayError::Unexpected)) => {
                        tracing::error!(%order_id, "failed to read the refunds of an order");
                    }
                    Err(ReconcileError::Store(StoreError::Malformed(malformed))) => malformed.report(),
                    Err(error) => return Err(error),
                }
            }
            request = page.next.map(|next| DueRequest { after: Some(next), ..current });
        }
        Ok(checked)
    }

    async fn check_refunds_of(
        &self,
        order_id: OrderId,
        context: &CommandContext,
    ) -> Result<(), ReconcileError> {
        let order: Option<Order> = self.store.load(ReadSet::get(&order_id)).await?;
        let payments: BTreeSet<String> =
            order.iter().flat_map(|order| &order.refunds).map(|refund| refund.gateway_id.0.clone()).collect();
        for payment in payments.into_iter().map(GatewayId) {
            self.record_refunds(order_id, &payment, context).await?;
            self.record_kept_money(&payment, context).await?;
        }
        self.try_execute(CompleteRefundCheck { order_id }, context).await.map(|_| ())
    }

    /// Records a discrepancy if the records of a payment contradict each other after its refunds were
    /// recorded.
    async fn record_kept_money(
        &self,
        payment: &GatewayId,
        context: &CommandContext,
    ) -> Result<(), ReconcileError> {
        let entry = self.gateway.entry(payment, &context.correlation_id).await?;
        for (entry, on_record) in self.with_orders(entry.as_slice()).await? {
            self.reconcile(entry, &on_record, context).await?;
        }
        Ok(())
    }
}
