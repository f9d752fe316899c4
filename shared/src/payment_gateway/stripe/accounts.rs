//! Connected accounts (<https://docs.stripe.com/connect/express-accounts>) and their onboarding.

use http::StatusCode;
use serde::Deserialize;

use super::{StripeError, StripeGateway};
use crate::domain::order::payment::GatewayId;
use crate::kit::command::CorrelationId;
use crate::kit::resilience::http_client::{ServiceResponse, Transport};
use crate::kit::system::clock::{Clock, Entropy, Timestamp};
use crate::payment_gateway::GatewayError;
use crate::payment_gateway::payout_gateway::{
    AccountAnswer, AccountIntent, OnboardingAnswer, OnboardingLink, OnboardingUrls, PayoutAccount,
    TransferCapability,
};

const ACCOUNTS: &str = "/v1/accounts";

/// The fields of an account that we use.
#[derive(Debug, Deserialize)]
struct Account {
    id: String,
    #[serde(default)]
    capabilities: Capabilities,
    payouts_enabled: bool,
    details_submitted: bool,
    requirements: Option<Requirements>,
}

#[derive(Debug, Default, Deserialize)]
struct Capabilities {
    transfers: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Requirements {
    #[serde(default)]
    currently_due: Vec<String>,
    disabled_reason: Option<String>,
}

/// The fields of an account link that we use.
#[derive(Deserialize)]
struct AccountLink {
    url: String,
    expires_at: i64,
}

impl Account {
    fn state(response: &ServiceResponse) -> Result<PayoutAccount, GatewayError> {
        let account = Self::deserialize(&response.body).map_err(|_| GatewayError::Unexpected)?;
        let requirements = account.requirements.unwrap_or_default();
        Ok(PayoutAccount {
            id: GatewayId(account.id),
            transfers: match account.capabilities.transfers.as_deref() {
                Some("active") => TransferCapability::Active,
                Some("pending") => TransferCapability::Pending,
                _ => TransferCapability::Inactive,
            },
            payouts_enabled: account.payouts_enabled,
            details_submitted: account.details_submitted,
            currently_due: requirements.currently_due,
            disabled_reason: requirements.disabled_reason,
        })
    }
}

/// Creates an account. The present state is read again if the response is a replay, because the seller may have
/// continued the onboarding.
pub(super) async fn create<T: Transport, C: Clock, R: Entropy>(
    gateway: &StripeGateway<T, C, R>,
    intent: &AccountIntent,
    correlation: &CorrelationId,
) -> Result<AccountAnswer, GatewayError> {
    let form = vec![
        ("type", "express".to_owned()),
        ("country", intent.country.as_str().to_owned()),
        ("capabilities[transfers][requested]", "true".to_owned()),
        ("metadata[market_id]", intent.market.to_string()),
    ];
    let response = gateway.post(ACCOUNTS, form, Some(intent.idempotency_key()), correlation).await?;
    let error = StripeError::of(&response);
    match response.status {
        StatusCode::OK => {
            let created = Account::state(&response)?;
            let present =
                if response.replayed { read(gateway, &created.id, correlation).await? } else { None };
            Ok(AccountAnswer::Created(present.unwrap_or(created)))
        }
        StatusCode::INTERNAL_SERVER_ERROR => Ok(AccountAnswer::Failed),
        StatusCode::BAD_REQUEST if !error.is_of_idempotency_key() => {
            Ok(AccountAnswer::Refused(error.decline()))
        }
        _ => Err(gateway.response_error(&response)),
    }
}

/// Creates a link to the onboarding. It has no idempotency key, because the response to a repeated key would be
/// the first link, which may have been used or expired.
pub(super) async fn create_link<T: Transport, C: Clock, R: Entropy>(
    gateway: &StripeGateway<T, C, R>,
    account: &GatewayId,
    urls: &OnboardingUrls,
    correlation: &CorrelationId,
) -> Result<OnboardingAnswer, GatewayError> {
    let form = vec![
        ("account", account.0.clone()),
        ("type", "account_onboarding".to_owned()),
        ("refresh_url", urls.refresh.clone()),
        ("return_url", urls.completion.clone()),
    ];
    let response = gateway.post("/v1/account_links", form, None, correlation).await?;
    match response.status {
        StatusCode::OK => {
            let link = AccountLink::deserialize(&response.body).map_err(|_| GatewayError::Unexpected)?;
            let expires_at = Timestamp::from_millis(link.expires_at.saturating_mul(1_000));
            Ok(OnboardingAnswer::Created(OnboardingLink { url: link.url, expires_at }))
        }
        StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND => {
            Ok(OnboardingAnswer::Refused(StripeError::of(&response).decline()))
        }
        _ => Err(gateway.response_error(&response)),
    }
}

/// Reads an account. Stripe responds with 403 for one that is closed.
pub(super) async fn read<T: Transport, C: Clock, R: Entropy>(
    gateway: &StripeGateway<T, C, R>,
    id: &GatewayId,
    correlation: &CorrelationId,
) -> Result<Option<PayoutAccount>, GatewayError> {
    let response = gateway.send_get(format!("{ACCOUNTS}/{id}"), correlation).await?;
    let is_closed = StripeError::of(&response).code.as_deref() == Some("account_invalid");
    match response.status {
        StatusCode::OK => Account::state(&response).map(Some),
        StatusCode::NOT_FOUND => Ok(None),
        StatusCode::FORBIDDEN if is_closed => Ok(None),
        _ => Err(gateway.response_error(&response)),
    }
}
