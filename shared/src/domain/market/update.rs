//! Updating a market.

use super::{Market, MarketEvent, MarketId, MarketStatus};
use crate::domain::access::{AccessError, forbid_unless, require_permission, require_version};
use crate::domain::market::status_copy::write_status_copies;
use crate::domain::market::totals::{MarketTotals, MarketWithVolume};
use crate::domain::values::actor::{Actor, Permission};
use crate::domain::values::text::{Description, Name};
use crate::kit::command::{Change, Command, ReadSet, VersionSet};
use crate::kit::system::clock::Timestamp;

/// Updates a market.
#[derive(Debug, Clone)]
pub struct UpdateMarket {
    /// Id of the market.
    pub id: MarketId,
    /// Actor that updates the market.
    pub by: Actor,
    /// True if the actor may suspend markets and lift suspensions.
    pub may_suspend: bool,
    /// True if the account of the creator is suspended or deleted. Read only for moderators who activate the
    /// market.
    pub creator_is_inactive: bool,
    /// Accepted versions; `None` accepts any version.
    pub expected: Option<VersionSet>,
    /// Changes to apply.
    pub changes: MarketChanges,
}

/// Changes to a market; `None` leaves a property unchanged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MarketChanges {
    /// New name.
    pub name: Option<Name>,
    /// New description; the inner `None` removes it.
    pub description: Option<Option<Description>>,
    /// New status.
    pub status: Option<MarketStatus>,
}

/// Rule for all changes other than into or out of a suspension.
const CREATOR_ONLY: &str = "only the creator of the market can change it";

/// Reason why a market cannot be updated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UpdateMarketError {
    /// The actor has no access to the market.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The status cannot change from the current one to the new one.
    #[error("market {0} cannot change to this status from its current status")]
    InvalidTransition(MarketId),
    /// The account of the creator is suspended or deleted, and could not sell.
    #[error("market {0} can only be closed, because the account of its creator is suspended or deleted")]
    InactiveCreator(MarketId),
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
        (market, totals): Self::State,
        now: Timestamp,
    ) -> Result<Change<MarketWithVolume, UpdateMarketError>, UpdateMarketError> {
        let market = market.filter(|market| self.may_suspend || market.is_visible_to(Some(&self.by)));
        let market = market.ok_or(AccessError::not_found(self.id))?;
        let status_before = market.status;
        self.authorize(&market)?;
        require_version(market.id, market.version, self.expected.as_ref())?;
        let MarketChanges { name, description, status } = self.changes.clone();
        let changed = Market {
            version: market.version.next(),
            name: name.unwrap_or(market.name),
            description: description.unwrap_or(market.description),
            status: status.unwrap_or(market.status),
            updated_at: now,
            ..market
        };
        let output = MarketWithVolume::new(changed.clone(), totals.as_ref());
        let change = Change::of(output).save(&changed, MarketEvent::Changed { market_id: changed.id });
        Ok(if changed.status == status_before { change } else { write_status_copies(change, &changed) })
    }
}

impl UpdateMarket {
    /// Checks that the actor may make the changes. The creator may change everything, but cannot suspend the
    /// market, lift a suspension or return the market to draft. A moderator may change only the status, into
    /// or out of a suspension.
    fn authorize(&self, market: &Market) -> Result<(), UpdateMarketError> {
        use MarketStatus::{Active, Closed, Draft, Suspended};
        let new_status = self.changes.status.unwrap_or(market.status);
        let unchanged = new_status == market.status;
        let suspension = matches!(
            (market.status, new_status),
            (Active | Closed, Suspended) | (Suspended, Active | Closed)
        );
        let only_status =
            MarketChanges { status: self.changes.status, ..MarketChanges::default() } == self.changes;
        if self.may_suspend && only_status && suspension {
            let is_refused = new_status == Active && self.creator_is_inactive;
            return if is_refused { Err(UpdateMarketError::InactiveCreator(market.id)) } else { Ok(()) };
        }
        let is_owner = market.is_owned_by(&self.by);
        require_permission(is_owner || !(only_status && suspension), Permission::MarketsSuspend)?;
        forbid_unless(is_owner, CREATOR_ONLY)?;
        let forward = matches!(
            (market.status, new_status),
            (Draft, Active | Closed) | (Active, Closed) | (Closed, Active)
        );
        if unchanged || forward { Ok(()) } else { Err(UpdateMarketError::InvalidTransition(market.id)) }
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;
    use crate::domain::market::status_copy::{STATUS_COPIES, StatusCopy, StatusCopyKey};
    use crate::domain::tests::{SELLER, STRANGER, actor, at, decide, market, refusal, third};
    use crate::kit::command::{Operation, Version};

    fn update(by: &str, may_suspend: bool, changes: MarketChanges) -> UpdateMarket {
        UpdateMarket {
            id: market().id,
            by: actor(by),
            may_suspend,
            creator_is_inactive: false,
            expected: Some(third().into()),
            changes,
        }
    }

    fn to(status: MarketStatus) -> MarketChanges {
        MarketChanges { status: Some(status), ..MarketChanges::default() }
    }

    fn rename() -> MarketChanges {
        MarketChanges { name: Some("Cups".parse().unwrap()), ..MarketChanges::default() }
    }

    fn change(
        from: MarketStatus,
        to_status: MarketStatus,
        creator: bool,
        may_suspend: bool,
    ) -> Result<MarketStatus, UpdateMarketError> {
        let command = update(if creator { SELLER } else { STRANGER }, may_suspend, to(to_status));
        let market = Market { status: from, ..market() };
        let decided = command.decide((Some(market), None), at(7))?;
        Ok(decided.into_parts().unwrap().0.market.status)
    }

    #[test]
    fn creator_changes_every_property() {
        let changes = MarketChanges {
            name: Some("Cups".parse().unwrap()),
            description: Some(None),
            status: Some(MarketStatus::Closed),
        };
        let totals = MarketTotals {
            market_id: market().id,
            version: third(),
            status: MarketStatus::Active,
            orders: 2,
            volume: 5,
            recount: None,
            resetting: false,
        };
        let updated = decide(&update(SELLER, false, changes), (Some(market()), Some(totals)), at(7));
        let expected = Market {
            version: third().next(),
            name: "Cups".parse().unwrap(),
            description: None,
            status: MarketStatus::Closed,
            updated_at: at(7),
            ..market()
        };
        assert_eq!(updated.stored::<Market>(), expected);
        for number in 0..STATUS_COPIES {
            let copy = updated.write::<StatusCopy>(&StatusCopyKey { market_id: market().id, number });
            assert!(matches!(copy.operation, Operation::Put { .. }));
        }
        assert_eq!((&updated.output.market, updated.output.volume), (&expected, 5));
        assert_eq!(updated.events(), [("market.changed", expected.version)]);
    }

    #[test]
    fn creator_keeps_properties_that_are_not_changed() {
        let command = UpdateMarket { expected: None, ..update(SELLER, false, rename()) };
        let renamed = decide(&command, (Some(market()), None), at(7));
        assert_eq!(renamed.writes.len(), 1, "the copies of the status are not written");
        let expected =
            Market { version: third().next(), name: "Cups".parse().unwrap(), updated_at: at(7), ..market() };
        assert_eq!((renamed.stored::<Market>(), renamed.output.volume), (expected, 0));
        let outdated = UpdateMarket { expected: Some(Version::FIRST.into()), ..command };
        let refused = refusal(&outdated, (Some(market()), None), at(7));
        assert_eq!(refused, AccessError::VersionMismatch(market().id.into()).into());
    }

    #[test]
    fn moderator_changes_nothing_but_the_suspension() {
        let both = MarketChanges { status: Some(MarketStatus::Suspended), ..rename() };
        for changes in [rename(), both, to(MarketStatus::Closed), MarketChanges::default()] {
            let refused = refusal(&update(STRANGER, true, changes), (Some(market()), None), at(7));
            assert_eq!(refused, AccessError::Forbidden(CREATOR_ONLY).into());
        }
        let missing = refusal(&update(STRANGER, true, rename()), (None, None), at(7));
        assert_eq!(missing, AccessError::not_found(market().id).into());
    }

    #[test]
    fn creator_opens_and_closes_the_market() {
        use MarketStatus::{Active, Closed, Draft, Suspended};
        let allowed = [(Draft, Active), (Draft, Closed), (Active, Closed), (Closed, Active)];
        for from in MarketStatus::VARIANTS {
            for to in MarketStatus::VARIANTS {
                let ok = from == to || allowed.contains(&(*from, *to));
                let expected =
                    if ok { Ok(*to) } else { Err(UpdateMarketError::InvalidTransition(market().id)) };
                assert_eq!(change(*from, *to, true, false), expected, "{from:?} to {to:?}");
                assert_eq!(
                    change(*from, *to, false, true).is_ok(),
                    matches!((from, to), (Active | Closed, Suspended) | (Suspended, Active | Closed))
                );
            }
        }
    }

    #[test]
    fn market_of_an_inactive_creator_is_not_activated() {
        let suspended = || Market { status: MarketStatus::Suspended, ..market() };
        let lift = |status| UpdateMarket { creator_is_inactive: true, ..update(STRANGER, true, to(status)) };
        let refused = refusal(&lift(MarketStatus::Active), (Some(suspended()), None), at(7));
        assert_eq!(refused, UpdateMarketError::InactiveCreator(market().id));
        let closed = decide(&lift(MarketStatus::Closed), (Some(suspended()), None), at(7));
        assert_eq!(closed.stored::<Market>().status, MarketStatus::Closed);
    }

    #[test]
    fn only_moderators_suspend_markets_and_lift_suspensions() {
        use MarketStatus::{Active, Draft, Suspended};
        assert_eq!(change(Active, Suspended, false, true), Ok(Suspended));
        assert_eq!(change(Suspended, Active, false, true), Ok(Active));
        assert_eq!(
            change(Active, Suspended, true, false),
            Err(UpdateMarketError::InvalidTransition(market().id))
        );
        assert_eq!(
            change(Suspended, Active, true, false),
            Err(UpdateMarketError::InvalidTransition(market().id))
        );
        assert_eq!(
            change(Active, Draft, true, false),
            Err(UpdateMarketError::InvalidTransition(market().id))
        );
        assert_eq!(change(Draft, Active, true, false), Ok(Active));
        assert_eq!(change(Draft, Active, false, false), Err(AccessError::not_found(market().id).into()));
        assert_eq!(change(Draft, Active, false, true), Err(AccessError::Forbidden(CREATOR_ONLY).into()));
    }
}
