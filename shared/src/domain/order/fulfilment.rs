//! The order saga, pure: where an order's fulfilment stands, and what comes next.
//!
//! Forward: reserve the stock (with the intent to charge, in one commit), charge, confirm. Backward, when an order is
//! called off or the charge fails: find out what became of the charge, refund it, give the stock back. Each arrow is
//! one commit; each call stands between the commit of its intent and the commit of its outcome.
//!
//! ```text
//! Accepted ──reserve──▶ Charging ──captured──▶ Finished (confirmed)
//!     │                    │  ├────declined──▶ Finished (rejected, stock back)
//!     │                    │  └─the gateway failed, and no charge is found──▶ Charging, under a new key
//!     │                    └──cancel──▶ Settling ──not captured──▶ Finished (stock back)
//!     │                                     └──captured──▶ Refunding ──refunded──▶ Finished (stock back)
//!     ├──reserve, no payment method──▶ AwaitingPayment ──cancel, expiry──▶ Finished (stock back)
//!     │                                     └──paid──▶ Finished (confirmed)
//!     └──no stock──▶ Finished (rejected)
//!
//! whatever is over ──paid after all──▶ Refunding ──refunded──▶ Finished
//! ```
//!
//! Refunds stand beside the steps, one record each: whoever decided on them, the saga makes those that are under way
//! before it does anything else. `Refunding` is the step of an order that may end only when all of them are through.

pub mod advance;
pub mod attempts;
pub mod record_capture;
pub mod record_decline;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Order, OrderId};
pub use crate::domain::order::state_machine::stock_position::StockPosition;
use crate::domain::payment::{ChargeIntent, Checkout, CheckoutIntent, KEY_LIFETIME};
use crate::domain::refund::RefundIntent;
use crate::kit::command::ReadSet;
use crate::kit::command::saga::{InvariantViolation, Saga, Step};
use crate::kit::system::clock::Timestamp;
use advance::{AdvanceError, AdvanceOrder, FulfilmentTransition, OrderAndPayment, order_and_payment};

/// Where the fulfilment of an order stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "camelCase")]
pub enum Fulfilment {
    /// Nothing is done yet.
    Accepted,
    /// The stock is reserved, and the charge decided on. What became of it is the gateway's to say.
    Charging {
        /// What is charged.
        intent: ChargeIntent,
    },
    /// The stock is reserved; the buyer pays until then.
    AwaitingPayment {
        /// When the order expires.
        until: Timestamp,
        /// What the buyer pays, once the gateway has made it.
        #[serde(default)]
        checkout: Option<Checkout>,
    },
    /// The order was called off while the charge was under way: what became of the charge must be found out.
    ResolvingCharge {
        /// What was to be charged.
        intent: ChargeIntent,
    },
    /// The money goes back, and the order ends when all of it has.
    Refunding {
        /// Where the order's pieces are meanwhile.
        pieces: StockPosition,
    },
    /// Nothing is left to do.
    Finished,
}

/// Something to ask of the payment gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Charge; asked again under the same key, the gateway repeats its answer.
    Charge(ChargeIntent),
    /// Find the charge by its order, for its key no longer tells.
    Find(ChargeIntent),
    /// Find out whether the charge was made, and make sure that it never will be.
    Settle(ChargeIntent),
    /// The same for a charge whose key no longer tells: find it by its order.
    FindCancelledCharge(ChargeIntent),
    /// Make something that the buyer can pay.
    CreateCheckout(CheckoutIntent),
    /// Give money back; asked again under the same key, the gateway repeats its answer.
    Refund(RefundIntent),
    /// Find the refund by its name, for the gateway may have forgotten the key.
    FindRefund(RefundIntent),
}

/// What comes next for an order.
#[must_use]
pub fn next(order: &Order, now: Timestamp) -> Step<FulfilmentTransition, Effect> {
    if let Some(refund) = order.pending_refund() {
        let intent = refund.intent(order.id);
        let fresh = now.duration_since(intent.decided_at) < KEY_LIFETIME;
        return Step::Call(if fresh { Effect::Refund(intent) } else { Effect::FindRefund(intent) });
    }
    match &order.fulfilment {
        Fulfilment::Accepted => Step::Commit(FulfilmentTransition::Reserve),
        Fulfilment::Charging { intent } if intent.key_is_live(now) => {
            Step::Call(Effect::Charge(intent.clone()))
        }
        Fulfilment::Charging { intent } => Step::Call(Effect::Find(intent.clone())),
        Fulfilment::AwaitingPayment { until, checkout: None } if now < *until => {
            Step::Call(Effect::CreateCheckout(CheckoutIntent { order_id: order.id, amount: order.total }))
        }
        Fulfilment::AwaitingPayment { until, .. } => Step::Wait(*until),
        Fulfilment::ResolvingCharge { intent } if intent.key_is_live(now) => {
            Step::Call(Effect::Settle(intent.clone()))
        }
        Fulfilment::ResolvingCharge { intent } => Step::Call(Effect::FindCancelledCharge(intent.clone())),
        // Refunding ends in the commit of its last refund.
        Fulfilment::Refunding { .. } | Fulfilment::Finished => Step::Finished,
    }
}

impl Fulfilment {
    /// The step in words for the people concerned.
    #[must_use]
    pub const fn public_name(&self) -> &'static str {
        match self {
            Self::Accepted => "reserving stock",
            Self::Charging { .. } => "charging",
            Self::AwaitingPayment { .. } => "awaiting payment",
            Self::ResolvingCharge { .. } => "checking the charge",
            Self::Refunding { .. } => "refunding",
            Self::Finished => "finished",
        }
    }
}

/// The saga of one order.
#[derive(Debug, Clone, Copy)]
pub struct OrderSaga {
    /// Which order.
    pub id: OrderId,
    /// How long an order without a payment method waits for its payment.
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

    fn on_refusal(&self, refusal: AdvanceError) -> Result<Option<FulfilmentTransition>, InvariantViolation> {
        match refusal {
            AdvanceError::OutOfStock(product) => Ok(Some(FulfilmentTransition::OutOfStock(product))),
            AdvanceError::Stale => Ok(None),
            AdvanceError::RefundRefused => {
                Err(InvariantViolation("the gateway refuses a refund that is owed"))
            }
            AdvanceError::PaymentMismatch => Err(InvariantViolation("the payment does not add up")),
            AdvanceError::StockMismatch => Err(InvariantViolation("the stock of a product does not add up")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::order::Party;
    use crate::domain::order::tests::{NOW, placed};
    use crate::domain::payment::{ClientSecret, GatewayId};

    #[test]
    fn a_charge_is_looked_up_by_its_order_once_the_gateway_may_have_forgotten_its_key() {
        let now = Timestamp::from_millis(NOW);
        let charging = placed(Some("pm_card_visa")).reserved(Duration::from_hours(24), now).unwrap();
        assert!(matches!(
            next(&charging, now.saturating_add(Duration::from_hours(22))),
            Step::Call(Effect::Charge(_))
        ));
        assert!(matches!(
            next(&charging, now.saturating_add(Duration::from_hours(23))),
            Step::Call(Effect::Find(_))
        ));
    }

    #[test]
    fn a_charge_that_the_gateway_failed_at_is_looked_up_by_its_order_whoever_wants_to_know() {
        let now = Timestamp::from_millis(NOW);
        let charging = placed(Some("pm_card_visa")).reserved(Duration::from_hours(24), now).unwrap();
        let failed = charging.charge_failed(1, now.saturating_add(Duration::from_hours(1))).unwrap();
        let Step::Call(Effect::Find(intent)) = next(&failed, now.saturating_add(Duration::from_hours(1)))
        else {
            panic!("it is looked up")
        };
        assert_eq!(
            intent.key_expires_at(),
            now.saturating_add(Duration::from_hours(1)),
            "not when it was decided on"
        );
        assert!(
            failed.clone().charge_failed(1, now.saturating_add(Duration::from_hours(2))).is_err(),
            "once only"
        );
        let anew = failed.clone().retry_charge(1, now.saturating_add(Duration::from_hours(2))).unwrap();
        assert!(matches!(
            next(&anew, now.saturating_add(Duration::from_hours(2))),
            Step::Call(Effect::Charge(_))
        ));

        let off =
            failed.cancelled(Party::Buyer, None, None, now.saturating_add(Duration::from_hours(2))).unwrap();
        assert!(matches!(
            next(&off, now.saturating_add(Duration::from_hours(2))),
            Step::Call(Effect::FindCancelledCharge(_))
        ));
    }

    #[test]
    fn a_charge_that_was_called_off_is_settled_while_its_key_tells_and_found_by_its_order_afterwards() {
        let now = Timestamp::from_millis(NOW);
        let charging = placed(Some("pm_card_visa")).reserved(Duration::from_hours(24), now).unwrap();
        let off = charging.cancelled(Party::Buyer, None, None, now).unwrap();
        assert!(matches!(
            next(&off, now.saturating_add(Duration::from_hours(22))),
            Step::Call(Effect::Settle(_))
        ));
        assert!(matches!(
            next(&off, now.saturating_add(Duration::from_hours(23))),
            Step::Call(Effect::FindCancelledCharge(_))
        ));
        let failed = off.charge_failed(1, now).unwrap();
        assert!(matches!(next(&failed, now), Step::Call(Effect::FindCancelledCharge(_))));
    }

    #[test]
    fn of_several_who_find_that_an_attempt_was_not_made_one_decides_on_the_next() {
        let now = Timestamp::from_millis(NOW);
        let charging = placed(Some("pm_card_visa")).reserved(Duration::from_hours(24), now).unwrap();
        let anew = charging.retry_charge(1, now).unwrap();
        assert!(anew.clone().retry_charge(1, now).is_err(), "that attempt is over");
        let (of, amount) = (GatewayId("pi_1".to_owned()), anew.total);
        let owing = anew.with_refund_due((&of, amount), (Party::Seller, "cracked"), now);
        let again = owing.retry_refund((1, 1), now).unwrap();
        assert!(again.clone().retry_refund((1, 1), now).is_err(), "that attempt is over");
        assert!(again.retry_refund((1, 2), now).is_ok());
    }

    #[test]
    fn a_refund_is_made_first_and_looked_up_by_its_name_once_the_gateway_may_have_forgotten_its_key() {
        let now = Timestamp::from_millis(NOW);
        let charging = placed(Some("pm_card_visa")).reserved(Duration::from_hours(24), now).unwrap();
        let (of, amount) = (GatewayId("pi_1".to_owned()), charging.total);
        let owing = charging.with_refund_due((&of, amount), (Party::Seller, "cracked"), now);
        assert!(matches!(
            next(&owing, now.saturating_add(Duration::from_hours(22))),
            Step::Call(Effect::Refund(_))
        ));
        assert!(matches!(
            next(&owing, now.saturating_add(Duration::from_hours(23))),
            Step::Call(Effect::FindRefund(_))
        ));
    }

    #[test]
    fn an_order_without_a_payment_method_waits_for_its_payment_and_no_longer() {
        let (now, window) = (Timestamp::from_millis(NOW), Duration::from_hours(24));
        let waiting = placed(None).reserved(window, now).unwrap();
        assert!(matches!(next(&waiting, now), Step::Call(Effect::CreateCheckout(_))));
        let client_secret = ClientSecret("pi_1_secret".to_owned());
        let checkout = Checkout { gateway_id: GatewayId("pi_1".to_owned()), client_secret };
        let waiting = waiting.payable(checkout, now).unwrap();
        assert_eq!(next(&waiting, now), Step::Wait(now.saturating_add(window)));
        assert!(
            waiting
                .clone()
                .expired(now.saturating_add(window).saturating_sub(Duration::from_millis(1)))
                .is_err()
        );
        assert!(waiting.expired(now.saturating_add(window)).is_ok());
    }
}
