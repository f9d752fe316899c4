//! Order saga as pure functions: the current step of an order's fulfilment and the next action.
//!
//! Forward: reserve the stock and record the intent to charge in one commit, charge, confirm. Backward, if
//! the order is cancelled or the charge fails: determine whether the charge was made, refund it, release the
//! stock. Each arrow is one commit. Each call to the gateway is made between the commit of its intent and the
//! commit of its outcome.
//!
//! ```text
//! Accepted ──reserve──▶ Charging ──captured──▶ Finished (confirmed)
//!     │                    │  ├────declined──▶ Finished (rejected, stock released)
//!     │                    │  ├────action required──▶ AwaitingPayment
//!     │                    │  └─gateway error, no charge found──▶ Charging, with a new key
//!     │                    └──cancel──▶ ResolvingCharge ──not captured──▶ Finished (stock released)
//!     │                                     └──captured──▶ Refunding ──refunded──▶ Finished (stock released)
//!     ├──reserve, no payment method──▶ AwaitingPayment ──cancel──▶ Finished (stock released)
//!     │                                  │  └──paid──▶ Finished (confirmed)
//!     │                                  └──overdue──▶ ClosingCheckout ──closed──▶ Finished (expired)
//!     │                                                  ├──paid──▶ Finished (confirmed)
//!     │                                                  └──processing──▶ AwaitingPayment
//!     ├──reserve, total of zero──▶ Finished (confirmed)
//!     └──no stock──▶ Finished (rejected)
//!
//! ended order ──late payment──▶ Refunding ──refunded──▶ Finished
//! ```
//!
//! Refunds are separate records of the order. The saga requests due refunds before anything else. `Refunding`
//! is the step of an order that ends when the gateway has accepted or refused all of its refunds. Webhooks
//! and the reconciliation record what happens to an accepted refund later (`record_refund.rs`).

pub mod advance;
pub mod attempts;
mod decision;
pub mod record_capture;
pub mod record_decline;
pub mod record_refund;
pub mod resume;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Order, OrderId, OrderStatus};
use crate::domain::order::payment::refund::{RefundIntent, RefundStatus};
use crate::domain::order::payment::{ChargeIntent, Checkout, CheckoutIntent, KEY_LIFETIME};
pub use crate::domain::order::state_machine::stock_position::StockPosition;
use crate::kit::command::ReadSet;
use crate::kit::command::saga::{InvariantViolation, Saga, Step};
use crate::kit::system::clock::Timestamp;
use advance::{AdvanceError, AdvanceOrder, FulfilmentTransition, OrderAndPayment, order_and_payment};

/// Current step of an order's fulfilment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Fulfilment {
    /// No step is done yet.
    Accepted,
    /// The stock is reserved and the charge is decided. The gateway determines its outcome.
    Charging {
        /// Intent of the charge.
        intent: ChargeIntent,
    },
    /// The stock is reserved and the buyer has until the deadline to pay.
    AwaitingPayment {
        /// Deadline after which the order expires.
        until: Timestamp,
        /// Checkout at which the buyer pays, once the gateway has created it.
        #[serde(default)]
        checkout: Option<Checkout>,
    },
    /// The payment is overdue. The checkout is closed before the stock is released, so that it cannot be paid
    /// afterwards.
    ClosingCheckout {
        /// Checkout to close.
        checkout: Checkout,
        /// Time at which the payment was found to be overdue.
        since: Timestamp,
    },
    /// The order was cancelled during the charge; the outcome of the charge is still unknown.
    ResolvingCharge {
        /// Intent of the charge.
        intent: ChargeIntent,
    },
    /// A refund is due; the order ends when the gateway has accepted or refused all of its refunds.
    Refunding {
        /// Stock position of the order until its end.
        stock_position: StockPosition,
    },
    /// No step is left.
    Finished,
}

/// Request to the payment gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Creates a charge. The gateway repeats its response for the same idempotency key.
    Charge(ChargeIntent),
    /// Finds the charge by its order, because its idempotency key may have expired or repeats an error.
    FindCharge(ChargeIntent),
    /// Determines whether the charge was made and prevents it from being made later.
    ResolveCharge(ChargeIntent),
    /// Same as `ResolveCharge`, but finds the charge by its order, because its idempotency key is no longer
    /// usable.
    FindCancelledCharge(ChargeIntent),
    /// Creates a checkout at which the buyer can pay.
    CreateCheckout(CheckoutIntent),
    /// Closes a checkout, so that it cannot be paid any more.
    CloseCheckout(Checkout),
    /// Makes a refund. The gateway repeats its response for the same idempotency key.
    Refund(RefundIntent),
    /// Finds the refund by its name, because its idempotency key may have expired at the gateway.
    FindRefund(RefundIntent),
}

/// Next step of the saga for an order.
#[must_use]
pub fn next(order: &Order, now: Timestamp) -> Step<FulfilmentTransition, Effect> {
    // An order with a total of zero does not wait for the refund of a payment that it never needed.
    if order.is_free() && order.fulfilment == Fulfilment::Accepted {
        return Step::Commit(FulfilmentTransition::Reserve);
    }
    if let Some(refund) = order.due_refund() {
        let intent = refund.intent(order.id);
        let fresh = now.duration_since(intent.decided_at) < KEY_LIFETIME;
        return Step::Call(if fresh { Effect::Refund(intent) } else { Effect::FindRefund(intent) });
    }
    match &order.fulfilment {
        Fulfilment::Accepted => Step::Commit(FulfilmentTransition::Reserve),
        Fulfilment::Charging { intent } if intent.key_is_live(now) => {
            Step::Call(Effect::Charge(intent.clone()))
        }
        Fulfilment::Charging { intent } => Step::Call(Effect::FindCharge(intent.clone())),
        Fulfilment::AwaitingPayment { until, checkout: None } if now < *until => {
            Step::Call(Effect::CreateCheckout(CheckoutIntent { order_id: order.id, amount: order.total() }))
        }
        Fulfilment::AwaitingPayment { until, .. } => Step::Wait(*until),
        Fulfilment::ClosingCheckout { checkout, .. } => Step::Call(Effect::CloseCheckout(checkout.clone())),
        Fulfilment::ResolvingCharge { intent } if intent.key_is_live(now) => {
            Step::Call(Effect::ResolveCharge(intent.clone()))
        }
        Fulfilment::ResolvingCharge { intent } => Step::Call(Effect::FindCancelledCharge(intent.clone())),
        // Reached only if the last refund was not made: the commit of one that the gateway has accepted ends
        // the order as well.
        Fulfilment::Refunding { .. } => Step::Commit(FulfilmentTransition::RefundsRequested),
        Fulfilment::Finished => Step::Finished,
    }
}

impl Fulfilment {
    /// User-facing name of the step.
    #[must_use]
    pub const fn public_name(&self) -> &'static str {
        match self {
            Self::Accepted => "reserving stock",
            Self::Charging { .. } => "charging",
            Self::AwaitingPayment { .. } => "awaiting payment",
            Self::ClosingCheckout { .. } => "closing the checkout",
            Self::ResolvingCharge { .. } => "checking the charge",
            Self::Refunding { .. } => "refunding",
            Self::Finished => "finished",
        }
    }

    /// Time until which the buyer can pay, while the payment is awaited.
    #[must_use]
    pub const fn payment_deadline(&self) -> Option<Timestamp> {
        match self {
            Self::AwaitingPayment { until, .. } => Some(*until),
            _ => None,
        }
    }
}

/// Saga of one order.
#[derive(Debug, Clone, Copy)]
pub struct OrderSaga {
    /// Id of the order.
    pub id: OrderId,
    /// Time that an order waits for a payment by its buyer.
    pub payment_window: Duration,
}

impl Saga for OrderSaga {
    type State = OrderAndPayment;
    type Transition = FulfilmentTransition;
    type Effect = Effect;
    type Advance = AdvanceOrder;

    fn reads(&self) -> ReadSet<OrderAndPayment> {
        order_and_payment(self.id)
    }

    fn next(&self, (order, _): &OrderAndPayment, now: Timestamp) -> Step<FulfilmentTransition, Effect> {
        order.as_ref().map_or(Step::Finished, |order| next(order, now))
    }

    fn advance(&self, by: FulfilmentTransition) -> AdvanceOrder {
        AdvanceOrder { id: self.id, by, payment_window: self.payment_window }
    }

    fn event_name(&self, by: &FulfilmentTransition) -> &'static str {
        match by {
            FulfilmentTransition::Reserve => "order.reserved",
            FulfilmentTransition::OutOfStock(_) => "order.out_of_stock",
            FulfilmentTransition::ChargeFailed(_) => "order.charge_failed",
            FulfilmentTransition::RetryCharge(_) => "order.charge_retried",
            FulfilmentTransition::Payable(_) => "order.payable",
            FulfilmentTransition::ActionRequired(_) => "order.action_required",
            FulfilmentTransition::CheckoutClosed => "order.checkout_closed",
            FulfilmentTransition::PaymentProcessing => "order.payment_processing",
            FulfilmentTransition::Captured(_) => "order.charged",
            FulfilmentTransition::Declined(_) => "order.declined",
            FulfilmentTransition::NotCharged => "order.not_charged",
            FulfilmentTransition::RefundReported(refund) if refund.status == RefundStatus::Succeeded => {
                "order.refunded"
            }
            FulfilmentTransition::RefundReported(_) => "order.refund_reported",
            FulfilmentTransition::RetryRefund(..) => "order.refund_retried",
            FulfilmentTransition::RefundRefused(_) => "order.refund_refused",
            FulfilmentTransition::RefundsRequested => "order.refunds_requested",
        }
    }

    fn end_event_name(&self, (order, _): &OrderAndPayment) -> Option<&'static str> {
        let order = order.as_ref().filter(|order| order.fulfilment == Fulfilment::Finished)?;
        match order.status {
            OrderStatus::Confirmed if order.refunds.is_empty() => Some("order.confirmed"),
            OrderStatus::Rejected => Some("order.rejected"),
            OrderStatus::Cancelled | OrderStatus::Expired => Some("order.compensated"),
            _ => None,
        }
    }

    fn on_refusal(&self, refusal: AdvanceError) -> Result<Option<FulfilmentTransition>, InvariantViolation> {
        match refusal {
            AdvanceError::OutOfStock(product) => Ok(Some(FulfilmentTransition::OutOfStock(product))),
            AdvanceError::Stale => Ok(None),
            AdvanceError::StockMismatch => {
                Err(InvariantViolation("the stock of a product does not contain the units of the order"))
            }
        }
    }
}
