//! Reading payments.

pub mod discrepancy;

use std::future::Future;

use crate::domain::order::Order;
use crate::domain::payment::{Payment, PaymentId};
use crate::kit::aws::dynamodb::{Consistency, DynamoReader};
use crate::kit::command::{ReadSet, StoreError};

/// What can be asked about payments. Implementations return [`StoreError`] when the table does not answer, and nothing
/// else: an absent payment is `None`.
pub trait PaymentReader: Clone + Send + Sync + 'static {
    /// The payment with the order that it pays for, in one request.
    fn payment(
        &self,
        id: PaymentId,
    ) -> impl Future<Output = Result<Option<(Payment, Order)>, StoreError>> + Send;
}

impl PaymentReader for DynamoReader {
    async fn payment(&self, id: PaymentId) -> Result<Option<(Payment, Order)>, StoreError> {
        let order_id = id.cast::<Order>();
        let reads = ReadSet::<Option<Payment>>::get(&id).and(ReadSet::<Option<Order>>::get(&order_id));
        let (payment, order) = self.get(reads, Consistency::Eventual).await?;
        Ok(payment.zip(order))
    }
}
