//! Balances of the ledger's accounts: of each market, and of the whole marketplace in shards, so that no counter is
//! changed by every order. They are updated a little later than the journal.

use serde::{Deserialize, Serialize};
use strum::VariantArray as _;

use crate::domain::ledger::{Account, Postings};
use crate::domain::market::MarketId;
use crate::domain::order::Order;
use crate::domain::order::payment::Payment;
use crate::domain::values::money::Currency;
use crate::kit::command::Adjustment;
use crate::kit::system::shard::shard_of;
use crate::projections::daily_sales::InconsistentRead;

/// Number of items over which the balances of the marketplace are spread, by market.
pub const BALANCE_SHARDS: u32 = 8;

/// Balances of the accounts because of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderBalances {
    /// Market of the order.
    pub market_id: MarketId,
    /// Sum of the journal entries of the order.
    pub postings: Postings,
}

impl OrderBalances {
    /// Returns the balances of `order`; `None` if it has no money on the ledger.
    ///
    /// The payment contributes only what never changes: its amount and its id at the gateway.
    ///
    /// # Errors
    /// [`InconsistentRead`] if an order with a payment was read without it: both are committed together.
    pub fn of(order: &Order, payment: Option<&Payment>) -> Result<Option<Self>, InconsistentRead> {
        let payment = payment.filter(|_| order.payment_id.is_some());
        if order.payment_id.is_some() && payment.is_none() {
            return Err(InconsistentRead);
        }
        let postings = order.balances(payment);
        Ok((!postings.is_empty()).then_some(Self { market_id: order.market_id, postings }))
    }
}

/// Balances in one currency, in minor units, debit positive. The counters have no version: they change by relative
/// amounts, each of which is guarded by a tally.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountBalances {
    /// Currency of the balances.
    pub currency: Currency,
    /// Balance of [`Account::Gateway`].
    #[serde(default)]
    gateway: i64,
    /// Balance of [`Account::Commission`].
    #[serde(default)]
    commission: i64,
    /// Balance of [`Account::RefundsOwed`].
    #[serde(default)]
    owed: i64,
    /// Balance of [`Account::SellerPending`].
    #[serde(default)]
    pending: i64,
    /// Balance of [`Account::SellerAvailable`].
    #[serde(default)]
    available: i64,
}

/// Key of [`AccountBalances`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BalanceKey {
    /// Orders whose balances are added up.
    pub scope: BalanceScope,
    /// Currency.
    pub currency: Currency,
}

/// Orders whose balances are added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BalanceScope {
    /// Orders of one market.
    Market(MarketId),
    /// Orders of a part of all markets, by its number.
    Shard(u32),
}

impl BalanceScope {
    /// Scopes that contain the orders of a market.
    #[must_use]
    pub fn of_market(market: MarketId) -> [Self; 2] {
        [Self::Market(market), Self::Shard(shard_of(&market.to_string(), BALANCE_SHARDS))]
    }
}

impl AccountBalances {
    /// Adjustment of the balances in `currency` by these amounts; `None` if all of them are zero.
    pub(crate) fn adjustment(
        currency: Currency,
        amounts: impl IntoIterator<Item = (Account, i64)>,
    ) -> Option<Adjustment> {
        let amounts: Vec<(Account, i64)> = amounts.into_iter().filter(|(_, by)| *by != 0).collect();
        let adjustment = Adjustment::of::<Self>().adjust_unchecked("currency", currency.as_str());
        let add = |adjustment: Adjustment, (account, by)| adjustment.add(Self::counter(account), by);
        (!amounts.is_empty()).then(|| amounts.into_iter().fold(adjustment, add))
    }

    /// Balance of each account.
    pub fn iter(&self) -> impl Iterator<Item = (Account, i64)> {
        Account::VARIANTS.iter().map(|account| (*account, self.of(*account)))
    }

    /// Name of the counter of an account.
    const fn counter(account: Account) -> &'static str {
        match account {
            Account::Gateway => "gateway",
            Account::Commission => "commission",
            Account::RefundsOwed => "owed",
            Account::SellerPending => "pending",
            Account::SellerAvailable => "available",
        }
    }

    /// Balance of an account.
    #[must_use]
    pub const fn of(&self, account: Account) -> i64 {
        match account {
            Account::Gateway => self.gateway,
            Account::Commission => self.commission,
            Account::RefundsOwed => self.owed,
            Account::SellerPending => self.pending,
            Account::SellerAvailable => self.available,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::order::tests::confirmed;

    #[test]
    fn counter_of_each_account_is_its_attribute() {
        for (amount, account) in (1..).zip(Account::VARIANTS) {
            let stored = serde_json::json!({ "currency": "EUR", AccountBalances::counter(*account): amount });
            let balances: AccountBalances = serde_json::from_value(stored).unwrap();
            assert!(balances.iter().all(|(other, read)| read == if other == *account { amount } else { 0 }));
        }
    }

    #[test]
    fn order_and_payment_of_different_versions_are_not_counted() {
        let (order, payment) = confirmed();
        let balances = OrderBalances::of(&order, Some(&payment)).unwrap().unwrap();
        assert_eq!(balances.postings.amount_of(Account::Gateway, order.total().currency()), 3_998);
        assert_eq!(OrderBalances::of(&order, None), Err(InconsistentRead));
        let before = Order { payment_id: None, ..order };
        assert_eq!(OrderBalances::of(&before, Some(&payment)), Ok(None), "the payment is newer");
    }
}
