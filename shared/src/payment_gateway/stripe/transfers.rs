//! Transfers to connected accounts (<https://docs.stripe.com/connect/separate-charges-and-transfers>). Each has
//! the payout as its transfer group, so that it can be found when its idempotency key no longer yields the
//! outcome. The list of transfers is read-after-write consistent.

use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::{StripeError, StripeGateway, money_of};
use crate::domain::order::payment::GatewayId;
use crate::kit::command::CorrelationId;
use crate::kit::resilience::http_client::Transport;
use crate::kit::system::clock::{Clock, Entropy, Timestamp};
use crate::payment_gateway::GatewayError;
use crate::payment_gateway::payout_gateway::{GatewayTransfer, PayoutName, TransferAnswer, TransferIntent};

const TRANSFERS: &str = "/v1/transfers";

/// The fields of a transfer that we use.
#[derive(Debug, Deserialize)]
struct Transfer {
    id: String,
    amount: i64,
    amount_reversed: i64,
    created: i64,
    currency: String,
    destination: String,
    #[serde(rename = "transfer_group")]
    group: Option<String>,
}

/// The fields of a list that we use.
#[derive(Debug, Deserialize)]
struct List {
    data: Vec<Transfer>,
    has_more: bool,
}

impl Transfer {
    fn of(body: &Value) -> Result<Self, GatewayError> {
        Self::deserialize(body).map_err(|_| GatewayError::Unexpected)
    }

    fn state(self) -> Result<GatewayTransfer, GatewayError> {
        Ok(GatewayTransfer {
            amount: money_of(self.amount, &self.currency)?,
            reversed: money_of(self.amount_reversed, &self.currency)?,
            id: GatewayId(self.id),
            payout: self.group.map(PayoutName),
            account: GatewayId(self.destination),
            created: Timestamp::from_millis(self.created.saturating_mul(1_000)),
        })
    }
}

/// Sends a transfer. Stripe repeats the first answer under the key, also if it is that the balance was too low.
/// A stored 500 leaves the outcome open, and a key of another request may have made the transfer: the list of
/// the payout's transfers resolves both.
pub(super) async fn transfer<T: Transport, C: Clock, R: Entropy>(
    gateway: &StripeGateway<T, C, R>,
    intent: &TransferIntent,
    correlation: &CorrelationId,
) -> Result<TransferAnswer, GatewayError> {
    let form = vec![
        ("amount", intent.amount.amount().to_string()),
        ("currency", intent.amount.currency().as_str().to_ascii_lowercase()),
        ("destination", intent.account.0.clone()),
        ("transfer_group", intent.payout.0.clone()),
        ("metadata[payout]", intent.payout.0.clone()),
        ("metadata[attempt]", intent.attempt.to_string()),
    ];
    let response = gateway.post(TRANSFERS, form, Some(intent.idempotency_key()), correlation).await?;
    let error = StripeError::of(&response);
    match response.status {
        StatusCode::OK => Transfer::of(&response.body).map(|sent| TransferAnswer::Sent(GatewayId(sent.id))),
        StatusCode::INTERNAL_SERVER_ERROR => {
            let found = find(gateway, intent, correlation).await?;
            Ok(found.map_or(TransferAnswer::NotSent, TransferAnswer::Sent))
        }
        StatusCode::BAD_REQUEST if error.is_of_idempotency_key() => {
            let found = find(gateway, intent, correlation).await?;
            found.map(TransferAnswer::Sent).ok_or(GatewayError::Unexpected)
        }
        StatusCode::BAD_REQUEST if error.code.as_deref() == Some("balance_insufficient") => {
            Ok(TransferAnswer::Insufficient)
        }
        StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND => Ok(TransferAnswer::Refused(error.decline())),
        _ => Err(gateway.response_error(&response)),
    }
}

async fn find<T: Transport, C: Clock, R: Entropy>(
    gateway: &StripeGateway<T, C, R>,
    intent: &TransferIntent,
    correlation: &CorrelationId,
) -> Result<Option<GatewayId>, GatewayError> {
    let found = of_payout(gateway, &intent.payout, correlation).await?;
    Ok(found.into_iter().next().map(|transfer| transfer.id))
}

/// Lists the transfers of a payout, oldest first. Fails if one cannot be parsed: it might be the one that is
/// looked up, which would then be made again.
pub(super) async fn of_payout<T: Transport, C: Clock, R: Entropy>(
    gateway: &StripeGateway<T, C, R>,
    payout: &PayoutName,
    correlation: &CorrelationId,
) -> Result<Vec<GatewayTransfer>, GatewayError> {
    let group: String = form_urlencoded::byte_serialize(payout.0.as_bytes()).collect();
    let path = format!("{TRANSFERS}?limit=100&transfer_group={group}");
    let response = gateway.get(path, correlation).await?;
    let list = List::deserialize(&response.body).map_err(|_| GatewayError::Unexpected)?;
    if list.has_more {
        tracing::error!(payout_id = payout.0, "a payout has more than 100 transfers");
        return Err(GatewayError::Unexpected);
    }
    // The gateway lists the newest transfers first.
    list.data.into_iter().rev().map(Transfer::state).collect()
}
