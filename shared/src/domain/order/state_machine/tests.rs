//! Transition table of orders: the accepted transitions of every state, with their results. All others are
//! refused.

mod table;

use std::time::Duration;

use crate::domain::order::cancel::CancelOrder;
use crate::domain::order::expire::ExpireOrder;
use crate::domain::order::fulfilment::advance::{AdvanceOrder, FulfilmentTransition, OrderAndPayment};
use crate::domain::order::fulfilment::record_refund::RefundRefusal;
use crate::domain::order::payment::refund::RefundStatus;
use crate::domain::order::payment::refund::gateway_refund::GatewayRefund;
use crate::domain::order::payment::{Capture, Checkout, ClientSecret, DeclineCode, GatewayId};
use crate::domain::order::refund::{RefundOrder, RefundPart};
use crate::domain::order::shipment::deliver::DeliverOrder;
use crate::domain::order::shipment::ship::ShipOrder;
use crate::domain::order::tests::{placed, reported};
use crate::domain::order::{Order, Shipment};
use crate::domain::tests::{BUYER, SELLER, actor, at, euros};
use crate::kit::command::{Change, Command};
use table::{CHARGED, PAID_AT_GATEWAY, Row, STEPS, Step};

const HOUR: i64 = 60 * 60 * 1_000;

/// Order and payment with the name of the event, if a step is accepted.
type Applied = Option<(OrderAndPayment, Option<&'static str>)>;

fn accepted<T, E>(decided: Result<Change<T, E>, E>, state: impl Fn(T) -> OrderAndPayment) -> Applied {
    let (output, _, events) = decided.ok()?.into_parts().unwrap();
    Some((state(output), events.first().map(|event| event.name)))
}

fn checkout(gateway_id: GatewayId) -> Checkout {
    Checkout { gateway_id, client_secret: ClientSecret("secret".to_owned()) }
}

/// Fulfilment transition of a step; `None` for a step that is another command.
fn fulfilment_transition(step: Step, order: &Order) -> Option<FulfilmentTransition> {
    let code = DeclineCode::new("card_declined");
    let (first, second) = (GatewayId("pi_1".to_owned()), GatewayId("pi_2".to_owned()));
    let report = FulfilmentTransition::RefundReported;
    Some(match step {
        Step::Reserve => FulfilmentTransition::Reserve,
        Step::OutOfStock => FulfilmentTransition::OutOfStock(order.lines.items().next().unwrap().product_id),
        Step::ChargeFailed => FulfilmentTransition::ChargeFailed(1),
        Step::RetryCharge => FulfilmentTransition::RetryCharge(1),
        Step::Payable => FulfilmentTransition::Payable(checkout(first)),
        Step::ActionRequired => FulfilmentTransition::ActionRequired(checkout(first)),
        Step::CheckoutClosed => FulfilmentTransition::CheckoutClosed,
        Step::PaymentProcessing => FulfilmentTransition::PaymentProcessing,
        Step::Capture => FulfilmentTransition::Captured(Capture { gateway_id: first, amount: order.total() }),
        Step::CaptureOther => {
            FulfilmentTransition::Captured(Capture { gateway_id: second, amount: euros(1) })
        }
        Step::Decline => FulfilmentTransition::Declined(code),
        Step::NotCharged => FulfilmentTransition::NotCharged,
        Step::RefundMade => report(reported(order, 1, RefundStatus::Succeeded)),
        Step::RefundAccepted => report(reported(order, 1, RefundStatus::Pending)),
        Step::RefundFailed => report(reported(order, 1, RefundStatus::Failed)),
        Step::RefundsRequested => FulfilmentTransition::RefundsRequested,
        Step::RefundAtGateway => {
            let (name, amount, unknown) = (None, euros(500), reported(order, 0, RefundStatus::Succeeded));
            report(GatewayRefund { payment: first, name, amount, ..unknown })
        }
        Step::RetryRefund => FulfilmentTransition::RetryRefund(1, 1),
        Step::RefundRefused => {
            let (number, attempt, refunds) = (1, 1, Vec::new());
            FulfilmentTransition::RefundRefused(RefundRefusal { number, attempt, code, refunds })
        }
        Step::Cancel | Step::Expire | Step::Ship | Step::Deliver | Step::Refund => return None,
    })
}

fn apply(step: Step, (order, payment): OrderAndPayment, millis: i64) -> Applied {
    let (id, now, seller) = (order.as_ref()?.id, at(millis), actor(SELLER));
    let kept = payment.clone();
    let with_payment = |order| (Some(order), kept.clone());
    if let Some(by) = fulfilment_transition(step, order.as_ref()?) {
        let advance = AdvanceOrder { id, by, payment_window: Duration::from_hours(1) };
        return accepted(advance.decide((order, payment), now), |(order, payment)| {
            (order, payment.or_else(|| kept.clone()))
        });
    }
    match step {
        Step::Cancel => {
            let cancel = CancelOrder { id, by: actor(BUYER), reason: None };
            accepted(cancel.decide((order, payment), now), with_payment)
        }
        Step::Expire => accepted(ExpireOrder { id }.decide(order, at(HOUR)), with_payment),
        Step::Ship => {
            let (carrier, tracking_number) = ("DHL".parse().unwrap(), "1".parse().unwrap());
            let ship = ShipOrder { id, by: seller, shipment: Shipment { carrier, tracking_number } };
            accepted(ship.decide((order, payment), now), with_payment)
        }
        Step::Deliver => {
            accepted(DeliverOrder { id, by: seller }.decide((order, payment), now), with_payment)
        }
        _ => {
            let reason = "scratched".parse().unwrap();
            let refund =
                RefundOrder { may_refund_any: false, id, by: seller, part: RefundPart::Rest, reason };
            accepted(refund.decide((order, payment), now), with_payment)
        }
    }
}

/// Checks the rows of the state that the steps `path` lead to.
fn check(method: Option<&str>, path: &[Step], rows: &[Row]) {
    let state = path.iter().fold((Some(placed(method)), None), |state, step| {
        apply(*step, state, 0).expect("every step of the path is accepted").0
    });
    for step in STEPS {
        let applied = apply(step, state.clone(), HOUR);
        let found = applied.map(|((order, _), event)| {
            let order = order.unwrap();
            assert_eq!(Some(order.version), state.0.as_ref().map(|before| before.version.next()));
            assert_eq!(order.updated_at, at(HOUR), "{path:?} {step:?}");
            (step, order.status, order.stock_position(), event)
        });
        let expected = rows.iter().copied().find(|(accepted, ..)| *accepted == step);
        assert_eq!(found, expected, "{path:?} {step:?}");
    }
}

#[test]
fn only_the_transitions_of_the_table_are_accepted() {
    for (path, rows) in CHARGED {
        check(Some("pm_card_visa"), path, rows);
    }
    for (path, rows) in PAID_AT_GATEWAY {
        check(None, path, rows);
    }
}
