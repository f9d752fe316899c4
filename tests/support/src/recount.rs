//! Stored counters and a recount of the entities, to be compared.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use shared::domain::ledger::{Account, JournalEntry};
use shared::domain::market::Market;
use shared::domain::market::totals::MarketTotals;
use shared::domain::order::payment::Payment;
use shared::domain::order::{Order, OrderStatus};
use shared::domain::product::Product;
use shared::domain::user::User;
use shared::kit::command::{Item, Record};
use shared::projections::account_balances::{AccountBalances, BalanceKey, BalanceScope};
use shared::projections::daily_sales::DailySales;
use shared::projections::list_total::ListTotal;

use strum::VariantArray as _;

use crate::audit::Items;
use crate::audit::items::{read, text};

/// All counters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Length of each list that is not empty, by name.
    pub lists: BTreeMap<String, i64>,
    /// Status, number of orders and volume of each market.
    pub markets: BTreeMap<String, (String, i64, i64)>,
    /// Number of orders, volume and refunds by market and day.
    pub days: BTreeMap<(String, String), (i64, i64, i64)>,
    /// Balance of each account that is not zero, by partition, currency and account.
    pub balances: BTreeMap<(String, String, Account), i64>,
}

impl Counts {
    /// Stored counters and a recount. Scans the whole table.
    ///
    /// # Panics
    /// If the table does not respond, or contains an invalid item.
    pub async fn of_table(dynamodb: &Client, table: &str) -> (Self, Self) {
        Self::of_items(&Items::of_table(dynamodb, table).await)
    }

    /// Stored counters and a recount of items.
    ///
    /// # Panics
    /// If an item is invalid.
    #[must_use]
    pub fn of_items(items: &Items) -> (Self, Self) {
        let payments = items.of::<Payment>().map(|payment| (payment.order_id.to_string(), payment)).collect();
        let (mut stored, mut recount) = (Self::default(), Self::default());
        for item in items.all() {
            stored.add_stored(item);
            recount.add_entity(item, &payments);
        }
        recount.sum_market_sales();
        recount.balances.retain(|_, amount| *amount != 0);
        (stored, recount)
    }

    fn add_stored(&mut self, item: &Item) {
        let pk = text(item, "pk");
        if is::<ListTotal>(item) {
            let total: ListTotal = read(item);
            if total.count != 0 {
                self.lists.insert(pk.trim_start_matches("total#").to_owned(), total.count);
            }
        } else if is::<MarketTotals>(item) {
            let totals: MarketTotals = read(item);
            let status = totals.status.to_string();
            self.markets.insert(totals.market_id.to_string(), (status, totals.orders, totals.volume));
        } else if is::<DailySales>(item) {
            let sales: DailySales = read(item);
            let market = pk.trim_start_matches("market#").to_owned();
            let sold = (sales.orders, sales.volume, sales.refunded);
            self.days.insert((market, sales.date.to_string()), sold);
        } else if is::<AccountBalances>(item) {
            let balances: AccountBalances = read(item);
            let currency = text(item, "sk").trim_start_matches("balance#").to_owned();
            for account in Account::VARIANTS {
                let amount = balances.of(*account);
                if amount != 0 {
                    self.balances.insert((pk.to_owned(), currency.clone(), *account), amount);
                }
            }
        }
    }

    fn add_entity(&mut self, item: &Item, payments: &BTreeMap<String, Payment>) {
        if is::<User>(item) {
            let user: User = read(item);
            self.increment(format!("accounts#{}#{}", user.role, user.status));
        } else if is::<Market>(item) {
            let market: Market = read(item);
            self.increment(format!("markets#{}", market.status));
            self.markets.insert(market.id.to_string(), (market.status.to_string(), 0, 0));
        } else if is::<Product>(item) {
            let product: Product = read(item);
            self.increment(format!("market#{}#products#{}", product.market_id, product.status));
        } else if is::<Order>(item) {
            let order: Order = read(item);
            for list in
                [format!("user#{}#orders", order.buyer_id), format!("market#{}#orders", order.market_id)]
            {
                self.increment(format!("{list}#{}", order.status));
                self.increment(list);
            }
            self.add_sale(&order, payments);
        } else if is::<JournalEntry>(item) {
            self.add_entry(&read(item));
        }
    }

    fn add_entry(&mut self, entry: &JournalEntry) {
        for scope in BalanceScope::of_market(entry.market_id) {
            for posting in entry.postings.iter() {
                let key = AccountBalances::key(&BalanceKey { scope, currency: posting.currency });
                let currency = posting.currency.as_str().to_owned();
                *self.balances.entry((key.pk, currency, posting.account)).or_default() += posting.amount;
            }
        }
    }

    fn add_sale(&mut self, order: &Order, payments: &BTreeMap<String, Payment>) {
        let mut entries = order.timeline.iter();
        let Some(entry) = entries.find(|entry| entry.status == OrderStatus::Confirmed) else { return };
        let paid = payments.get(&order.id.to_string()).filter(|_| !order.is_free());
        let (captured, refunded) =
            paid.map_or((0, 0), |payment| (payment.captured.amount(), payment.refunded.amount()));
        let day = entry.at.to_string()[..10].to_owned();
        let sold = self.days.entry((order.market_id.to_string(), day)).or_default();
        sold.0 += 1;
        sold.1 += captured;
        sold.2 += refunded;
    }

    fn sum_market_sales(&mut self) {
        for ((market, _), (orders, volume, _)) in &self.days {
            if let Some(totals) = self.markets.get_mut(market) {
                totals.1 += orders;
                totals.2 += volume;
            }
        }
    }

    fn increment(&mut self, list: String) {
        *self.lists.entry(list).or_default() += 1;
    }
}

fn is<R: Record>(item: &Item) -> bool {
    text(item, "kind") == R::KIND
}
