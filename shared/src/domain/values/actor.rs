//! Actors, roles and permissions.

use strum::{Display, IntoStaticStr};

use crate::domain::user::{Role, UserId};

/// Permission granted by a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, IntoStaticStr)]
pub enum Permission {
    /// Read orders of all users.
    #[strum(serialize = "orders:read-any")]
    OrdersReadAny,
    /// Refund orders of all sellers.
    #[strum(serialize = "orders:refund-any")]
    OrdersRefundAny,
    /// Suspend markets and lift suspensions.
    #[strum(serialize = "markets:suspend")]
    MarketsSuspend,
    /// Set the commission on the orders of a market.
    #[strum(serialize = "markets:set-commission")]
    MarketsSetCommission,
    /// Read the daily sales of all markets.
    #[strum(serialize = "markets:stats")]
    MarketsStats,
    /// Read and list accounts of all users.
    #[strum(serialize = "users:read")]
    UsersRead,
    /// Create accounts for other people.
    #[strum(serialize = "users:create")]
    UsersCreate,
    /// Suspend and reinstate accounts of users.
    #[strum(serialize = "users:suspend")]
    UsersSuspend,
    /// Change accounts of all users, including role and status.
    #[strum(serialize = "users:update")]
    UsersUpdate,
    /// Delete accounts of all users.
    #[strum(serialize = "users:delete")]
    UsersDelete,
    /// Read payments of all users.
    #[strum(serialize = "payments:read-any")]
    PaymentsReadAny,
    /// Read the balances and the journal entries of all markets, and the trial balance.
    #[strum(serialize = "ledger:read-any")]
    LedgerReadAny,
    /// Read the events of all markets and of the platform.
    #[strum(serialize = "events:read-any")]
    EventsReadAny,
    /// Read dead letters.
    #[strum(serialize = "dead-letters:read")]
    DeadLettersRead,
    /// Rebuild projections: search entries, tallies and totals.
    #[strum(serialize = "jobs:reindex")]
    JobsReindex,
    /// Create jobs with a higher priority than their type has.
    #[strum(serialize = "jobs:prioritize")]
    JobsPrioritize,
    /// Redrive or remove dead letters.
    #[strum(serialize = "jobs:redrive")]
    JobsRedrive,
}

impl Role {
    /// Permissions of the role.
    #[must_use]
    pub const fn permissions(self) -> &'static [Permission] {
        match self {
            Self::User => &[],
            Self::Moderator => &[
                Permission::OrdersReadAny,
                Permission::PaymentsReadAny,
                Permission::LedgerReadAny,
                Permission::MarketsSuspend,
                Permission::MarketsStats,
                Permission::UsersRead,
                Permission::UsersSuspend,
                Permission::DeadLettersRead,
                Permission::EventsReadAny,
                Permission::JobsReindex,
                Permission::JobsPrioritize,
            ],
            Self::Admin => &[
                Permission::OrdersReadAny,
                Permission::PaymentsReadAny,
                Permission::LedgerReadAny,
                Permission::MarketsSuspend,
                Permission::MarketsStats,
                Permission::MarketsSetCommission,
                Permission::UsersRead,
                Permission::UsersSuspend,
                Permission::DeadLettersRead,
                Permission::EventsReadAny,
                Permission::OrdersRefundAny,
                Permission::UsersCreate,
                Permission::JobsReindex,
                Permission::JobsPrioritize,
                Permission::UsersUpdate,
                Permission::UsersDelete,
                Permission::JobsRedrive,
            ],
        }
    }
}

/// User who executes a command, with their role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// Id of the user.
    pub user: UserId,
    /// Role of the user.
    pub role: Role,
}

impl Actor {
    /// Returns true if the actor's role grants `permission`.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.role.permissions().contains(&permission)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::{STRANGER, actor};

    #[test]
    fn each_role_has_more_permissions_than_the_one_before() {
        let [user, moderator, admin] = [Role::User, Role::Moderator, Role::Admin].map(Role::permissions);
        assert!(user.is_empty());
        assert!(moderator.iter().all(|permission| admin.contains(permission)));
        let only_admin = [
            Permission::OrdersRefundAny,
            Permission::MarketsSetCommission,
            Permission::UsersCreate,
            Permission::UsersUpdate,
            Permission::UsersDelete,
            Permission::JobsRedrive,
        ];
        for permission in admin {
            assert_eq!(moderator.contains(permission), !only_admin.contains(permission), "{permission:?}");
        }
    }

    #[test]
    fn actor_has_the_permissions_of_the_role() {
        let may = |role| Actor { role, ..actor(STRANGER) }.may(Permission::OrdersReadAny);
        assert!(!may(Role::User) && may(Role::Moderator) && may(Role::Admin));
    }
}
