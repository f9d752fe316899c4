//! Events that the function consumes.

use serde::Deserialize;
use serde::de::IgnoredAny;
use shared::domain::job::JobEnd;
use shared::domain::order::OrderEventData;
use shared::domain::user::UserId;
use shared::messaging::email_dispatch::Recipient;

/// Event that may cause an e-mail.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", content = "data", rename_all_fields = "camelCase")]
pub enum EmailEvent {
    /// An account was created.
    #[serde(rename = "user.registered")]
    UserRegistered {
        /// Id of the account.
        user_id: UserId,
    },
    /// An account was created for another person.
    #[serde(rename = "user.invited")]
    UserInvited {
        /// Id of the account.
        user_id: UserId,
    },
    /// Another e-mail address was requested for an account.
    #[serde(rename = "user.email_change_requested")]
    EmailChangeRequested {
        /// Id of the account.
        user_id: UserId,
    },
    /// The e-mail address of an account was changed. It is verified, so no e-mail is sent, unless an earlier
    /// release published the event.
    #[serde(rename = "user.email_changed")]
    EmailChanged {
        /// Id of the account.
        user_id: UserId,
    },
    /// A password reset was requested for an account.
    #[serde(rename = "user.password_reset_requested")]
    PasswordResetRequested {
        /// Id of the account.
        user_id: UserId,
    },
    /// A password reset was requested for an address without an account.
    #[serde(rename = "user.password_reset_unknown_email")]
    PasswordResetUnknownEmail,
    /// An order was placed.
    #[serde(rename = "order.created")]
    OrderCreated(OrderEventData),
    /// An order is paid.
    #[serde(rename = "order.confirmed")]
    OrderConfirmed(OrderEventData),
    /// An order cannot be fulfilled.
    #[serde(rename = "order.rejected")]
    OrderRejected(OrderEventData),
    /// An order was cancelled.
    #[serde(rename = "order.cancelled")]
    OrderCancelled(OrderEventData),
    /// An order was not paid in time.
    #[serde(rename = "order.expired")]
    OrderExpired(OrderEventData),
    /// An order was shipped.
    #[serde(rename = "order.shipped")]
    OrderShipped(OrderEventData),
    /// An order was delivered.
    #[serde(rename = "order.delivered")]
    OrderDelivered(OrderEventData),
    /// The gateway refused a refund of an order, or the refund failed later.
    #[serde(rename = "order.refund_failed")]
    OrderRefundFailed(OrderEventData),
    /// A refund of an order succeeded.
    #[serde(rename = "order.refunded", alias = "order.partially_refunded")]
    OrderRefunded(OrderEventData),
    /// A background job has succeeded.
    #[serde(rename = "job.succeeded")]
    JobSucceeded(JobEnd),
    /// A background job cannot be completed.
    #[serde(rename = "job.failed")]
    JobFailed(JobEnd),
    /// All attempts at a background job have failed.
    #[serde(rename = "job.died")]
    JobDied(JobEnd),
    /// An event of an account or order for which no e-mail is sent.
    #[serde(
        rename = "user.changed",
        alias = "user.deleted",
        alias = "order.awaiting_payment",
        alias = "order.refund_started",
        alias = "order.refund_changed",
        alias = "order.fulfilment_progressed"
    )]
    NotEmailed(IgnoredAny),
}

impl EmailEvent {
    /// Recipients of the e-mails about an event of an order.
    pub(crate) const fn order_recipients(&self) -> &'static [Recipient] {
        match self {
            Self::OrderConfirmed(_) | Self::OrderCancelled(_) => &[Recipient::Buyer, Recipient::Seller],
            Self::OrderRefundFailed(_) => &[Recipient::Seller],
            _ => &[Recipient::Buyer],
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use test_support::lambda_event::assert_parse_errors;

    use super::*;

    #[test]
    fn malformed_event_is_reported_with_its_field() {
        assert_parse_errors::<EmailEvent>(&[
            ("user.registered", json!({}), "user.registered: missing field data.userId"),
            (
                "user.password_reset_requested",
                json!({ "userId": 7 }),
                "user.password_reset_requested: invalid field data.userId",
            ),
            ("order.refunded", json!({ "orderId": "ord_1" }), "order.refunded: invalid field data.orderId"),
            ("market.created", json!({}), "unknown event market.created"),
        ]);
    }
}
