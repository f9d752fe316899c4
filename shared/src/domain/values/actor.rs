//! Who acts, and what they may do.

use serde::{Deserialize, Serialize};

use crate::domain::user::{Role, UserId};

/// Something that only some roles may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Permission {
    /// Read anybody's order.
    #[serde(rename = "orders:read-any")]
    OrdersReadAny,
    /// Suspend markets, and lift suspensions.
    #[serde(rename = "markets:suspend")]
    MarketsSuspend,
    /// Read what any market sold, day by day.
    #[serde(rename = "markets:stats")]
    MarketsStats,
    /// Read anybody's account, and list accounts.
    #[serde(rename = "users:read")]
    UsersRead,
    /// Suspend accounts of users, and reinstate them.
    #[serde(rename = "users:suspend")]
    UsersSuspend,
    /// Change anybody's account, its role and status included.
    #[serde(rename = "users:update")]
    UsersUpdate,
    /// Delete anybody's account.
    #[serde(rename = "users:delete")]
    UsersDelete,
    /// Read anybody's payment.
    #[serde(rename = "payments:read-any")]
    PaymentsReadAny,
    /// Read messages that could not be processed.
    #[serde(rename = "dead-letters:read")]
    DeadLettersRead,
    /// Have messages tried again that could not be processed, or remove them.
    #[serde(rename = "jobs:redrive")]
    JobsRedrive,
}

impl Role {
    /// What the role may do.
    #[must_use]
    pub const fn permissions(self) -> &'static [Permission] {
        match self {
            Self::User => &[],
            Self::Moderator => &[
                Permission::OrdersReadAny,
                Permission::PaymentsReadAny,
                Permission::MarketsSuspend,
                Permission::MarketsStats,
                Permission::UsersRead,
                Permission::UsersSuspend,
                Permission::DeadLettersRead,
            ],
            Self::Admin => &[
                Permission::OrdersReadAny,
                Permission::PaymentsReadAny,
                Permission::MarketsSuspend,
                Permission::MarketsStats,
                Permission::UsersRead,
                Permission::UsersSuspend,
                Permission::DeadLettersRead,
                Permission::UsersUpdate,
                Permission::UsersDelete,
                Permission::JobsRedrive,
            ],
        }
    }
}

/// A person who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// Who it is.
    pub user: UserId,
    /// In which role.
    pub role: Role,
}

impl Actor {
    /// Whether the actor's role holds `permission`.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.role.permissions().contains(&permission)
    }
}
