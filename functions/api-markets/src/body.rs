//! A market as callers see it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::domain::market::totals::MarketWithVolume;
use shared::domain::market::{MarketId, MarketStatus};
use shared::domain::user::UserId;
use shared::domain::values::money::Currency;
use shared::domain::values::text::{Description, Name};
use shared::kit::command::Version;
use shared::kit::http::{EntityTag, Included, Resource};
use shared::kit::system::clock::Timestamp;

use crate::include_creator::CreatorBody;

/// How long anybody may keep a market that they were shown.
pub(crate) const PUBLIC: &str = "public, max-age=5";

/// A market.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Market")]
pub(crate) struct MarketBody {
    id: MarketId,
    name: Name,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Description>,
    status: MarketStatus,
    currency: Currency,
    /// What was captured for its confirmed orders.
    volume: SumBody,
    creator_id: UserId,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: Version,
    /// Who opened it, for callers who ask.
    #[serde(skip_deserializing, skip_serializing_if = "Included::is_not_requested")]
    creator: Included<CreatorBody>,
}

/// Amounts of many orders: written as one amount is, though more than can be charged at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "MoneySum")]
pub(crate) struct SumBody {
    /// Minor units.
    pub(crate) amount: i64,
    /// The currency.
    pub(crate) currency: Currency,
}

impl Resource for MarketBody {
    fn location(&self) -> String {
        format!("/v1/markets/{}", self.id)
    }

    /// The volume grows without a new version of the market, and is part of what is shown.
    fn tag(&self) -> EntityTag {
        let mut counters = vec![self.volume.amount];
        counters.extend(CreatorBody::etag_counters(&self.creator));
        EntityTag::with_counters(self.version, &counters)
    }
}

impl From<MarketWithVolume> for MarketBody {
    fn from(MarketWithVolume { market, volume }: MarketWithVolume) -> Self {
        Self {
            id: market.id,
            name: market.name,
            description: market.description,
            status: market.status,
            currency: market.currency,
            volume: SumBody { amount: volume, currency: market.currency },
            creator_id: market.creator_id,
            created_at: market.created_at,
            updated_at: market.updated_at,
            version: market.version,
            creator: Included::NotRequested,
        }
    }
}

impl MarketBody {
    /// The same with its creator beside it.
    pub(crate) fn with(self, creator: Included<CreatorBody>) -> Self {
        Self { creator, ..self }
    }
}
