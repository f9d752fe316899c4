//! The gateway's ledger for reconciliation. Unlike the search, the list is read-after-write consistent.

use http::StatusCode;
use serde::Deserialize;

use super::{INTENTS, StripeGateway, checkout, refunds};
use crate::domain::ledger::reconciliation::{GatewayRecord, LedgerStatus};
use crate::domain::order::payment::GatewayId;
use crate::domain::order::payment::refund::gateway_refund::GatewayRefund;
use crate::domain::values::money::{Amount, Currency, Money};
use crate::kit::command::CorrelationId;
use crate::kit::resilience::http_client::Transport;
use crate::kit::system::clock::{Clock, Entropy, Timestamp};
use crate::payment_gateway::{GatewayError, LedgerPage, LedgerQuery, PaymentLedger};

/// Number of payments of a page, such that its orders and payments are one read of the table.
const PAGE_SIZE: usize = 50;

/// The fields of a list that we use.
#[derive(Debug, Deserialize)]
struct List {
    data: Vec<ListedIntent>,
    has_more: bool,
}

/// The fields of a listed payment intent that we use.
#[derive(Debug, Deserialize)]
struct ListedIntent {
    id: String,
    status: String,
    #[serde(default)]
    amount_received: i64,
    currency: String,
    #[serde(default)]
    metadata: Metadata,
    latest_charge: Option<Charge>,
}

#[derive(Debug, Default, Deserialize)]
struct Metadata {
    order_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Charge {
    #[serde(default)]
    amount_refunded: i64,
}

impl<T: Transport, C: Clock, R: Entropy> PaymentLedger for StripeGateway<T, C, R> {
    async fn page(
        &self,
        query: &LedgerQuery,
        correlation: &CorrelationId,
    ) -> Result<LedgerPage, GatewayError> {
        let read_at = self.clock.now();
        let response = self.get(path_of(query), correlation).await?;
        let list = List::deserialize(&response.body).map_err(|_| GatewayError::Unexpected)?;
        let entries = list.data.into_iter().map(|listed| listed.entry(read_at)).collect();
        Ok(LedgerPage { entries, has_more: list.has_more })
    }

    async fn entry(
        &self,
        id: &GatewayId,
        correlation: &CorrelationId,
    ) -> Result<Option<GatewayRecord>, GatewayError> {
        let read_at = self.clock.now();
        let path = format!("{INTENTS}/{id}?expand[]=latest_charge");
        let response = self.send_get(path, correlation).await?;
        match response.status {
            StatusCode::OK => {
                let listed =
                    ListedIntent::deserialize(&response.body).map_err(|_| GatewayError::Unexpected)?;
                Ok(Some(listed.entry(read_at)))
            }
            StatusCode::NOT_FOUND => Ok(None),
            _ => Err(self.response_error(&response)),
        }
    }

    async fn refunds_created(
        &self,
        from: Timestamp,
        until: Timestamp,
        correlation: &CorrelationId,
    ) -> Result<Vec<GatewayRefund>, GatewayError> {
        refunds::created_between(self, (from, until), correlation).await
    }

    async fn close(&self, id: &GatewayId, correlation: &CorrelationId) -> Result<(), GatewayError> {
        // If it was paid meanwhile, the next round detects that.
        checkout::close(self, id, correlation).await.map(drop)
    }
}

impl ListedIntent {
    fn entry(self, read_at: Timestamp) -> GatewayRecord {
        let order_id = self.metadata.order_id.as_deref().and_then(|id| id.parse().ok());
        let standing = self.standing();
        GatewayRecord { gateway_id: GatewayId(self.id), order_id, status: standing, read_at }
    }

    fn standing(&self) -> LedgerStatus {
        match self.status.as_str() {
            "succeeded" => self.captured().unwrap_or(LedgerStatus::Unreadable),
            "requires_payment_method" | "requires_confirmation" | "requires_action" => LedgerStatus::Open,
            _ => LedgerStatus::Closed,
        }
    }

    fn captured(&self) -> Option<LedgerStatus> {
        let currency: Currency = self.currency.to_ascii_uppercase().parse().ok()?;
        let amount = Money::new(Amount::try_from(self.amount_received).ok()?, currency);
        let refunded = self.latest_charge.as_ref().map_or(0, |charge| charge.amount_refunded);
        Some(LedgerStatus::Captured { amount, refunded })
    }
}

fn path_of(query: &LedgerQuery) -> String {
    let mut parameters = form_urlencoded::Serializer::new(String::new());
    parameters.append_pair("limit", &PAGE_SIZE.to_string());
    parameters.append_pair("created[gte]", &query.from.as_seconds().to_string());
    parameters.append_pair("created[lte]", &query.until.as_seconds().to_string());
    parameters.append_pair("expand[]", "data.latest_charge");
    if let Some(after) = &query.after {
        parameters.append_pair("starting_after", &after.0);
    }
    format!("{INTENTS}?{}", parameters.finish())
}
