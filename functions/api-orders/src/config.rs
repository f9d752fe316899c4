//! Settings of the function.

use shared::domain::ledger::commission::CommissionTerms;
use shared::kit::system::config::{ConfigError, Environment};

/// Settings for new orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderConfig {
    /// Number of days for which the delivery address of an order is stored after its last change.
    pub address_retention_days: u16,
    /// Commission on orders of a market that has no rate of its own.
    pub commission: CommissionTerms,
}

impl OrderConfig {
    /// Reads `AGORA_ADDRESS_RETENTION_DAYS`, `AGORA_COMMISSION_BASIS_POINTS` and `AGORA_COMMISSION_KEPT_ON_REFUND`.
    ///
    /// # Errors
    /// [`ConfigError`] naming the variable.
    pub fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            address_retention_days: env.parse("AGORA_ADDRESS_RETENTION_DAYS")?,
            commission: CommissionTerms {
                rate_basis_points: env.parse("AGORA_COMMISSION_BASIS_POINTS")?,
                kept_on_refund: env.parse("AGORA_COMMISSION_KEPT_ON_REFUND")?,
            },
        })
    }
}
