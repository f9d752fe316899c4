//! The transition table: each state with the steps that it accepts.

use OrderStatus::{
    AwaitingPayment, Cancelled, Confirmed, Delivered, Expired, Pending, Refunded, Rejected, Shipped,
};
use StockPosition::{Available, Reserved, Sold};

use crate::domain::order::OrderStatus;
use crate::domain::order::fulfilment::StockPosition;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Step {
    Reserve,
    OutOfStock,
    ChargeFailed,
    RetryCharge,
    Payable,
    /// The charge waits for the buyer.
    ActionRequired,
    CheckoutClosed,
    PaymentProcessing,
    /// Capture of the order total by the first payment intent.
    Capture,
    /// Capture of another amount by the second payment intent.
    CaptureOther,
    Decline,
    NotCharged,
    RefundMade,
    /// The gateway has accepted the refund and has not made it yet.
    RefundAccepted,
    /// The refund has failed at the gateway.
    RefundFailed,
    RetryRefund,
    RefundRefused,
    RefundsRequested,
    /// A part of the first payment is refunded at the gateway itself.
    RefundAtGateway,
    Cancel,
    Expire,
    Ship,
    Deliver,
    Refund,
}

pub(super) const STEPS: [Step; 24] = [
    Step::Reserve,
    Step::OutOfStock,
    Step::ChargeFailed,
    Step::RetryCharge,
    Step::Payable,
    Step::ActionRequired,
    Step::CheckoutClosed,
    Step::PaymentProcessing,
    Step::Capture,
    Step::CaptureOther,
    Step::Decline,
    Step::NotCharged,
    Step::RefundMade,
    Step::RefundAccepted,
    Step::RefundFailed,
    Step::RetryRefund,
    Step::RefundRefused,
    Step::RefundsRequested,
    Step::RefundAtGateway,
    Step::Cancel,
    Step::Expire,
    Step::Ship,
    Step::Deliver,
    Step::Refund,
];

/// Accepted step, with the status, the stock position and the event that result. Events without subscribers
/// are not stored.
pub(super) type Row = (Step, OrderStatus, StockPosition, Option<&'static str>);

const REFUND: Option<&str> = Some("order.refund_started");
const REFUND_CHANGED: Option<&str> = Some("order.refund_changed");
const REFUND_FAILED: Option<&str> = Some("order.refund_failed");
const PARTIALLY_REFUNDED: Option<&str> = Some("order.partially_refunded");
const REJECTED: Option<&str> = Some("order.rejected");
const PROGRESSED: Option<&str> = Some("order.fulfilment_progressed");
const OVERDUE: Option<&str> = Some("order.payment_overdue");

/// Steps to each state of an order with a payment method, and the rows of the state.
pub(super) const CHARGED: [(&[Step], &[Row]); 21] = [
    (
        &[],
        &[
            (Step::Reserve, AwaitingPayment, Reserved, Some("order.awaiting_payment")),
            (Step::OutOfStock, Rejected, Available, REJECTED),
            (Step::Capture, Pending, Available, REFUND),
            (Step::CaptureOther, Pending, Available, REFUND),
            (Step::Cancel, Cancelled, Available, Some("order.cancelled")),
        ],
    ),
    (
        &[Step::Capture],
        &[
            (Step::CaptureOther, Pending, Available, REFUND),
            (Step::RefundMade, Rejected, Available, REJECTED),
            (Step::RefundAccepted, Rejected, Available, REJECTED),
            (Step::RefundFailed, Pending, Available, REFUND_FAILED),
            (Step::RetryRefund, Pending, Available, PROGRESSED),
            (Step::RefundRefused, Pending, Available, REFUND_FAILED),
            (Step::RefundAtGateway, Pending, Available, PARTIALLY_REFUNDED),
        ],
    ),
    (
        &[Step::Reserve],
        &[
            (Step::ChargeFailed, AwaitingPayment, Reserved, PROGRESSED),
            (Step::RetryCharge, AwaitingPayment, Reserved, PROGRESSED),
            (Step::ActionRequired, AwaitingPayment, Reserved, PROGRESSED),
            (Step::Capture, Confirmed, Sold, Some("order.confirmed")),
            (Step::CaptureOther, AwaitingPayment, Reserved, REFUND),
            (Step::Decline, Rejected, Available, REJECTED),
            (Step::Cancel, Cancelled, Reserved, Some("order.cancelled")),
        ],
    ),
    (
        &[Step::Reserve, Step::ActionRequired],
        &[
            (Step::Capture, Confirmed, Sold, Some("order.confirmed")),
            (Step::CaptureOther, AwaitingPayment, Reserved, REFUND),
            (Step::Cancel, Cancelled, Available, Some("order.cancelled")),
            (Step::Expire, AwaitingPayment, Reserved, OVERDUE),
        ],
    ),
    (
        &[Step::Reserve, Step::ChargeFailed],
        &[
            (Step::RetryCharge, AwaitingPayment, Reserved, PROGRESSED),
            (Step::ActionRequired, AwaitingPayment, Reserved, PROGRESSED),
            (Step::Capture, Confirmed, Sold, Some("order.confirmed")),
            (Step::CaptureOther, AwaitingPayment, Reserved, REFUND),
            (Step::Decline, Rejected, Available, REJECTED),
            (Step::Cancel, Cancelled, Reserved, Some("order.cancelled")),
        ],
    ),
    (
        &[Step::Reserve, Step::CaptureOther],
        &[
            (Step::Capture, AwaitingPayment, Reserved, REFUND),
            (Step::RefundMade, Rejected, Available, REJECTED),
            (Step::RefundAccepted, Rejected, Available, REJECTED),
            (Step::RefundFailed, AwaitingPayment, Reserved, REFUND_FAILED),
            (Step::RetryRefund, AwaitingPayment, Reserved, PROGRESSED),
            (Step::RefundRefused, AwaitingPayment, Reserved, REFUND_FAILED),
        ],
    ),
    (
        &[Step::Reserve, Step::CaptureOther, Step::RefundRefused],
        &[
            (Step::Capture, AwaitingPayment, Reserved, REFUND),
            (Step::RefundMade, Rejected, Available, REJECTED),
            (Step::RefundAccepted, Rejected, Available, REJECTED),
            (Step::RefundsRequested, Rejected, Available, REJECTED),
        ],
    ),
    (
        &[Step::Reserve, Step::Cancel],
        &[
            (Step::ChargeFailed, Cancelled, Reserved, PROGRESSED),
            (Step::Capture, Cancelled, Reserved, REFUND),
            (Step::CaptureOther, Cancelled, Reserved, REFUND),
            (Step::NotCharged, Cancelled, Available, PROGRESSED),
        ],
    ),
    (
        &[Step::Reserve, Step::Cancel, Step::ChargeFailed],
        &[
            (Step::Capture, Cancelled, Reserved, REFUND),
            (Step::CaptureOther, Cancelled, Reserved, REFUND),
            (Step::NotCharged, Cancelled, Available, PROGRESSED),
        ],
    ),
    (
        &[Step::Reserve, Step::Capture],
        &[
            (Step::CaptureOther, Confirmed, Sold, REFUND),
            (Step::RefundAtGateway, Confirmed, Sold, PARTIALLY_REFUNDED),
            (Step::Cancel, Cancelled, Sold, Some("order.cancelled")),
            (Step::Ship, Shipped, Sold, Some("order.shipped")),
            (Step::Refund, Confirmed, Sold, REFUND),
        ],
    ),
    (
        &[Step::Reserve, Step::Capture, Step::Cancel],
        &[
            (Step::CaptureOther, Cancelled, Sold, REFUND),
            (Step::RefundMade, Cancelled, Available, PARTIALLY_REFUNDED),
            (Step::RefundAccepted, Cancelled, Available, REFUND_CHANGED),
            (Step::RefundFailed, Cancelled, Sold, REFUND_FAILED),
            (Step::RetryRefund, Cancelled, Sold, PROGRESSED),
            (Step::RefundRefused, Cancelled, Sold, REFUND_FAILED),
            (Step::RefundAtGateway, Cancelled, Sold, PARTIALLY_REFUNDED),
        ],
    ),
    (
        &[Step::Reserve, Step::Capture, Step::Cancel, Step::RefundAccepted],
        &[
            (Step::CaptureOther, Cancelled, Available, REFUND),
            (Step::RefundMade, Cancelled, Available, PARTIALLY_REFUNDED),
            (Step::RefundFailed, Cancelled, Available, REFUND_FAILED),
            (Step::RefundAtGateway, Cancelled, Available, PARTIALLY_REFUNDED),
        ],
    ),
    (
        &[Step::Reserve, Step::Capture, Step::Cancel, Step::RefundFailed, Step::RefundsRequested],
        &[
            (Step::CaptureOther, Cancelled, Available, REFUND),
            (Step::RefundAtGateway, Cancelled, Available, PARTIALLY_REFUNDED),
            (Step::Refund, Cancelled, Available, REFUND),
        ],
    ),
    (
        &[Step::Reserve, Step::Capture, Step::Refund],
        &[
            (Step::CaptureOther, Confirmed, Sold, REFUND),
            (Step::RefundMade, Refunded, Available, Some("order.refunded")),
            (Step::RefundAccepted, Confirmed, Sold, REFUND_CHANGED),
            (Step::RefundFailed, Confirmed, Sold, REFUND_FAILED),
            (Step::RetryRefund, Confirmed, Sold, PROGRESSED),
            (Step::RefundRefused, Confirmed, Sold, REFUND_FAILED),
            (Step::RefundAtGateway, Confirmed, Sold, PARTIALLY_REFUNDED),
        ],
    ),
    (
        &[Step::Reserve, Step::Capture, Step::Refund, Step::RefundMade],
        &[
            (Step::CaptureOther, Refunded, Available, REFUND),
            (Step::RefundFailed, Refunded, Available, REFUND_FAILED),
            (Step::RefundAtGateway, Refunded, Available, REFUND_CHANGED),
        ],
    ),
    (
        &[Step::Reserve, Step::Capture, Step::Refund, Step::RefundMade, Step::RefundFailed],
        &[
            (Step::CaptureOther, Refunded, Available, REFUND),
            (Step::RefundAtGateway, Refunded, Available, PARTIALLY_REFUNDED),
            (Step::Refund, Refunded, Available, REFUND),
        ],
    ),
    (
        &[Step::Reserve, Step::Capture, Step::Ship],
        &[
            (Step::CaptureOther, Shipped, Sold, REFUND),
            (Step::RefundAtGateway, Shipped, Sold, PARTIALLY_REFUNDED),
            (Step::Deliver, Delivered, Sold, Some("order.delivered")),
            (Step::Refund, Shipped, Sold, REFUND),
        ],
    ),
    (
        &[Step::Reserve, Step::Capture, Step::Ship, Step::Refund],
        &[
            (Step::CaptureOther, Shipped, Sold, REFUND),
            (Step::RefundMade, Refunded, Sold, Some("order.refunded")),
            (Step::RefundAccepted, Shipped, Sold, REFUND_CHANGED),
            (Step::RefundFailed, Shipped, Sold, REFUND_FAILED),
            (Step::RetryRefund, Shipped, Sold, PROGRESSED),
            (Step::RefundRefused, Shipped, Sold, REFUND_FAILED),
            (Step::RefundAtGateway, Shipped, Sold, PARTIALLY_REFUNDED),
            (Step::Deliver, Delivered, Sold, Some("order.delivered")),
        ],
    ),
    (
        &[Step::Reserve, Step::Capture, Step::Ship, Step::Deliver],
        &[
            (Step::CaptureOther, Delivered, Sold, REFUND),
            (Step::RefundAtGateway, Delivered, Sold, PARTIALLY_REFUNDED),
            (Step::Refund, Delivered, Sold, REFUND),
        ],
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
pub(super) const PAID_AT_GATEWAY: [(&[Step], &[Row]); 6] = [
    (
        &[Step::Reserve],
        &[
            (Step::Payable, AwaitingPayment, Reserved, PROGRESSED),
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
            (Step::Expire, AwaitingPayment, Reserved, OVERDUE),
        ],
    ),
    (
        &[Step::Reserve, Step::Payable, Step::Expire],
        &[
            (Step::CheckoutClosed, Expired, Available, Some("order.expired")),
            (Step::PaymentProcessing, AwaitingPayment, Reserved, PROGRESSED),
            (Step::Capture, Confirmed, Sold, Some("order.confirmed")),
            (Step::CaptureOther, AwaitingPayment, Reserved, REFUND),
            (Step::Cancel, Cancelled, Available, Some("order.cancelled")),
        ],
    ),
    (
        &[Step::Reserve, Step::Payable, Step::Expire, Step::PaymentProcessing],
        &[
            (Step::Capture, Confirmed, Sold, Some("order.confirmed")),
            (Step::CaptureOther, AwaitingPayment, Reserved, REFUND),
            (Step::Cancel, Cancelled, Available, Some("order.cancelled")),
            (Step::Expire, AwaitingPayment, Reserved, OVERDUE),
        ],
    ),
    (
        &[Step::Reserve, Step::Payable, Step::Expire, Step::CheckoutClosed],
        &[(Step::Capture, Expired, Available, REFUND), (Step::CaptureOther, Expired, Available, REFUND)],
    ),
    (
        &[Step::Reserve, Step::Expire],
        &[(Step::Capture, Expired, Available, REFUND), (Step::CaptureOther, Expired, Available, REFUND)],
    ),
];
