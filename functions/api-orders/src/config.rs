//! Settings of the function.

use shared::kit::system::config::{ConfigError, Environment};

/// Number of days for which the delivery address of an order is stored after its last change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressRetention(pub u16);

impl AddressRetention {
    /// Reads `AGORA_ADDRESS_RETENTION_DAYS`.
    ///
    /// # Errors
    /// [`ConfigError`] naming the variable.
    pub fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        env.parse("AGORA_ADDRESS_RETENTION_DAYS").map(Self)
    }
}
