//! Stripe's test payment methods and the result of a charge on each
//! (<https://docs.stripe.com/testing#declined-payments>).

use serde::{Deserialize, Serialize};

use crate::refund::RefundStatus;

/// Result of charging a payment method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChargeResult {
    Succeeds,
    Declines(Decline),
    /// The bank requires authentication by the customer (3-D Secure).
    RequiresAction,
}

/// Decline of a card, with Stripe's codes (<https://docs.stripe.com/declines/codes>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decline {
    pub(super) code: &'static str,
    /// Stripe's `decline_code`.
    pub(super) issuer_code: Option<&'static str>,
    pub(super) message: &'static str,
}

/// Supported declines, by Stripe's decline code or, if there is none, by the error code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeclineCode {
    /// The issuer gives no reason.
    #[serde(alias = "card_declined")]
    GenericDecline,
    /// Insufficient funds.
    InsufficientFunds,
    /// The card was reported lost.
    LostCard,
    /// The card was reported stolen.
    StolenCard,
    /// The card was used too often, or its amount limit is exceeded.
    CardVelocityExceeded,
    /// The card has expired.
    ExpiredCard,
    /// The security code is wrong.
    IncorrectCvc,
    /// The issuer could not process the charge. A retry may succeed.
    ProcessingError,
    /// Authentication is required, but the customer is not present.
    AuthenticationRequired,
}

impl DeclineCode {
    pub(super) fn decline(self) -> Decline {
        let (code, issuer_code, message) = match self {
            Self::GenericDecline => ("card_declined", Some("generic_decline"), "Your card was declined."),
            Self::InsufficientFunds => {
                ("card_declined", Some("insufficient_funds"), "Your card has insufficient funds.")
            }
            Self::LostCard => ("card_declined", Some("lost_card"), "Your card was declined."),
            Self::StolenCard => ("card_declined", Some("stolen_card"), "Your card was declined."),
            Self::CardVelocityExceeded => (
                "card_declined",
                Some("card_velocity_exceeded"),
                "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.",
            ),
            Self::ExpiredCard => ("expired_card", None, "Your card has expired."),
            Self::IncorrectCvc => ("incorrect_cvc", None, "Your card's security code is incorrect."),
            Self::ProcessingError => {
                let message = "An error occurred while processing your card. Try again in a little bit.";
                ("processing_error", None, message)
            }
            Self::AuthenticationRequired => {
                let message = "Your card was declined. This transaction requires authentication.";
                ("authentication_required", Some("authentication_required"), message)
            }
        };
        Decline { code, issuer_code, message }
    }
}

/// Result of charging `payment_method`. `None` if it is not one of Stripe's test payment methods.
pub(super) fn charge_result(payment_method: &str) -> Option<ChargeResult> {
    let name = payment_method.strip_prefix("pm_card_")?;
    let decline = match name.replacen("visa_charge", "charge", 1).as_str() {
        "bypassPending"
        | "createDispute"
        | "createDisputeProductNotReceived"
        | "createDisputeInquiry"
        | "createMultipleDisputes"
        | "visa"
        | "visa_debit"
        | "pendingRefund"
        | "refundFail"
        | "mastercard"
        | "mastercard_debit"
        | "amex"
        | "discover"
        | "jcb" => {
            return Some(ChargeResult::Succeeds);
        }
        "authenticationRequired" | "threeDSecure2Required" => return Some(ChargeResult::RequiresAction),
        "chargeDeclined" => DeclineCode::GenericDecline,
        "chargeDeclinedInsufficientFunds" => DeclineCode::InsufficientFunds,
        "chargeDeclinedLostCard" => DeclineCode::LostCard,
        "chargeDeclinedStolenCard" => DeclineCode::StolenCard,
        "chargeDeclinedExpiredCard" => DeclineCode::ExpiredCard,
        "chargeDeclinedIncorrectCvc" => DeclineCode::IncorrectCvc,
        "chargeDeclinedProcessingError" => DeclineCode::ProcessingError,
        "chargeDeclinedVelocityLimitExceeded" => DeclineCode::CardVelocityExceeded,
        _ => return None,
    };
    Some(ChargeResult::Declines(decline.decline()))
}

/// Returns true if the funds of a charge are available immediately
/// (<https://docs.stripe.com/testing#available-balance>).
pub(super) fn bypasses_pending(payment_method: &str) -> bool {
    payment_method == "pm_card_bypassPending"
}

/// Dispute that a customer opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CardDispute<'a> {
    pub(super) reason: &'a str,
    /// True if no funds are withdrawn.
    pub(super) inquiry: bool,
}

/// Disputes of a charge of `payment_method` (<https://docs.stripe.com/testing#disputes>).
pub(super) fn disputes(payment_method: &str) -> &'static [CardDispute<'static>] {
    const FRAUD: CardDispute<'_> = CardDispute { reason: "fraudulent", inquiry: false };
    match payment_method {
        "pm_card_createDispute" => &[FRAUD],
        "pm_card_createMultipleDisputes" => &[FRAUD, FRAUD],
        "pm_card_createDisputeProductNotReceived" => {
            &[CardDispute { reason: "product_not_received", inquiry: false }]
        }
        "pm_card_createDisputeInquiry" => &[CardDispute { inquiry: true, ..FRAUD }],
        _ => &[],
    }
}

/// Status of a refund to `payment_method`, and the status that it changes to some time later
/// (<https://docs.stripe.com/testing#refunds>).
pub(super) fn refund_result(payment_method: &str) -> (RefundStatus, Option<RefundStatus>) {
    match payment_method {
        "pm_card_pendingRefund" => (RefundStatus::Pending, Some(RefundStatus::Succeeded)),
        "pm_card_refundFail" => (RefundStatus::Succeeded, Some(RefundStatus::Failed)),
        _ => (RefundStatus::Succeeded, None),
    }
}

/// Brand of the card, for `payment_method_details`.
pub(super) fn brand(payment_method: &str) -> &'static str {
    ["mastercard", "amex", "discover", "jcb"]
        .into_iter()
        .find(|brand| payment_method.contains(brand))
        .unwrap_or("visa")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_payment_methods_have_their_documented_results() {
        assert_eq!(charge_result("pm_card_visa"), Some(ChargeResult::Succeeds));
        assert_eq!(charge_result("pm_card_mastercard"), Some(ChargeResult::Succeeds));
        assert_eq!(charge_result("pm_card_authenticationRequired"), Some(ChargeResult::RequiresAction));
        assert_eq!(charge_result("pm_card_unknown"), None);
        assert_eq!(charge_result("card_visa"), None);
        let codes = |method| match charge_result(method) {
            Some(ChargeResult::Declines(decline)) => (decline.code, decline.issuer_code),
            other => panic!("{other:?}"),
        };
        assert_eq!(codes("pm_card_chargeDeclined"), ("card_declined", Some("generic_decline")));
        assert_eq!(codes("pm_card_visa_chargeDeclined"), ("card_declined", Some("generic_decline")));
        assert_eq!(
            codes("pm_card_chargeDeclinedInsufficientFunds"),
            ("card_declined", Some("insufficient_funds"))
        );
        assert_eq!(codes("pm_card_chargeDeclinedExpiredCard"), ("expired_card", None));
        assert_eq!(codes("pm_card_chargeDeclinedProcessingError"), ("processing_error", None));
    }
}
