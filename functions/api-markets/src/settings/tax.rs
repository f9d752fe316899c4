//! `GET` and `PUT /v1/markets/{id}/tax`: tax rates of a market.

use deserr::Deserr;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::api::deserialize::Bounded;
use shared::domain::market::MarketId;
use shared::domain::market::settings::CurrentSettings;
use shared::domain::market::settings::tax::{MAX_RATES, TaxClass, TaxRate, TaxSettings};
use shared::domain::values::country::{Country, Region};
use shared::domain::values::money::tax::BasisPoints;
use shared::domain::values::text::Label;
use shared::kit::command::Version;
use shared::kit::error::FieldErrors;
use shared::kit::http::{EntityTag, Resource};

use super::SettingsBody;

/// Tax settings of a market.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    rename = "TaxSettings",
    extend("examples" = [{
        "marketId": "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRS",
        "pricesIncludeTax": true,
        "rates": [{
            "country": "DE",
            "class": "standard",
            "basisPoints": 1900,
            "name": "VAT",
            "appliesToShipping": true,
        }],
        "version": 2,
    }]),
)]
pub(crate) struct TaxBody {
    /// Id of the market.
    market_id: MarketId,
    /// True if the prices of the market include the tax; false if it is added to them.
    prices_include_tax: bool,
    /// Tax rates; empty if no tax is charged.
    rates: Vec<RateBody>,
    /// Version of the settings: 1 if they were never set. Each change increments it.
    version: Version,
}

/// Tax rate for the products of a class that are supplied to a country or region.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "TaxRate")]
struct RateBody {
    /// Country of supply.
    country: Country,
    /// Region of supply; absent if the rate applies to all regions without a rate of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
    /// Tax class of the products.
    class: TaxClass,
    /// The rate, in hundredths of a percent.
    basis_points: BasisPoints,
    /// Name of the tax.
    name: Label,
    /// True if shipping is taxed at this rate, too.
    applies_to_shipping: bool,
}

/// Tax settings to set. They replace the current ones.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(
    rename_all = "camelCase",
    deny_unknown_fields,
    extend("examples" = [{
        "pricesIncludeTax": true,
        "rates": [
            {
                "country": "DE",
                "class": "standard",
                "basisPoints": 1900,
                "name": "VAT",
                "appliesToShipping": true,
            },
            {
                "country": "DE",
                "class": "reduced",
                "basisPoints": 700,
                "name": "VAT",
                "appliesToShipping": false,
            },
        ],
    }]),
)]
pub(crate) struct SetTaxRequest {
    /// True if the prices of the market include the tax; false if it is added to them.
    prices_include_tax: bool,
    /// Up to 250 tax rates. Without rates, no tax is charged.
    rates: Bounded<RateRequest, 0, MAX_RATES>,
}

/// Tax rate for the products of a class that are supplied to a country or region.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
struct RateRequest {
    /// Country of supply.
    country: Country,
    /// Region of supply. Without it, the rate applies to all regions without a rate of their own.
    #[deserr(default)]
    region: Option<Region>,
    /// Tax class of the products. A country and region has one rate for each class.
    class: TaxClass,
    /// The rate, in hundredths of a percent.
    basis_points: BasisPoints,
    /// Name of the tax; 1 to 50 characters.
    name: Label,
    /// True if shipping is taxed at this rate, too; at most for one rate of a country and region.
    applies_to_shipping: bool,
}

impl SettingsBody for TaxBody {
    type Settings = TaxSettings;
    type Request = SetTaxRequest;
}

impl Resource for TaxBody {
    fn location(&self) -> String {
        format!("/v1/markets/{}/tax", self.market_id)
    }

    fn tag(&self) -> EntityTag {
        EntityTag::of(self.version)
    }
}

impl From<CurrentSettings<TaxSettings>> for TaxBody {
    fn from(current: CurrentSettings<TaxSettings>) -> Self {
        let TaxSettings { prices_include_tax, rates } = current.settings;
        let rates = rates.into_iter().map(|rate| RateBody {
            country: rate.country,
            region: rate.region,
            class: rate.class,
            basis_points: rate.basis_points,
            name: rate.name,
            applies_to_shipping: rate.applies_to_shipping,
        });
        let (market_id, version) = (current.market_id, current.revision);
        Self { market_id, prices_include_tax, rates: rates.collect(), version }
    }
}

impl From<SetTaxRequest> for TaxSettings {
    fn from(request: SetTaxRequest) -> Self {
        let rates = request.rates.0.into_iter().map(|rate| TaxRate {
            country: rate.country,
            region: rate.region,
            class: rate.class,
            basis_points: rate.basis_points,
            name: rate.name,
            applies_to_shipping: rate.applies_to_shipping,
        });
        Self { prices_include_tax: request.prices_include_tax, rates: rates.collect() }
    }
}
