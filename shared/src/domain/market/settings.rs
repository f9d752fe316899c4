//! Settings for the orders of a market: shipping and tax, with which they are priced, and commission.

pub mod commission;
pub mod set;
pub mod shipping;
pub mod tax;

use serde::{Deserialize, Serialize};

use super::MarketId;
use crate::domain::values::id::{Id, Identified};
use crate::domain::values::money::Currency;
use crate::kit::command::Version;
use crate::kit::system::clock::Timestamp;

/// Maximum size of the settings in bytes of JSON, because each order reads them.
pub const MAX_SIZE: usize = 32 * 1024;

/// Settings of a market. They are stored separately from the market and have their own version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MarketSettings<S> {
    /// Id of the market.
    pub market_id: MarketId,
    /// Version for optimistic locking.
    pub version: Version,
    /// The settings.
    pub settings: S,
    /// Time of the last change.
    pub updated_at: Timestamp,
}

/// Settings of one kind. Their default is that of a market whose settings were never set.
pub trait Settings:
    Clone + Default + PartialEq + Serialize + serde::de::DeserializeOwned + Send + Sync + 'static
{
    /// Name of the settings, for messages.
    const NOUN: &'static str;

    /// Checks the rules that concern several fields.
    ///
    /// # Errors
    /// [`InvalidSettings`], with the position of the invalid value.
    fn check(&self, currency: Currency) -> Result<(), InvalidSettings>;
}

/// Commission settings of a market, as they are stored.
pub type MarketCommission = MarketSettings<commission::CommissionSettings>;

/// Tax settings of a market, as they are stored.
pub type MarketTax = MarketSettings<tax::TaxSettings>;

/// Shipping settings of a market, as they are stored.
pub type MarketShipping = MarketSettings<shipping::ShippingSettings>;

/// Messages about the settings contain the id of their market.
impl<S: Settings> Identified for MarketSettings<S> {
    const PREFIX: &'static str = super::Market::PREFIX;
    const NOUN: &'static str = S::NOUN;
}

/// Reason why settings are not valid. `zone`, `option` and `rate` are zero-based positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSettings {
    /// A country, or `*`, is in two zones or twice in a zone.
    #[error("must not contain a country, or *, that is listed before")]
    RepeatedCountry {
        /// Position of the second zone.
        zone: usize,
    },
    /// Two options of a zone have the same id.
    #[error("must differ from the ids of the other options of the zone")]
    RepeatedOption {
        /// Position of the zone.
        zone: usize,
        /// Position of the second option.
        option: usize,
    },
    /// The price of an option is in another currency than the market.
    #[error("must be in the currency of the market")]
    AmountCurrency {
        /// Position of the zone.
        zone: usize,
        /// Position of the option.
        option: usize,
    },
    /// The limit from which an option is free is in another currency than the market.
    #[error("must be in the currency of the market")]
    FreeFromCurrency {
        /// Position of the zone.
        zone: usize,
        /// Position of the option.
        option: usize,
    },
    /// Two rates have the same country, region and class.
    #[error("must differ from the other rates in country, region or class")]
    RepeatedRate {
        /// Position of the second rate.
        rate: usize,
    },
    /// Two rates of a country and region apply to shipping.
    #[error("must be true for one rate of a country and region only")]
    RepeatedShippingRate {
        /// Position of the second rate.
        rate: usize,
    },
    /// The zones exceed [`MAX_SIZE`].
    #[error("must be at most {MAX_SIZE} bytes as JSON")]
    ZonesTooLarge,
    /// The rates exceed [`MAX_SIZE`].
    #[error("must be at most {MAX_SIZE} bytes as JSON")]
    RatesTooLarge,
}

impl InvalidSettings {
    /// Path of the invalid field.
    #[must_use]
    pub fn field(&self) -> String {
        match self {
            Self::RepeatedCountry { zone } => format!("zones[{zone}].countries"),
            Self::RepeatedOption { zone, option } => format!("zones[{zone}].options[{option}].id"),
            Self::AmountCurrency { zone, option } => {
                format!("zones[{zone}].options[{option}].amount.currency")
            }
            Self::FreeFromCurrency { zone, option } => {
                format!("zones[{zone}].options[{option}].freeFrom.currency")
            }
            Self::RepeatedRate { rate } => format!("rates[{rate}]"),
            Self::RepeatedShippingRate { rate } => format!("rates[{rate}].appliesToShipping"),
            Self::ZonesTooLarge => "zones".to_owned(),
            Self::RatesTooLarge => "rates".to_owned(),
        }
    }
}

/// Returns true if `value` exceeds [`MAX_SIZE`].
fn is_too_large(value: &impl Serialize) -> bool {
    serde_json::to_vec(value).is_ok_and(|json| json.len() > MAX_SIZE)
}

/// Settings of a market with their revision, for callers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CurrentSettings<S> {
    /// Id of the market.
    pub market_id: MarketId,
    /// Number of the revision: 1 for the default, and higher after each change.
    pub revision: Version,
    /// The settings.
    pub settings: S,
}

impl<S: Settings> CurrentSettings<S> {
    /// Settings of a market from its stored settings; the default if none are stored.
    #[must_use]
    pub fn new(market_id: MarketId, stored: Option<MarketSettings<S>>) -> Self {
        let revision = stored.as_ref().map_or(Version::FIRST, |stored| stored.version.next());
        let settings = stored.map(|stored| stored.settings).unwrap_or_default();
        Self { market_id, revision, settings }
    }

    /// Id for messages.
    fn id(&self) -> Id<MarketSettings<S>> {
        self.market_id.cast()
    }
}
