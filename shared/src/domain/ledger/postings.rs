//! Postings: signed amounts in accounts that add up to zero in each currency.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Account;
use crate::domain::values::money::Currency;

/// Change of one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// Account.
    pub account: Account,
    /// Change in minor units: above zero for a debit, below zero for a credit.
    pub amount: i64,
    /// Currency of the amount.
    pub currency: Currency,
}

/// Postings to different accounts. They add up to zero in each currency, and none is zero.
///
/// ```
/// use shared::domain::ledger::{Account, Postings};
///
/// let mut postings = Postings::default();
/// postings.transfer(Account::RefundsOwed, Account::Gateway, 500, "EUR".parse().unwrap());
/// assert_eq!(postings.iter().map(|posting| posting.amount).sum::<i64>(), 0);
/// let lost = r#"[{"account":"gateway","amount":500,"currency":"EUR"}]"#;
/// assert!(serde_json::from_str::<Postings>(lost).is_err());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Posting>", into = "Vec<Posting>")]
pub struct Postings(BTreeMap<(Account, Currency), i64>);

/// The postings do not add up to zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the postings do not add up to 0 in each currency")]
pub struct Unbalanced;

impl Postings {
    /// Adds a debit of one account and the equal credit of another. A negative amount is transferred in the
    /// opposite direction.
    pub fn transfer(&mut self, debit: Account, credit: Account, amount: i64, currency: Currency) {
        self.add(debit, currency, amount);
        self.add(credit, currency, amount.saturating_neg());
    }

    /// The difference from `before` to these postings.
    #[must_use]
    pub fn since(mut self, before: &Self) -> Self {
        for Posting { account, amount, currency } in before.iter() {
            self.add(account, currency, amount.saturating_neg());
        }
        self
    }

    /// Returns true if there is no posting.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The postings, by account and currency.
    pub fn iter(&self) -> impl Iterator<Item = Posting> {
        self.0.iter().map(|((account, currency), amount)| Posting {
            account: *account,
            amount: *amount,
            currency: *currency,
        })
    }

    /// Amount that is posted to an account; 0 if there is none.
    #[cfg(test)]
    pub(crate) fn amount_of(&self, account: Account, currency: Currency) -> i64 {
        self.0.get(&(account, currency)).copied().unwrap_or_default()
    }

    /// Returns true if there is a posting to the account in any currency.
    #[must_use]
    pub fn contains(&self, account: Account) -> bool {
        self.iter().any(|posting| posting.account == account)
    }

    fn add(&mut self, account: Account, currency: Currency, amount: i64) {
        let sum = self.0.entry((account, currency)).or_default();
        *sum = sum.saturating_add(amount);
        if *sum == 0 {
            self.0.remove(&(account, currency));
        }
    }
}

impl TryFrom<Vec<Posting>> for Postings {
    type Error = Unbalanced;

    fn try_from(list: Vec<Posting>) -> Result<Self, Unbalanced> {
        let (mut postings, mut sums) = (Self::default(), BTreeMap::<Currency, i64>::new());
        for Posting { account, amount, currency } in list {
            postings.add(account, currency, amount);
            let sum = sums.entry(currency).or_default();
            *sum = sum.checked_add(amount).ok_or(Unbalanced)?;
        }
        if sums.values().all(|sum| *sum == 0) { Ok(postings) } else { Err(Unbalanced) }
    }
}

impl From<Postings> for Vec<Posting> {
    fn from(postings: Postings) -> Self {
        postings.iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn accounts() -> impl Strategy<Value = Account> {
        use Account::{Commission, Gateway, RefundsOwed, SellerAvailable, SellerPending};
        proptest::sample::select(vec![Gateway, Commission, RefundsOwed, SellerPending, SellerAvailable])
    }

    fn currencies() -> impl Strategy<Value = Currency> {
        proptest::sample::select(vec!["EUR".parse().unwrap(), "JPY".parse().unwrap()])
    }

    proptest! {
        #[test]
        fn postings_add_up_to_zero_after_any_transfers(
            transfers in proptest::collection::vec((accounts(), accounts(), -9_999_i64..9_999, currencies()), 0..20),
            split in any::<prop::sample::Index>(),
        ) {
            let (mut before, mut after) = (Postings::default(), Postings::default());
            let first = split.index(transfers.len() + 1);
            for (position, (debit, credit, amount, currency)) in transfers.into_iter().enumerate() {
                after.transfer(debit, credit, amount, currency);
                if position < first {
                    before.transfer(debit, credit, amount, currency);
                }
            }
            let change = after.clone().since(&before);
            for postings in [&before, &after, &change] {
                let mut sums = BTreeMap::<Currency, i64>::new();
                for posting in postings.iter() {
                    *sums.entry(posting.currency).or_default() += posting.amount;
                    prop_assert_ne!(posting.amount, 0);
                }
                prop_assert!(sums.values().all(|sum| *sum == 0), "{:?}", postings);
                let stored = serde_json::to_value(postings).unwrap();
                prop_assert_eq!(&serde_json::from_value::<Postings>(stored).unwrap(), postings);
            }
            for posting in after.iter() {
                let Posting { account, amount, currency } = posting;
                let sum = before.amount_of(account, currency) + change.amount_of(account, currency);
                prop_assert_eq!(amount, sum);
            }
        }
    }

    #[test]
    fn currencies_do_not_balance_each_other() {
        let posting = |account, amount, currency: &str| Posting {
            account,
            amount,
            currency: currency.parse().unwrap(),
        };
        let gateway = posting(Account::Gateway, 5, "EUR");
        let sum = |other| Postings::try_from(vec![gateway, other]).map(|postings| postings.iter().count());
        assert_eq!(sum(posting(Account::RefundsOwed, -5, "EUR")), Ok(2));
        assert_eq!(sum(posting(Account::RefundsOwed, -5, "JPY")), Err(Unbalanced));
        assert_eq!(sum(posting(Account::RefundsOwed, -4, "EUR")), Err(Unbalanced));
    }
}
