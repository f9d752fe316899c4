//! Tests of the next step of an order, and of the saga.

use super::*;
use crate::domain::order::Party;
use crate::domain::order::payment::{ClientSecret, GatewayId};
use crate::domain::order::tests::{NOW, placed};

#[test]
fn charge_with_expired_key_is_looked_up_by_order() {
    let now = Timestamp::from_millis(NOW);
    let charging = placed(Some("pm_card_visa")).reserved(Duration::from_hours(24), now).unwrap();
    assert!(matches!(
        next(&charging, now.saturating_add(Duration::from_hours(22))),
        Step::Call(Effect::Charge(_))
    ));
    assert!(matches!(
        next(&charging, now.saturating_add(Duration::from_hours(23))),
        Step::Call(Effect::FindCharge(_))
    ));
}

#[test]
fn charge_after_gateway_error_is_looked_up_by_order() {
    let now = Timestamp::from_millis(NOW);
    let charging = placed(Some("pm_card_visa")).reserved(Duration::from_hours(24), now).unwrap();
    let failed = charging.charge_failed(1, now.saturating_add(Duration::from_hours(1))).unwrap();
    let Step::Call(Effect::FindCharge(intent)) = next(&failed, now.saturating_add(Duration::from_hours(1)))
    else {
        panic!("expected a lookup")
    };
    assert_eq!(
        intent.key_expires_at(),
        now.saturating_add(Duration::from_hours(1)),
        "the key expires at the gateway error"
    );
    assert!(
        failed.clone().charge_failed(1, now.saturating_add(Duration::from_hours(2))).is_err(),
        "an error is recorded once per attempt"
    );
    let retried = failed.clone().retry_charge(1, now.saturating_add(Duration::from_hours(2))).unwrap();
    assert!(matches!(
        next(&retried, now.saturating_add(Duration::from_hours(2))),
        Step::Call(Effect::Charge(_))
    ));

    let cancelled =
        failed.cancelled(Party::Buyer, None, None, now.saturating_add(Duration::from_hours(2))).unwrap();
    assert!(matches!(
        next(&cancelled, now.saturating_add(Duration::from_hours(2))),
        Step::Call(Effect::FindCancelledCharge(_))
    ));
}

#[test]
fn cancelled_charge_is_looked_up_by_order_after_key_expiry() {
    let now = Timestamp::from_millis(NOW);
    let charging = placed(Some("pm_card_visa")).reserved(Duration::from_hours(24), now).unwrap();
    let cancelled = charging.cancelled(Party::Buyer, None, None, now).unwrap();
    assert!(matches!(
        next(&cancelled, now.saturating_add(Duration::from_hours(22))),
        Step::Call(Effect::ResolveCharge(_))
    ));
    assert!(matches!(
        next(&cancelled, now.saturating_add(Duration::from_hours(23))),
        Step::Call(Effect::FindCancelledCharge(_))
    ));
    let failed = cancelled.charge_failed(1, now).unwrap();
    assert!(matches!(next(&failed, now), Step::Call(Effect::FindCancelledCharge(_))));
}

#[test]
fn an_attempt_is_retried_only_once() {
    let now = Timestamp::from_millis(NOW);
    let charging = placed(Some("pm_card_visa")).reserved(Duration::from_hours(24), now).unwrap();
    let retried = charging.retry_charge(1, now).unwrap();
    assert!(retried.clone().retry_charge(1, now).is_err(), "the attempt was already retried");
    let (captured_by, amount) = (GatewayId("pi_1".to_owned()), retried.total());
    let refunding = retried.with_refund_due(&captured_by, amount, Party::Seller, "cracked", now);
    let again = refunding.retry_refund(1, 1, now).unwrap();
    assert!(again.clone().retry_refund(1, 1, now).is_err(), "the attempt was already retried");
    assert!(again.retry_refund(1, 2, now).is_ok());
}

#[test]
fn refund_with_expired_key_is_looked_up_by_name() {
    let now = Timestamp::from_millis(NOW);
    let charging = placed(Some("pm_card_visa")).reserved(Duration::from_hours(24), now).unwrap();
    let (captured_by, amount) = (GatewayId("pi_1".to_owned()), charging.total());
    let refunding = charging.with_refund_due(&captured_by, amount, Party::Seller, "cracked", now);
    assert!(matches!(
        next(&refunding, now.saturating_add(Duration::from_hours(22))),
        Step::Call(Effect::Refund(_))
    ));
    assert!(matches!(
        next(&refunding, now.saturating_add(Duration::from_hours(23))),
        Step::Call(Effect::FindRefund(_))
    ));
}

#[test]
fn checkout_is_created_only_before_the_deadline() {
    let (now, window) = (Timestamp::from_millis(NOW), Duration::from_hours(24));
    let waiting = placed(None).reserved(window, now).unwrap();
    let intent = CheckoutIntent { order_id: waiting.id, amount: waiting.total() };
    let (last, deadline) = (window.saturating_sub(Duration::from_millis(1)), now.saturating_add(window));
    let create = Step::Call(Effect::CreateCheckout(intent));
    assert_eq!(next(&waiting, now.saturating_add(last)), create);
    assert_eq!(next(&waiting, deadline), Step::Wait(deadline));
    assert_eq!(next(&waiting, deadline.saturating_add(window)), Step::Wait(deadline));
    assert_eq!(waiting.fulfilment.payment_deadline(), Some(deadline));
    assert_eq!(Fulfilment::Finished.payment_deadline(), None);
}

#[test]
fn saga_ends_without_order_and_reports_violated_invariants() {
    let saga = OrderSaga { id: placed(None).id, payment_window: Duration::from_hours(1) };
    let now = Timestamp::from_millis(NOW);
    assert_eq!(saga.next(&(None, None), now), Step::Finished);
    let reserve = Step::Commit(FulfilmentTransition::Reserve);
    assert_eq!(saga.next(&(Some(placed(None)), None), now), reserve);
    let product = placed(None).lines.items().next().unwrap().product_id;
    let rejected = saga.on_refusal(AdvanceError::OutOfStock(product)).unwrap();
    assert_eq!(rejected, Some(FulfilmentTransition::OutOfStock(product)));
    assert_eq!(saga.on_refusal(AdvanceError::Stale).unwrap(), None);
    assert!(saga.on_refusal(AdvanceError::StockMismatch).is_err());
}

#[test]
fn order_without_payment_method_waits_until_the_deadline() {
    let (now, window) = (Timestamp::from_millis(NOW), Duration::from_hours(24));
    let waiting = placed(None).reserved(window, now).unwrap();
    assert!(matches!(next(&waiting, now), Step::Call(Effect::CreateCheckout(_))));
    let client_secret = ClientSecret("pi_1_secret".to_owned());
    let checkout = Checkout { gateway_id: GatewayId("pi_1".to_owned()), client_secret };
    let waiting = waiting.payable(checkout, now).unwrap();
    assert_eq!(next(&waiting, now), Step::Wait(now.saturating_add(window)));
    assert!(
        waiting.clone().overdue(now.saturating_add(window).saturating_sub(Duration::from_millis(1))).is_err()
    );
    assert!(waiting.overdue(now.saturating_add(window)).is_ok());
}

#[test]
fn end_of_the_saga_is_an_event_of_its_own() {
    let (saga, now) = (OrderSaga { id: placed(None).id, payment_window: Duration::from_hours(1) }, NOW);
    let now = Timestamp::from_millis(now);
    let reserved = placed(None).reserved(Duration::from_hours(24), now).unwrap();
    assert_eq!(saga.end_event_name(&(Some(reserved.clone()), None)), None);
    let cancelled = reserved.cancelled(Party::Buyer, None, None, now).unwrap();
    assert_eq!(saga.end_event_name(&(Some(cancelled), None)), Some("order.compensated"));
    let rejected = placed(None).out_of_stock("out of stock".to_owned(), now).unwrap();
    assert_eq!(saga.end_event_name(&(Some(rejected), None)), Some("order.rejected"));
    assert_eq!(saga.end_event_name(&(None, None)), None);
}
