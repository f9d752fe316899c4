//! `GET` and `PUT /v1/markets/{id}/shipping`: shipping zones of a market with their options.

use deserr::Deserr;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::api::deserialize::Bounded;
use shared::domain::market::MarketId;
use shared::domain::market::settings::CurrentSettings;
use shared::domain::market::settings::shipping::{
    MAX_OPTIONS, MAX_ZONES, ShippingOption, ShippingOptionId, ShippingSettings, ShippingZone, ZoneCountries,
};
use shared::domain::values::money::Money;
use shared::domain::values::text::Label;
use shared::kit::command::Version;
use shared::kit::error::FieldErrors;
use shared::kit::http::{EntityTag, Resource};

use super::SettingsBody;

/// Shipping settings of a market.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    rename = "ShippingSettings",
    extend("examples" = [{
        "marketId": "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRS",
        "zones": [{
            "countries": ["DE", "AT"],
            "options": [{
                "id": "standard",
                "name": "Standard",
                "amount": { "amount": 490, "currency": "EUR" },
                "freeFrom": { "amount": 5000, "currency": "EUR" },
            }],
        }],
        "version": 2,
    }]),
)]
pub(crate) struct ShippingBody {
    /// Id of the market.
    market_id: MarketId,
    /// Zones of countries; empty if the market sells without shipping.
    zones: Vec<ZoneBody>,
    /// Version of the settings: 1 if they were never set. Each change increments it.
    version: Version,
}

/// Countries with the same shipping options.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ShippingZone")]
struct ZoneBody {
    /// Countries of the zone, or `*` for all countries that are in no other zone.
    countries: ZoneCountries,
    /// Shipping options; if there are none, the market does not deliver to these countries.
    options: Vec<OptionBody>,
}

/// Way of shipping an order.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ShippingOption")]
struct OptionBody {
    /// Id of the option, unique in its zone.
    id: ShippingOptionId,
    /// Name shown to buyers.
    name: Label,
    /// Price for an order.
    amount: Money,
    /// Sum of the items, with tax, from which shipping is free; absent if it is never free.
    #[serde(skip_serializing_if = "Option::is_none")]
    free_from: Option<Money>,
}

/// Shipping settings to set. They replace the current ones.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(
    rename_all = "camelCase",
    deny_unknown_fields,
    extend("examples" = [{
        "zones": [
            {
                "countries": ["DE", "AT"],
                "options": [{
                    "id": "standard",
                    "name": "Standard",
                    "amount": { "amount": 490, "currency": "EUR" },
                    "freeFrom": { "amount": 5000, "currency": "EUR" },
                }],
            },
            {
                "countries": "*",
                "options": [{
                    "id": "worldwide",
                    "name": "Worldwide",
                    "amount": { "amount": 1990, "currency": "EUR" },
                }],
            },
        ],
    }]),
)]
pub(crate) struct SetShippingRequest {
    /// Up to 50 zones of countries. Without zones, the market sells without shipping.
    zones: Bounded<ZoneRequest, 0, MAX_ZONES>,
}

/// Countries with the same shipping options.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
struct ZoneRequest {
    /// Countries of the zone, or `*` for all countries that are in no other zone. A country is in one zone only.
    countries: ZoneCountries,
    /// Up to 10 shipping options. Without options, the market does not deliver to these countries.
    options: Bounded<OptionRequest, 0, MAX_OPTIONS>,
}

/// Way of shipping an order.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
struct OptionRequest {
    /// Id of the option, unique in its zone.
    id: ShippingOptionId,
    /// Name shown to buyers; 1 to 50 characters.
    name: Label,
    /// Price for an order, in the currency of the market.
    amount: Money,
    /// Sum of the items, with tax, from which shipping is free, in the currency of the market.
    #[deserr(default)]
    free_from: Option<Money>,
}

impl SettingsBody for ShippingBody {
    type Settings = ShippingSettings;
    type Request = SetShippingRequest;
}

impl Resource for ShippingBody {
    fn location(&self) -> String {
        format!("/v1/markets/{}/shipping", self.market_id)
    }

    fn tag(&self) -> EntityTag {
        EntityTag::of(self.version)
    }
}

impl From<CurrentSettings<ShippingSettings>> for ShippingBody {
    fn from(current: CurrentSettings<ShippingSettings>) -> Self {
        let option = |option: ShippingOption| OptionBody {
            id: option.id,
            name: option.name,
            amount: option.amount,
            free_from: option.free_from,
        };
        let zones = current.settings.zones.into_iter().map(|zone| ZoneBody {
            countries: zone.countries,
            options: zone.options.into_iter().map(option).collect(),
        });
        Self { market_id: current.market_id, zones: zones.collect(), version: current.revision }
    }
}

impl From<SetShippingRequest> for ShippingSettings {
    fn from(request: SetShippingRequest) -> Self {
        let option = |option: OptionRequest| ShippingOption {
            id: option.id,
            name: option.name,
            amount: option.amount,
            free_from: option.free_from,
        };
        let zones = request.zones.0.into_iter().map(|zone| ShippingZone {
            countries: zone.countries,
            options: zone.options.0.into_iter().map(option).collect(),
        });
        Self { zones: zones.collect() }
    }
}
