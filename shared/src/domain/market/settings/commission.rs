//! Commission of the marketplace on the orders of a market.

use serde::{Deserialize, Serialize};

use super::{InvalidSettings, Settings};
use crate::domain::values::money::Currency;
use crate::domain::values::money::tax::BasisPoints;

/// Commission settings. Without a rate, the default of the marketplace applies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommissionSettings {
    /// Rate for new orders of the market.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis_points: Option<BasisPoints>,
}

impl Settings for CommissionSettings {
    const NOUN: &'static str = "commission of market";

    fn check(&self, _: Currency) -> Result<(), InvalidSettings> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::AccessError;
    use crate::domain::market::settings::MarketCommission;
    use crate::domain::market::settings::set::{SetMarketSettings, SettingsRight};
    use crate::domain::market::{Market, MarketStatus};
    use crate::domain::tests::{STRANGER, actor, at, decide, market, refusal};
    use crate::kit::command::Command as _;

    fn set(right: SettingsRight) -> SetMarketSettings<CommissionSettings> {
        let settings = CommissionSettings { basis_points: Some(500.try_into().unwrap()) };
        SetMarketSettings { market_id: market().id, by: actor(STRANGER), right, expected: None, settings }
    }

    #[test]
    fn commission_is_set_by_permission_for_every_market() {
        let (permitted, creator) = (set(SettingsRight::ByPermission), set(SettingsRight::OfCreator));
        for status in [MarketStatus::Active, MarketStatus::Draft, MarketStatus::Suspended] {
            let market = Market { status, ..market() };
            let stored: MarketCommission = decide(&permitted, (Some(market.clone()), None), at(7)).stored();
            assert_eq!(stored.settings, permitted.settings);
            assert!(creator.decide((Some(market), None), at(7)).is_err(), "{status:?}");
        }
        assert_eq!(refusal(&permitted, (None, None), at(7)), AccessError::not_found(market().id).into());
    }
}
