//! Division of an amount into parts that add up to it.

use std::cmp::Reverse;
use std::ops::Range;

use super::{Amount, Money, Quantity};

/// The weights add up to zero, so they determine no parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an amount cannot be allocated to weights that add up to 0")]
pub struct NoWeight;

impl Money {
    /// Divides the amount in proportion to `weights` by the method of the largest remainder. The parts are in
    /// the order of the weights and add up to exactly the amount. Each part differs from its exact share by
    /// less than one minor unit; of equal remainders, the earlier one is rounded up. A weight of 0 gets 0.
    ///
    /// ```
    /// use shared::domain::values::money::Money;
    ///
    /// let total: Money = serde_json::from_str(r#"{"amount":100,"currency":"EUR"}"#)?;
    /// let parts = |weights: &[u64]| total.allocate(weights).unwrap().into_iter().map(Money::amount);
    /// assert!(parts(&[1, 1, 1]).eq([34, 33, 33]));
    /// assert!(parts(&[3, 1, 0, 4]).eq([38, 12, 0, 50]));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`NoWeight`] if `weights` is empty or contains only zeros.
    pub fn allocate(self, weights: &[u64]) -> Result<Vec<Self>, NoWeight> {
        let whole: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
        if whole == 0 {
            return Err(NoWeight);
        }
        let amount = u128::from(self.amount.0.unsigned_abs());
        let products = || weights.iter().map(|weight| amount * u128::from(*weight));
        let mut parts: Vec<u128> = products().map(|product| product / whole).collect();
        let mut positions: Vec<(usize, u128)> =
            products().map(|product| product % whole).enumerate().collect();
        // A stable sort: equal remainders stay in the order of the weights.
        positions.sort_by_key(|(_, remainder)| Reverse(*remainder));
        let mut left = amount - parts.iter().sum::<u128>();
        for (position, _) in positions {
            if let Some(part) = parts.get_mut(position).filter(|_| left > 0) {
                *part += 1;
                left -= 1;
            }
        }
        Ok(parts.into_iter().map(|part| self.part(part)).collect())
    }

    /// Part of the amount for some of its `of` equal units, for example `0..2` for the first two. The parts of
    /// consecutive ranges add up to the part of the whole range.
    #[must_use]
    pub fn of_units(self, units: Range<u32>, of: Quantity) -> Self {
        let equal = vec![1; usize::try_from(of.get()).unwrap_or_default()];
        let parts = self.allocate(&equal).unwrap_or_default();
        let [start, end] = [units.start, units.end].map(|unit| usize::try_from(unit).unwrap_or_default());
        let sum = parts.get(start..end).into_iter().flatten().map(|part| part.amount.0.unsigned_abs());
        self.part(sum.map(u128::from).sum())
    }

    /// Part of the amount, which is at most the amount.
    fn part(self, part: u128) -> Self {
        let part = i64::try_from(part).unwrap_or(self.amount.0).min(self.amount.0);
        Self { amount: Amount(part), ..self }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::tests::euros;

    fn weights() -> impl Strategy<Value = Vec<u64>> {
        let any = prop_oneof![Just(0), 1..10_u64, 0..=Amount::MAX.unsigned_abs(), Just(u64::MAX)];
        vec(any, 1..20).prop_filter("a positive sum", |weights| weights.iter().any(|weight| *weight > 0))
    }

    proptest! {
        #[test]
        fn parts_add_up_and_are_close_to_the_exact_shares(amount in 0..=Amount::MAX, weights in weights()) {
            let parts = euros(amount).allocate(&weights).unwrap();
            prop_assert_eq!(parts.len(), weights.len());
            prop_assert_eq!(parts.iter().map(|part| part.amount()).sum::<i64>(), amount);
            let whole: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
            for (part, weight) in parts.iter().zip(&weights) {
                prop_assert_eq!(part.currency(), euros(0).currency());
                let exact = i128::from(amount) * i128::from(*weight);
                prop_assert!((i128::from(part.amount()) * whole - exact).abs() < whole);
                prop_assert!(*weight > 0 || part.amount() == 0);
            }
        }

        #[test]
        fn larger_remainder_is_rounded_up_first(amount in 0..=Amount::MAX, weights in weights()) {
            let parts = euros(amount).allocate(&weights).unwrap();
            let whole: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
            let shares = parts.iter().zip(&weights).map(|(part, weight)| {
                let exact = i128::from(amount) * i128::from(*weight);
                (i128::from(part.amount()) > exact / whole, exact % whole)
            });
            let shares: Vec<(bool, i128)> = shares.collect();
            for (position, (is_up, remainder)) in shares.iter().enumerate() {
                for (other_is_up, other) in shares.iter().skip(position + 1) {
                    // The earlier of two equal remainders comes first.
                    prop_assert!(!other_is_up || *is_up || other > remainder);
                    prop_assert!(!is_up || *other_is_up || remainder >= other);
                }
            }
        }
    }

    #[test]
    fn weights_without_a_sum_are_refused() {
        for weights in [&[][..], &[0], &[0, 0]] {
            assert_eq!(euros(5).allocate(weights), Err(NoWeight));
        }
    }
}
