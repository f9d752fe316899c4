//! Changing a market.

use super::{Market, MarketEvent, MarketId, MarketStatus};
use crate::domain::market::totals::{MarketTotals, MarketWithVolume};
use crate::domain::values::actor::Actor;
use crate::domain::values::text::{Description, Name};
use crate::kit::command::{Change, Command, ReadSet, Version};
use crate::kit::system::clock::Timestamp;

/// Changes a market, at the version that the actor has seen.
#[derive(Debug, Clone)]
pub struct UpdateMarket {
    /// Which market.
    pub id: MarketId,
    /// Who changes it.
    pub by: Actor,
    /// Whether the actor may suspend markets, and lift suspensions.
    pub may_suspend: bool,
    /// The version that must be there; any, if `None`.
    pub expected: Option<Version>,
    /// What changes.
    pub changes: MarketChanges,
}

/// What changes about a market; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MarketChanges {
    /// What it is called.
    pub name: Option<Name>,
    /// What it says of itself; the inner `None` takes it away.
    pub description: Option<Option<Description>>,
    /// Whether it sells.
    pub status: Option<MarketStatus>,
}

/// Why a market cannot be changed so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UpdateMarketError {
    /// There is no such market, or it is none of the actor's business.
    #[error("there is no such market")]
    NotFound,
    /// It is somebody else's.
    #[error("only its creator changes a market")]
    Forbidden,
    /// It is not at the version that the actor has seen.
    #[error("the market has changed")]
    VersionMismatch,
    /// It cannot become so from what it is.
    #[error("the market cannot get this status from the one it has")]
    InvalidTransition,
}

impl Command for UpdateMarket {
    type State = (Option<Market>, Option<MarketTotals>);
    type Output = MarketWithVolume;
    type Error = UpdateMarketError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id).and(ReadSet::get(&self.id))
    }

    /// # Errors
    /// [`UpdateMarketError`].
    fn decide(
        &self,
        (market, figures): Self::State,
        now: Timestamp,
    ) -> Result<Change<MarketWithVolume, UpdateMarketError>, UpdateMarketError> {
        let market = market.filter(|market| self.may_suspend || market.is_visible_to(Some(&self.by)));
        let market = market.ok_or(UpdateMarketError::NotFound)?;
        self.authorize(&market)?;
        if !market.version.matches(self.expected) {
            return Err(UpdateMarketError::VersionMismatch);
        }
        let MarketChanges { name, description, status } = self.changes.clone();
        let changed = Market {
            version: market.version.next(),
            name: name.unwrap_or(market.name),
            description: description.unwrap_or(market.description),
            status: status.unwrap_or(market.status),
            updated_at: now,
            ..market
        };
        let answer = MarketWithVolume::new(changed.clone(), figures.as_ref());
        Ok(Change::of(answer).save(&changed, MarketEvent::Changed { market_id: changed.id }))
    }
}

impl UpdateMarket {
    /// The creator changes everything, as long as the status goes forward and is not a suspension; who may suspend
    /// changes the status alone, into a suspension or out of it.
    fn authorize(&self, market: &Market) -> Result<(), UpdateMarketError> {
        use MarketStatus::{Active, Closed, Draft, Suspended};
        let becomes = self.changes.status.unwrap_or(market.status);
        let stays = becomes == market.status;
        let suspension =
            matches!((market.status, becomes), (Active | Closed, Suspended) | (Suspended, Active | Closed));
        let only_status =
            MarketChanges { status: self.changes.status, ..MarketChanges::default() } == self.changes;
        if self.may_suspend && only_status && suspension {
            return Ok(());
        }
        if !market.is_owned_by(&self.by) {
            return Err(UpdateMarketError::Forbidden);
        }
        let forward = matches!(
            (market.status, becomes),
            (Draft, Active | Closed) | (Active, Closed) | (Closed, Active)
        );
        if stays || forward { Ok(()) } else { Err(UpdateMarketError::InvalidTransition) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::user::Role;

    fn change(
        from: MarketStatus,
        to: MarketStatus,
        creator: bool,
        may_suspend: bool,
    ) -> Result<MarketStatus, UpdateMarketError> {
        let now = Timestamp::from_millis(0);
        let (mine, other) = ("usr_01J8Z3K5V0ABCDEFGHJKMNPQRS", "usr_01J8Z3K5V0ABCDEFGHJKMNPQRT");
        let market = Market {
            id: "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRS".parse().unwrap(),
            version: Version::FIRST,
            name: "Mugs".parse().unwrap(),
            description: None,
            status: from,
            currency: "EUR".parse().unwrap(),
            creator_id: mine.parse().unwrap(),
            created_at: now,
            updated_at: now,
        };
        let by = Actor { user: if creator { mine } else { other }.parse().unwrap(), role: Role::User };
        let changes = MarketChanges { status: Some(to), ..MarketChanges::default() };
        let command =
            UpdateMarket { id: market.id, by, may_suspend, expected: Some(Version::FIRST), changes };
        command.decide((Some(market), None), now).map(|change| change.into_parts().unwrap().0.market.status)
    }

    #[test]
    fn only_who_may_suspend_suspends_and_lifts() {
        use MarketStatus::{Active, Draft, Suspended};
        assert_eq!(change(Active, Suspended, false, true), Ok(Suspended));
        assert_eq!(change(Suspended, Active, false, true), Ok(Active));
        assert_eq!(change(Active, Suspended, true, false), Err(UpdateMarketError::InvalidTransition));
        assert_eq!(change(Suspended, Active, true, false), Err(UpdateMarketError::InvalidTransition));
        assert_eq!(change(Active, Draft, true, false), Err(UpdateMarketError::InvalidTransition));
        assert_eq!(change(Draft, Active, true, false), Ok(Active));
        assert_eq!(change(Draft, Active, false, false), Err(UpdateMarketError::NotFound));
        assert_eq!(change(Draft, Active, false, true), Err(UpdateMarketError::Forbidden));
    }
}
