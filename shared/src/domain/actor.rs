//! Who acts, and what they may do.

use serde::{Deserialize, Serialize};

use super::user::{Role, UserId};

/// Something that only some roles may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Permission {
    /// Read anybody's order.
    #[serde(rename = "orders:read-any")]
    OrdersReadAny,
}

impl Role {
    /// What the role may do.
    #[must_use]
    pub const fn permissions(self) -> &'static [Permission] {
        match self {
            Self::User => &[],
            Self::Moderator | Self::Admin => &[Permission::OrdersReadAny],
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
