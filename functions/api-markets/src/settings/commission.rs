//! `GET` and `PUT /v1/markets/{id}/commission`: commission of the marketplace on the orders of a market.

use deserr::Deserr;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::domain::market::MarketId;
use shared::domain::market::settings::CurrentSettings;
use shared::domain::market::settings::commission::CommissionSettings;
use shared::domain::values::money::tax::BasisPoints;
use shared::kit::command::Version;
use shared::kit::error::FieldErrors;
use shared::kit::http::{EntityTag, Resource};

use super::SettingsBody;

/// Commission on the orders of a market.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    rename = "CommissionSettings",
    extend("examples" = [{ "marketId": "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRS", "basisPoints": 750, "version": 2 }]),
)]
pub(crate) struct CommissionBody {
    /// Id of the market.
    market_id: MarketId,
    /// Rate for new orders; null if the default of the marketplace applies.
    basis_points: Option<BasisPoints>,
    /// Version of the settings: 1 if they were never set. Each change increments it.
    version: Version,
}

/// Commission to set. It replaces the current one.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(
    rename_all = "camelCase",
    deny_unknown_fields,
    extend("examples" = [{ "basisPoints": 750 }], "required" = ["basisPoints"]),
)]
pub(crate) struct SetCommissionRequest {
    /// Rate for new orders; null for the default of the marketplace.
    basis_points: Option<BasisPoints>,
}

impl SettingsBody for CommissionBody {
    type Settings = CommissionSettings;
    type Request = SetCommissionRequest;
}

impl Resource for CommissionBody {
    fn location(&self) -> String {
        format!("/v1/markets/{}/commission", self.market_id)
    }

    fn tag(&self) -> EntityTag {
        EntityTag::of(self.version)
    }
}

impl From<CurrentSettings<CommissionSettings>> for CommissionBody {
    fn from(current: CurrentSettings<CommissionSettings>) -> Self {
        let CommissionSettings { basis_points } = current.settings;
        Self { market_id: current.market_id, basis_points, version: current.revision }
    }
}

impl From<SetCommissionRequest> for CommissionSettings {
    fn from(request: SetCommissionRequest) -> Self {
        Self { basis_points: request.basis_points }
    }
}
