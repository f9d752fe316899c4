//! Representation of a market in responses.

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

use crate::creator_body::CreatorBody;

/// `Cache-Control` of responses with a market that is not a draft.
pub(crate) const PUBLIC: &str = "public, max-age=5";

/// Market: a storefront in which one user sells products.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    rename = "Market",
    extend("examples" = [{
        "id": "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRS",
        "name": "Ada's Mugs",
        "description": "Hand-thrown stoneware.",
        "status": "active",
        "currency": "EUR",
        "volume": { "amount": 129_935, "currency": "EUR" },
        "creatorId": "usr_01J8Z3K5V0ABCDEFGHJKMNPQRS",
        "createdAt": "2027-01-15T08:00:00.000Z",
        "updatedAt": "2027-01-15T08:00:00.000Z",
        "version": 1,
    }]),
)]
pub(crate) struct MarketBody {
    /// Id of the market.
    id: MarketId,
    /// Name of the market.
    name: Name,
    /// Description of the market; absent if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Description>,
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
    /// Time of the last change. Changes of the volume do not count.
    updated_at: Timestamp,
    /// Version of the market, from 1; each change other than of the volume increments it.
    version: Version,
    /// Creator of the market; present only with `include=creator`, null if the account was deleted.
    #[serde(skip_deserializing, skip_serializing_if = "Included::is_not_requested")]
    creator: Included<CreatorBody>,
}

/// Sum of the amounts of several orders. It can exceed the maximum of a single amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "MoneySum", extend("examples" = [{ "amount": 129_935, "currency": "EUR" }]))]
pub(crate) struct SumBody {
    /// Minor units of the currency, for example cents.
    pub(crate) amount: i64,
    /// Currency of the sum.
    pub(crate) currency: Currency,
}

impl Resource for MarketBody {
    /// With and without the creator.
    const TAG_COUNTERS: &'static [usize] = &[1, 2];

    fn location(&self) -> String {
        format!("/v1/markets/{}", self.id)
    }

    /// The body contains the volume and the creator, which change without a new version of the market.
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
    /// Adds the creator.
    pub(crate) fn with_creator(self, creator: Included<CreatorBody>) -> Self {
        Self { creator, ..self }
    }
}
