//! Interface of the payment gateway for payouts to sellers: connected accounts, and transfers to them.

use std::future::Future;

use crate::domain::market::MarketId;
use crate::domain::order::payment::{DeclineCode, GatewayId};
use crate::domain::values::country::Country;
use crate::domain::values::money::Money;
use crate::kit::command::CorrelationId;
use crate::kit::system::clock::Timestamp;
use crate::payment_gateway::GatewayError;

/// Id of a payout, which names its transfer at the gateway in all attempts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutName(pub String);

/// Transfer to the connected account of a seller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferIntent {
    /// Payout that the transfer is for.
    pub payout: PayoutName,
    /// Number of the attempt, from 1. The next attempt starts only if the previous one certainly sent nothing.
    pub attempt: u32,
    /// Amount to send.
    pub amount: Money,
    /// Id of the connected account.
    pub account: GatewayId,
}

impl TransferIntent {
    /// Key under which the gateway makes the transfer at most once.
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        format!("{}-transfer-{}", self.payout.0, self.attempt)
    }
}

/// Definite answer to a transfer request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransferAnswer {
    /// The transfer was made under this id.
    Sent(GatewayId),
    /// The gateway refuses to make the transfer, for example because the account is closed or not enabled.
    Refused(DeclineCode),
    /// The available balance is too low. The gateway repeats this answer under the key of the attempt.
    Insufficient,
    /// The gateway failed and has certainly sent nothing. It repeats this answer under the key of the attempt.
    NotSent,
}

/// Transfer at the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayTransfer {
    /// Id of the transfer.
    pub id: GatewayId,
    /// Payout that the transfer is for; `None` if it was made at the gateway itself.
    pub payout: Option<PayoutName>,
    /// Id of the connected account.
    pub account: GatewayId,
    /// Transferred amount.
    pub amount: Money,
    /// Amount that was reversed.
    pub reversed: Money,
    /// Time of the transfer.
    pub created: Timestamp,
}

/// Connected account to create for a market.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountIntent {
    /// Market that receives the payouts.
    pub market: MarketId,
    /// Number of the attempt, from 1. The next attempt starts only if the gateway failed at the previous one.
    pub attempt: u32,
    /// Country of the seller.
    pub country: Country,
}

impl AccountIntent {
    /// Key under which the gateway creates the account at most once.
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        format!("{}-account-{}", self.market, self.attempt)
    }
}

/// Definite answer to the creation of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountAnswer {
    /// The account was created.
    Created(PayoutAccount),
    /// The gateway refuses to create the account, for example because it does not support the country.
    Refused(DeclineCode),
    /// The gateway failed. If it created an account, the account is not used. It repeats this answer under the
    /// key of the attempt.
    Failed,
}

/// Status of the capability to receive transfers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferCapability {
    /// The account cannot receive transfers.
    Inactive,
    /// The gateway verifies the account.
    Pending,
    /// The account can receive transfers.
    Active,
}

/// Present state of a connected account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutAccount {
    /// Id of the account.
    pub id: GatewayId,
    /// Status of the capability to receive transfers.
    pub transfers: TransferCapability,
    /// True if the gateway pays out the balance of the account to its bank account.
    pub payouts_enabled: bool,
    /// True if the seller has completed the onboarding. More information can be due later.
    pub details_submitted: bool,
    /// Information that is due, by the names of the gateway.
    pub currently_due: Vec<String>,
    /// Reason of the gateway for which the account is disabled.
    pub disabled_reason: Option<String>,
}

/// Pages that the seller returns to from the onboarding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnboardingUrls {
    /// Page that requests a new link, because the link was used or has expired.
    pub refresh: String,
    /// Page after the onboarding, also if it was not completed.
    pub completion: String,
}

/// Link to the onboarding of a connected account. It can be opened once.
#[derive(Clone, PartialEq, Eq)]
pub struct OnboardingLink {
    /// URL of the onboarding. Anyone who has it can open it.
    pub url: String,
    /// Time at which the link expires.
    pub expires_at: Timestamp,
}

/// Omits the URL, which must not be logged.
impl std::fmt::Debug for OnboardingLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OnboardingLink").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// Answer to the creation of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnboardingAnswer {
    /// The link was created.
    Created(OnboardingLink),
    /// The gateway refuses to create a link, for example because the account is closed or rejected.
    Refused(DeclineCode),
}

/// Gateway operations of payouts. Implementations return [`GatewayError`] whenever the outcome is unknown.
pub trait PayoutGateway: Send + Sync {
    /// Transfers an amount to a connected account. Idempotent: the same intent sends once.
    fn transfer(
        &self,
        intent: &TransferIntent,
        correlation: &CorrelationId,
    ) -> impl Future<Output = Result<TransferAnswer, GatewayError>> + Send;

    /// Returns all transfers of a payout, oldest first. The list contains every transfer that was made before
    /// the call.
    fn transfers(
        &self,
        payout: &PayoutName,
        correlation: &CorrelationId,
    ) -> impl Future<Output = Result<Vec<GatewayTransfer>, GatewayError>> + Send;

    /// Creates a connected account. Idempotent: the same intent creates one.
    fn create_account(
        &self,
        intent: &AccountIntent,
        correlation: &CorrelationId,
    ) -> impl Future<Output = Result<AccountAnswer, GatewayError>> + Send;

    /// Creates a link to the onboarding of an account, a new one for each call.
    fn create_onboarding_link(
        &self,
        account: &GatewayId,
        urls: &OnboardingUrls,
        correlation: &CorrelationId,
    ) -> impl Future<Output = Result<OnboardingAnswer, GatewayError>> + Send;

    /// Returns the present state of an account; `None` if it is closed or was never created.
    fn account(
        &self,
        id: &GatewayId,
        correlation: &CorrelationId,
    ) -> impl Future<Output = Result<Option<PayoutAccount>, GatewayError>> + Send;
}
