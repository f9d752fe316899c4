//! Setting the shipping, the tax or the commission of a market.

use super::{CurrentSettings, InvalidSettings, MarketSettings, Settings};
use crate::domain::access::{AccessError, forbid_unless, require_version};
use crate::domain::market::{Market, MarketId};
use crate::domain::values::actor::Actor;
use crate::kit::command::{Change, Command, Entity, NoEvents, ReadSet, Version, VersionSet};
use crate::kit::system::clock::Timestamp;

/// Replaces the settings of a market.
#[derive(Debug, Clone)]
pub struct SetMarketSettings<S> {
    /// Id of the market.
    pub market_id: MarketId,
    /// Actor that sets them.
    pub by: Actor,
    /// Right of the actor to set them.
    pub right: SettingsRight,
    /// Accepted revisions; `None` accepts any revision.
    pub expected: Option<VersionSet>,
    /// New settings.
    pub settings: S,
}

/// Right to settings of a market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingsRight {
    /// The actor must have created the market.
    OfCreator,
    /// The actor currently has a permission for the settings of all markets.
    ByPermission,
}

/// Reason why settings cannot be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SetSettingsError {
    /// The actor has no access to the market.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// A value is not valid.
    #[error(transparent)]
    Invalid(#[from] InvalidSettings),
}

impl<S: Settings> Command for SetMarketSettings<S>
where
    MarketSettings<S>: Entity<Id = MarketId, Event = NoEvents>,
{
    type State = (Option<Market>, Option<MarketSettings<S>>);
    type Output = CurrentSettings<S>;
    type Error = SetSettingsError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.market_id).and(ReadSet::get(&self.market_id))
    }

    /// # Errors
    /// [`SetSettingsError`].
    fn decide(
        &self,
        (market, stored): Self::State,
        now: Timestamp,
    ) -> Result<Change<CurrentSettings<S>, SetSettingsError>, SetSettingsError> {
        let market = market_for(self.market_id, market, &self.by, self.right)?;
        let version = stored.as_ref().map_or(Version::FIRST, |stored| stored.version.next());
        let current = CurrentSettings::new(market.id, stored);
        require_version(current.id(), current.revision, self.expected.as_ref())?;
        self.settings.check(market.currency)?;
        let settings = MarketSettings {
            market_id: market.id,
            version,
            settings: self.settings.clone(),
            updated_at: now,
        };
        let output = CurrentSettings::new(market.id, Some(settings.clone()));
        // The market is not deleted at the same time, which would leave the settings behind.
        Ok(Change::of(output).require_unchanged(&market).save(&settings, NoEvents))
    }
}

/// Returns the market, if the actor has the right to its settings.
///
/// # Errors
/// [`AccessError`].
pub fn market_for(
    id: MarketId,
    market: Option<Market>,
    by: &Actor,
    right: SettingsRight,
) -> Result<Market, AccessError> {
    let is_permitted = right == SettingsRight::ByPermission;
    let market = market.filter(|market| is_permitted || market.is_visible_to(Some(by)));
    let market = market.ok_or(AccessError::not_found(id))?;
    let rule = "only the creator of the market has access to its settings";
    forbid_unless(is_permitted || market.is_owned_by(by), rule)?;
    Ok(market)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::market::MarketStatus;
    use crate::domain::market::settings::MAX_SIZE;
    use crate::domain::market::settings::shipping::{
        ShippingOption, ShippingSettings, ShippingZone, ZoneCountries,
    };
    use crate::domain::market::settings::tax::TaxSettings;
    use crate::domain::tests::{SELLER, STRANGER, actor, at, decide, dollars, euros, market, refusal};

    fn option(id: &str) -> ShippingOption {
        ShippingOption {
            id: id.parse().unwrap(),
            name: "Standard".parse().unwrap(),
            amount: euros(490),
            free_from: Some(euros(5_000)),
        }
    }

    fn zone(countries: &[&str], options: Vec<ShippingOption>) -> ShippingZone {
        let countries = match countries {
            ["*"] => ZoneCountries::All,
            codes => ZoneCountries::Some(codes.iter().map(|code| code.parse().unwrap()).collect()),
        };
        ShippingZone { countries, options }
    }

    fn set(by: &str, zones: Vec<ShippingZone>) -> SetMarketSettings<ShippingSettings> {
        let settings = ShippingSettings { zones };
        SetMarketSettings {
            market_id: market().id,
            by: actor(by),
            right: SettingsRight::OfCreator,
            expected: None,
            settings,
        }
    }

    fn germany() -> Vec<ShippingZone> {
        vec![
            zone(&["DE"], vec![option("standard"), option("express")]),
            zone(&["*"], vec![option("standard")]),
        ]
    }

    #[test]
    fn each_change_is_a_revision_after_the_default() {
        let default = CurrentSettings::<TaxSettings>::new(market().id, None);
        assert_eq!((default.revision, default.settings), (Version::FIRST, TaxSettings::default()));
        let command = set(SELLER, germany());
        let first = decide(&command, (Some(market()), None), at(7));
        let stored = MarketSettings {
            market_id: market().id,
            version: Version::FIRST,
            settings: command.settings.clone(),
            updated_at: at(7),
        };
        assert_eq!(first.stored::<MarketSettings<ShippingSettings>>(), stored);
        assert_eq!(first.output.revision, Version::FIRST.next());
        let second = decide(&set(SELLER, Vec::new()), (Some(market()), Some(stored.clone())), at(8)).output;
        assert_eq!((second.revision, second.settings.zones.len()), (Version::FIRST.next().next(), 0));
        for (expected, is_current) in [(Version::FIRST, false), (Version::FIRST.next(), true)] {
            let command = SetMarketSettings { expected: Some(expected.into()), ..command.clone() };
            let decided = command.decide((Some(market()), Some(stored.clone())), at(9));
            assert_eq!(decided.is_ok(), is_current, "{expected}");
        }
        let outdated = SetMarketSettings { expected: Some(Version::FIRST.next().into()), ..command };
        let refused = refusal(&outdated, (Some(market()), None), at(9)).to_string();
        assert!(refused.starts_with("shipping settings of market mkt_"), "{refused}");
    }

    #[test]
    fn only_the_creator_sets_them() {
        let refused = |by, market| refusal(&set(by, Vec::new()), (market, None), at(0));
        assert_eq!(refused(SELLER, None), AccessError::not_found(market().id).into());
        let rule = "only the creator of the market has access to its settings";
        assert_eq!(refused(STRANGER, Some(market())), AccessError::Forbidden(rule).into());
        let draft = Market { status: MarketStatus::Draft, ..market() };
        assert_eq!(refused(STRANGER, Some(draft)), AccessError::not_found(market().id).into());
    }

    #[test]
    fn inconsistent_zones_are_refused_with_their_field() {
        let foreign = |amount, free_from| ShippingOption { amount, free_from, ..option("express") };
        for (zones, field) in [
            (vec![zone(&["DE"], vec![]), zone(&["AT", "DE"], vec![])], "zones[1].countries"),
            (vec![zone(&["DE", "DE"], vec![])], "zones[0].countries"),
            (vec![zone(&["*"], vec![]), zone(&["*"], vec![])], "zones[1].countries"),
            (vec![zone(&["DE"], vec![option("a"), option("a")])], "zones[0].options[1].id"),
            (vec![zone(&["DE"], vec![foreign(dollars(1), None)])], "zones[0].options[0].amount.currency"),
            (
                vec![zone(&["DE"], vec![foreign(euros(1), Some(dollars(1)))])],
                "zones[0].options[0].freeFrom.currency",
            ),
        ] {
            match refusal(&set(SELLER, zones), (Some(market()), None), at(0)) {
                SetSettingsError::Invalid(invalid) => assert_eq!(invalid.field(), field),
                SetSettingsError::Access(error) => panic!("{error}"),
            }
        }
    }

    #[test]
    fn size_of_the_settings_is_limited() {
        let ids = || (0..9).map(|number| option(&format!("{}{number}", "x".repeat(49))));
        let zones = |count| (0..count).map(|_| zone(&[], ids().collect())).collect::<Vec<_>>();
        let size = serde_json::to_vec(&zones(1)).unwrap().len();
        let fitting = MAX_SIZE / size;
        assert!(set(SELLER, zones(fitting)).decide((Some(market()), None), at(0)).is_ok());
        let refused = refusal(&set(SELLER, zones(fitting + 1)), (Some(market()), None), at(0));
        assert_eq!(refused, InvalidSettings::ZonesTooLarge.into());
    }
}
