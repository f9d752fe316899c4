//! Commands of callers whose account must be active. An access token stays valid for minutes after its account was
//! suspended or deleted, so that each write reads the account.

use crate::domain::user::{User, UserId, UserStatus};
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Command that is refused if the caller's account is suspended or deleted. The account is read with the state of
/// the command, in the same request. It is not a condition of the commit: a command that is decided just before
/// a suspension may be committed just after it.
#[derive(Debug, Clone)]
pub struct ByActiveAccount<C> {
    /// Account of the caller.
    pub caller: UserId,
    /// Command of the caller.
    pub command: C,
}

/// Reason why a command of a caller is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallerError<E> {
    /// The account of the caller is suspended or deleted.
    #[error("the account is suspended or deleted")]
    InactiveAccount,
    /// The command was refused.
    #[error(transparent)]
    Refused(E),
}

impl<C: Command> Command for ByActiveAccount<C> {
    type State = (Option<User>, C::State);
    type Output = C::Output;
    type Error = CallerError<C::Error>;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.caller).and(self.command.reads())
    }

    /// # Errors
    /// [`CallerError`].
    fn decide(
        &self,
        (account, state): Self::State,
        now: Timestamp,
    ) -> Result<Change<Self::Output, Self::Error>, Self::Error> {
        if account.is_none_or(|account| account.status != UserStatus::Active) {
            return Err(CallerError::InactiveAccount);
        }
        let change = self.command.decide(state, now).map_err(CallerError::Refused)?;
        Ok(change.map_refusal(CallerError::Refused))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::AccessError;
    use crate::domain::market::delete::{DeleteMarket, DeleteMarketError};
    use crate::domain::tests::{SELLER, actor, at, decide, market, refusal, user};

    fn delete() -> ByActiveAccount<DeleteMarket> {
        let command =
            DeleteMarket { id: market().id, by: actor(SELLER), has_open_orders: false, expected: None };
        ByActiveAccount { caller: user().id, command }
    }

    #[test]
    fn command_of_an_active_account_is_decided_as_without_it() {
        let decided = decide(&delete(), (Some(user()), Some(market())), at(1));
        let alone = decide(&delete().command, Some(market()), at(1));
        assert_eq!(decided.events, alone.events);
        let not_found = DeleteMarketError::Access(AccessError::not_found(market().id));
        assert_eq!(refusal(&delete(), (Some(user()), None), at(1)), CallerError::Refused(not_found));
    }

    #[test]
    fn command_of_a_suspended_or_deleted_account_is_refused() {
        let suspended = User { status: UserStatus::Suspended, ..user() };
        for account in [None, Some(suspended)] {
            let state = (account, Some(market()));
            assert_eq!(refusal(&delete(), state, at(1)), CallerError::InactiveAccount);
        }
    }
}
