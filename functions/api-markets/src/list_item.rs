//! Representation of a market in lists.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::domain::market::summary::MarketSummary;
use shared::domain::market::totals::{SummaryWithVolume, WithVolume};
use shared::domain::market::{Market, MarketId, MarketStatus};
use shared::domain::user::UserId;
use shared::domain::values::money::Currency;
use shared::domain::values::text::{Description, Name};
use shared::kit::command::Version;
use shared::kit::http::Included;
use shared::kit::system::clock::Timestamp;

use crate::body::SumBody;
use crate::creator_body::CreatorBody;

/// Market in a list.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    rename = "MarketListItem",
    extend("examples" = [{
        "id": "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRS",
        "name": "Ada's Mugs",
        "status": "active",
        "currency": "EUR",
        "volume": { "amount": 129_935, "currency": "EUR" },
        "creatorId": "usr_01J8Z3K5V0ABCDEFGHJKMNPQRS",
        "createdAt": "2027-01-15T08:00:00.000Z",
    }]),
)]
pub(crate) struct MarketListItem {
    /// Id of the market.
    id: MarketId,
    /// Name of the market.
    name: Name,
    /// Status of the market. Only `active` markets accept orders.
    status: MarketStatus,
    /// Currency of all prices in the market.
    currency: Currency,
    /// Captured amount of all confirmed orders, refunds not subtracted; updated with a short delay.
    volume: SumBody,
    /// Id of the user who created the market and sells in it.
    creator_id: UserId,
    /// Time of creation.
    created_at: Timestamp,
    /// Description of the market; present only if `fields` names it and the market has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Description>,
    /// Time of the last change; present only if `fields` names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<Timestamp>,
    /// Version of the market; present only if `fields` names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<Version>,
    /// Creator of the market; present only with `include=creator`, null if the account was deleted.
    #[serde(skip_deserializing, skip_serializing_if = "Included::is_not_requested")]
    creator: Included<CreatorBody>,
}

impl MarketListItem {
    /// Fields that are not part of the summary: returned only if the caller names them, because the markets
    /// themselves must be read.
    pub(crate) const DETAILS: [&str; 3] = ["description", "updatedAt", "version"];

    /// Combines a summary with the market, if it was read, and its creator.
    pub(crate) fn new(
        summary: SummaryWithVolume,
        details: Option<&Market>,
        creator: Included<CreatorBody>,
    ) -> Self {
        let WithVolume {
            market: MarketSummary { id, name, status, currency, creator_id, created_at },
            volume,
        } = summary;
        Self {
            id,
            name,
            status,
            currency,
            volume: SumBody { amount: volume, currency },
            creator_id,
            created_at,
            description: details.and_then(|market| market.description.clone()),
            updated_at: details.map(|market| market.updated_at),
            version: details.map(|market| market.version),
            creator,
        }
    }
}
