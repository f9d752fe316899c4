//! Queries of payments.

use crate::domain::order::Order;
use crate::domain::order::payment::{Payment, PaymentId};
use crate::kit::aws::dynamodb::{Consistency, DynamoReader};
use crate::kit::command::{ReadSet, StoreError};

impl DynamoReader {
    /// Loads a payment with the order that it pays for, in one request.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn payment(&self, id: PaymentId) -> Result<Option<(Payment, Order)>, StoreError> {
        let order_id = id.cast::<Order>();
        let reads = ReadSet::<Option<Payment>>::get(&id).and(ReadSet::<Option<Order>>::get(&order_id));
        let (payment, order) = self.get(reads, Consistency::Eventual).await?;
        Ok(payment.zip(order))
    }
}
