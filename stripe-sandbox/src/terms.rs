//! Fees of the account, and the time until its funds are available.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Fees of the account, and the time until the funds of a charge are available.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Terms {
    /// Variable part of the fee of a charge, in hundredths of a percent.
    pub charge_fee_basis_points: u32,
    /// Fixed part of the fee of a charge, in minor units of any currency.
    pub charge_fee_fixed: u32,
    /// Fee of a dispute, in minor units of any currency.
    pub dispute_fee: u32,
    /// True if the fee of a dispute is returned when it is won, as in some regions
    /// (<https://support.stripe.com/questions/dispute-fees-faq>).
    pub dispute_fee_returned: bool,
    /// Seconds until the funds of a charge are available.
    pub charges_pending_seconds: u32,
}

impl Default for Terms {
    /// 1.5 % and 25 minor units for a charge, 2,000 minor units for a dispute, and two days.
    fn default() -> Self {
        Self {
            charge_fee_basis_points: 150,
            charge_fee_fixed: 25,
            dispute_fee: 2_000,
            dispute_fee_returned: false,
            charges_pending_seconds: 2 * 24 * 60 * 60,
        }
    }
}

impl Terms {
    /// Fee of a charge. The variable part is rounded half up.
    pub(super) fn charge_fee(self, amount: i64) -> i64 {
        let variable =
            amount.saturating_mul(self.charge_fee_basis_points.into()).saturating_add(5_000) / 10_000;
        variable.saturating_add(self.charge_fee_fixed.into())
    }

    /// Time until the funds of a charge are available.
    pub(super) fn charges_pending(self) -> Duration {
        Duration::from_secs(self.charges_pending_seconds.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charge_fee_is_rounded_half_up() {
        let terms = Terms::default();
        assert_eq!(terms.charge_fee(1_999), 55, "29.985 and 25");
        assert_eq!(terms.charge_fee(100), 27, "1.5 and 25");
        assert_eq!(terms.charge_fee(99), 26, "1.485 and 25");
        let free = Terms { charge_fee_basis_points: 0, charge_fee_fixed: 0, ..terms };
        assert_eq!(free.charge_fee(99_999_999), 0);
    }
}
