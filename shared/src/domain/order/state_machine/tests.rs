//! Transition table of orders: the accepted transitions of every state, with their results. All others are
//! refused.

use std::time::Duration;

use OrderStatus::{
    AwaitingPayment, Cancelled, Confirmed, Delivered, Expired, Pending, Refunded, Rejected, Shipped,
};
use StockPosition::{Available, Reserved, Sold};

use crate::domain::order::cancel::CancelOrder;
use crate::domain::order::deliver::DeliverOrder;
use crate::domain::order::expire::ExpireOrder;
use crate::domain::order::fulfilment::StockPosition;
use crate::domain::order::fulfilment::advance::{AdvanceOrder, FulfilmentTransition, OrderAndPayment};
use crate::domain::order::payment::{Capture, Checkout, ClientSecret, DeclineCode, GatewayId};
use crate::domain::order::refund::RefundOrder;
use crate::domain::order::ship::ShipOrder;
use crate::domain::order::tests::placed;
use crate::domain::order::{Order, OrderStatus, Shipment};
use crate::domain::tests::{BUYER, SELLER, actor, at, euros};
use crate::kit::command::{Change, Command};

const HOUR: i64 = 60 * 60 * 1_000;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    Reserve,
    OutOfStock,
    ChargeFailed,
    RetryCharge,
    Payable,
    /// Capture of the order total by the first payment intent.
    Capture,
    /// Capture of another amount by the second payment intent.
    CaptureOther,
    Decline,
    NotCharged,
    RefundMade,
    RetryRefund,
    RefundRefused,
    Cancel,
    Expire,
    Ship,
    Deliver,
    Refund,
}

const STEPS: [Step; 17] = [
    Step::Reserve,
    Step::OutOfStock,
    Step::ChargeFailed,
    Step::RetryCharge,
    Step::Payable,
    Step::Capture,
    Step::CaptureOther,
    Step::Decline,
    Step::NotCharged,
    Step::RefundMade,
    Step::RetryRefund,
    Step::RefundRefused,
    Step::Cancel,
    Step::Expire,
    Step::Ship,
    Step::Deliver,
    Step::Refund,
];

/// Accepted step, with the status, the stock position and the event that result. Events without subscribers
/// are not stored.
type Row = (Step, OrderStatus, StockPosition, Option<&'static str>);

const REFUND: Option<&str> = Some("order.refund_started");

/// Steps to each state of an order with a payment method, and the rows of the state.
const CHARGED: [(&[Step], &[Row]); 16] = [
    (
        &[],
        &[
            (Step::Reserve, AwaitingPayment, Reserved, Some("order.awaiting_payment")),
            (Step::OutOfStock, Rejected, Available, Some("order.rejected")),
            (Step::Capture, Pending, Available, REFUND),
            (Step::CaptureOther, Pending, Available, REFUND),
            (Step::Cancel, Cancelled, Available, Some("order.cancelled")),
        ],
    ),
    (
        &[Step::Capture],
        &[
            (Step::CaptureOther, Pending, Available, REFUND),
            (Step::RefundMade, Rejected, Available, Some("order.rejected")),
            (Step::RetryRefund, Pending, Available, None),
        ],
    ),
    (
        &[Step::Reserve],
        &[
            (Step::ChargeFailed, AwaitingPayment, Reserved, None),
            (Step::RetryCharge, AwaitingPayment, Reserved, None),
            (Step::Capture, Confirmed, Sold, Some("order.confirmed")),
            (Step::CaptureOther, AwaitingPayment, Reserved, REFUND),
            (Step::Decline, Rejected, Available, Some("order.rejected")),
            (Step::Cancel, Cancelled, Reserved, Some("order.cancelled")),
        ],
    ),
    (
        &[Step::Reserve, Step::ChargeFailed],
        &[
            (Step::RetryCharge, AwaitingPayment, Reserved, None),
            (Step::Capture, Confirmed, Sold, Some("order.confirmed")),
            (Step::CaptureOther, AwaitingPayment, Reserved, REFUND),
            (Step::Decline, Rejected, Available, Some("order.rejected")),
            (Step::Cancel, Cancelled, Reserved, Some("order.cancelled")),
        ],
    ),
    (
        &[Step::Reserve, Step::CaptureOther],
        &[
            (Step::Capture, AwaitingPayment, Reserved, REFUND),
            (Step::RefundMade, Rejected, Available, Some("order.rejected")),
            (Step::RetryRefund, AwaitingPayment, Reserved, None),
        ],
    ),
    (
        &[Step::Reserve, Step::Cancel],
        &[
            (Step::ChargeFailed, Cancelled, Reserved, None),
            (Step::Capture, Cancelled, Reserved, REFUND),
            (Step::CaptureOther, Cancelled, Reserved, REFUND),
            (Step::NotCharged, Cancelled, Available, None),
        ],
    ),
    (
        &[Step::Reserve, Step::Cancel, Step::ChargeFailed],
        &[
            (Step::Capture, Cancelled, Reserved, REFUND),
            (Step::CaptureOther, Cancelled, Reserved, REFUND),
            (Step::NotCharged, Cancelled, Available, None),
        ],
    ),
    (
        &[Step::Reserve, Step::Capture],
        &[
            (Step::CaptureOther, Confirmed, Sold, REFUND),
            (Step::Cancel, Cancelled, Sold, Some("order.cancelled")),
            (Step::Ship, Shipped, Sold, Some("order.shipped")),
            (Step::Refund, Confirmed, Sold, REFUND),
        ],
    ),
    (
        &[Step::Reserve, Step::Capture, Step::Cancel],
        &[
            (Step::CaptureOther, Cancelled, Sold, REFUND),
            (Step::RefundMade, Cancelled, Available, Some("order.partially_refunded")),
            (Step::RetryRefund, Cancelled, Sold, None),
        ],
    ),
    (
        &[Step::Reserve, Step::Capture, Step::Refund],
        &[
            (Step::CaptureOther, Confirmed, Sold, REFUND),
            (Step::RefundMade, Refunded, Available, Some("order.refunded")),
            (Step::RetryRefund, Confirmed, Sold, None),
            (Step::RefundRefused, Confirmed, Sold, Some("order.refund_failed")),
        ],
    ),
    (
        &[Step::Reserve, Step::Capture, Step::Refund, Step::RefundMade],
        &[(Step::CaptureOther, Refunded, Available, REFUND)],
    ),
    (
        &[Step::Reserve, Step::Capture, Step::Ship],
        &[
            (Step::CaptureOther, Shipped, Sold, REFUND),
            (Step::Deliver, Delivered, Sold, Some("order.delivered")),
            (Step::Refund, Shipped, Sold, REFUND),
        ],
    ),
    (
        &[Step::Reserve, Step::Capture, Step::Ship, Step::Refund],
        &[
            (Step::CaptureOther, Shipped, Sold, REFUND),
            (Step::RefundMade, Refunded, Sold, Some("order.refunded")),
            (Step::RetryRefund, Shipped, Sold, None),
            (Step::RefundRefused, Shipped, Sold, Some("order.refund_failed")),
            (Step::Deliver, Delivered, Sold, Some("order.delivered")),
        ],
    ),
    (
        &[Step::Reserve, Step::Capture, Step::Ship, Step::Deliver],
        &[(Step::CaptureOther, Delivered, Sold, REFUND), (Step::Refund, Delivered, Sold, REFUND)],
    ),
    (
        &[Step::Reserve, Step::Decline],
        &[(Step::Capture, Rejected, Available, REFUND), (Step::CaptureOther, Rejected, Available, REFUND)],
    ),
    (
        &[Step::Cancel],
        &[(Step::Capture, Cancelled, Available, REFUND), (Step::CaptureOther, Cancelled, Available, REFUND)],
    ),
];

/// Same for an order that its buyer pays at the gateway.
const PAID_AT_GATEWAY: [(&[Step], &[Row]); 3] = [
    (
        &[Step::Reserve],
        &[
            (Step::Payable, AwaitingPayment, Reserved, None),
            (Step::Capture, Confirmed, Sold, Some("order.confirmed")),
            (Step::CaptureOther, AwaitingPayment, Reserved, REFUND),
            (Step::Decline, Rejected, Available, Some("order.rejected")),
            (Step::Cancel, Cancelled, Available, Some("order.cancelled")),
            (Step::Expire, Expired, Available, Some("order.expired")),
        ],
    ),
    (
        &[Step::Reserve, Step::Payable],
        &[
            (Step::Capture, Confirmed, Sold, Some("order.confirmed")),
            (Step::CaptureOther, AwaitingPayment, Reserved, REFUND),
            (Step::Cancel, Cancelled, Available, Some("order.cancelled")),
            (Step::Expire, Expired, Available, Some("order.expired")),
        ],
    ),
    (
        &[Step::Reserve, Step::Expire],
        &[(Step::Capture, Expired, Available, REFUND), (Step::CaptureOther, Expired, Available, REFUND)],
    ),
];

/// Order and payment with the name of the event, if a step is accepted.
type Applied = Option<(OrderAndPayment, Option<&'static str>)>;

fn accepted<T, E>(decided: Result<Change<T, E>, E>, state: impl Fn(T) -> OrderAndPayment) -> Applied {
    let (output, _, events) = decided.ok()?.into_parts().unwrap();
    Some((state(output), events.first().map(|event| event.name)))
}

/// Fulfilment transition of a step; `None` for a step that is another command.
fn fulfilment_transition(step: Step, order: &Order) -> Option<FulfilmentTransition> {
    let code = DeclineCode::new("card_declined");
    let (first, second) = (GatewayId("pi_1".to_owned()), GatewayId("pi_2".to_owned()));
    Some(match step {
        Step::Reserve => FulfilmentTransition::Reserve,
        Step::OutOfStock => FulfilmentTransition::OutOfStock(order.lines[0].product_id),
        Step::ChargeFailed => FulfilmentTransition::ChargeFailed(1),
        Step::RetryCharge => FulfilmentTransition::RetryCharge(1),
        Step::Payable => FulfilmentTransition::Payable(Checkout {
            gateway_id: first,
            client_secret: ClientSecret("secret".to_owned()),
        }),
        Step::Capture => FulfilmentTransition::Captured(Capture { gateway_id: first, amount: order.total }),
        Step::CaptureOther => {
            FulfilmentTransition::Captured(Capture { gateway_id: second, amount: euros(1) })
        }
        Step::Decline => FulfilmentTransition::Declined(code),
        Step::NotCharged => FulfilmentTransition::NotCharged,
        Step::RefundMade => FulfilmentTransition::Refunded(1),
        Step::RetryRefund => FulfilmentTransition::RetryRefund(1, 1),
        Step::RefundRefused => FulfilmentTransition::RefundRefused(1, code),
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
        Step::Deliver => accepted(DeliverOrder { id, by: seller }.decide(order, now), with_payment),
        _ => {
            let reason = "scratched".parse().unwrap();
            let refund = RefundOrder { id, by: seller, amount: None, reason };
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
