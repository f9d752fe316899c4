//! Operations of the sandbox.

use serde::{Deserialize, Serialize};

/// Operation that a rule selects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// `POST /v1/payment_intents`
    Create,
    /// `POST /v1/payment_intents/{id}/confirm`
    Confirm,
    /// `POST /v1/payment_intents/{id}/cancel`
    Cancel,
    /// `GET /v1/payment_intents/{id}`
    Retrieve,
    /// `GET /v1/payment_intents`
    List,
    /// `GET /v1/charges`
    ListCharges,
    /// `GET /v1/payment_intents/search`
    Search,
    /// `POST /v1/refunds`
    Refund,
    /// `GET /v1/refunds` and `GET /v1/refunds/{id}`
    RetrieveRefund,
    /// `GET /v1/balance_transactions` and `GET /v1/balance_transactions/{id}`
    RetrieveTransaction,
    /// `GET /v1/balance`
    RetrieveBalance,
    /// `POST /v1/accounts`
    CreateAccount,
    /// `GET /v1/accounts/{id}`
    RetrieveAccount,
    /// `DELETE /v1/accounts/{id}`
    DeleteAccount,
    /// `POST /v1/account_links`
    CreateAccountLink,
    /// `POST /v1/transfers`
    CreateTransfer,
    /// `GET /v1/transfers` and `GET /v1/transfers/{id}`
    RetrieveTransfer,
    /// `POST /v1/transfers/{id}/reversals`
    ReverseTransfer,
    /// `GET /v1/disputes` and `GET /v1/disputes/{id}`
    RetrieveDispute,
    /// `POST /v1/disputes/{id}`
    UpdateDispute,
    /// `POST /v1/disputes/{id}/close`
    CloseDispute,
    /// `GET /v1/payouts` and `GET /v1/payouts/{id}`
    RetrievePayout,
    /// `POST /sandbox/payment_intents/{id}/pay`: the customer pays.
    Pay,
    /// `POST /sandbox/refunds/{id}/settle`: the asynchronous change of a refund.
    SettleRefund,
    /// `POST /sandbox/accounts/{id}/…`: a change by Stripe or by the owner of the account.
    ChangeAccount,
    /// `POST /sandbox/account_links/{id}/…`: the owner of the account opens or submits the onboarding.
    Onboard,
    /// `POST /sandbox/transfers/{id}/reverse`: a reversal in the dashboard.
    ReverseInDashboard,
    /// `POST /sandbox/disputes`: the customer disputes a charge.
    OpenDispute,
    /// `POST /sandbox/disputes/{id}/…`: the bank or the customer decides about a dispute.
    SettleDispute,
    /// `POST /sandbox/payouts`: a payout in the dashboard, or of a connected account.
    CreatePayout,
    /// `POST /sandbox/payouts/{id}/…`: a payout arrives, fails or is cancelled.
    SettlePayout,
    /// `POST /sandbox/balance_transactions`: a fee or another movement of the balance.
    RecordTransaction,
    /// Any operation. The default of a rule.
    #[default]
    Any,
}
