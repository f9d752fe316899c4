//! Property test of tallies: entities change and are counted concurrently, with events in any order and
//! repeated, several workers at once, and reads of any past snapshots. In the end, the counters equal a
//! recount.

mod entities;
mod model;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use strum::VariantArray as _;

use super::{Countable, Subject, Tally};
use crate::domain::ledger::Account;
use crate::domain::market::totals::MarketTotals;
use crate::domain::market::{MarketId, MarketStatus};
use crate::domain::order::Order;
use crate::domain::order::payment::refund::RefundStatus;
use crate::domain::values::date::Date;
use crate::projections::account_balances::{AccountBalances, BalanceKey, BalanceScope};
use crate::projections::daily_sales::{DailySales, DailySalesKey};
use crate::projections::list_total::{ListKey, ListTotal};
use entities::{ENTITIES, TestEntity};
use model::{DAYS, MARKETS, World, market};

/// Action of the test.
#[derive(Debug, Clone)]
enum Action {
    /// An entity gets its next version.
    Change(usize, u8),
    /// An entity is deleted, if its type allows it.
    Remove(usize),
    /// A worker begins to count these entities.
    Begin(Vec<usize>),
    /// A worker that has begun commits. It has read each item at another time.
    End(usize, Vec<u8>),
    /// Totals of a market are lost: its sales totals, its list lengths or its daily sales.
    Lose(usize, u8),
    /// A recount of a market begins.
    BeginRecount(usize),
    /// The reset of a market's totals ends, and all of its orders are to be counted again.
    EndReset(usize),
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let batch = prop::collection::vec(0..ENTITIES, 1..4);
    let action = prop_oneof![
        4 => (0..ENTITIES, any::<u8>()).prop_map(|(which, variant)| Action::Change(which, variant)),
        1 => (0..ENTITIES).prop_map(Action::Remove),
        4 => batch.prop_map(Action::Begin),
        4 => (0..4_usize, prop::collection::vec(any::<u8>(), 8))
            .prop_map(|(nth, read_times)| Action::End(nth, read_times)),
        1 => (0..MARKETS.len(), any::<u8>()).prop_map(|(market, what)| Action::Lose(market, what)),
        1 => (0..MARKETS.len()).prop_map(Action::BeginRecount),
        2 => (0..MARKETS.len()).prop_map(Action::EndReset),
    ];
    prop::collection::vec(action, 20..80)
}

/// Aggregated values: length per list; orders, volume and refunds per market and day; status, orders and
/// volume per market.
#[derive(Debug, PartialEq, Eq)]
struct Counts {
    lists: BTreeMap<ListKey, i64>,
    days: BTreeMap<(MarketId, Date), (i64, i64, i64)>,
    markets: BTreeMap<MarketId, (MarketStatus, i64, i64)>,
    balances: BTreeMap<(BalanceScope, Account), i64>,
}

/// Values from a recount of all entities.
fn recounted(world: &World) -> Counts {
    let mut lists: BTreeMap<ListKey, i64> = BTreeMap::new();
    let mut days: BTreeMap<(MarketId, Date), (i64, i64, i64)> = BTreeMap::new();
    let mut sold: BTreeMap<MarketId, (i64, i64)> = BTreeMap::new();
    let mut balances: BTreeMap<(BalanceScope, Account), i64> = BTreeMap::new();
    for entity in world.entities.iter().flatten() {
        let lists_of_entity = match entity {
            TestEntity::User(user) => user.lists(),
            TestEntity::Market(market) => market.lists(),
            TestEntity::Product(product) => product.lists(),
            TestEntity::Order(order, _) => order.lists(),
        };
        for list in lists_of_entity {
            *lists.entry(list).or_default() += 1;
        }
        if let TestEntity::Order(order, payment) = entity {
            for scope in BalanceScope::of_market(order.market_id) {
                for posting in order.balances(payment.as_ref()).iter() {
                    *balances.entry((scope, posting.account)).or_default() += posting.amount;
                }
            }
        }
        if let TestEntity::Order(order, Some(payment)) = entity {
            let (volume, refunded) = (payment.captured.amount(), refunded_amount(order));
            let day = days.entry((order.market_id, Date::of(payment.created_at))).or_default();
            *day = (day.0 + 1, day.1 + volume, day.2 + refunded);
            let market = sold.entry(order.market_id).or_default();
            *market = (market.0 + 1, market.1 + volume);
        }
    }
    let markets = world.entities.iter().flatten().filter_map(|entity| match entity {
        TestEntity::Market(market) => {
            let (orders, volume) = sold.get(&market.id).copied().unwrap_or_default();
            Some((market.id, (market.status, orders, volume)))
        }
        _ => None,
    });
    balances.retain(|_, amount| *amount != 0);
    Counts { lists, days, markets: markets.collect(), balances }
}

/// Refunded amount of an order's own payment.
fn refunded_amount(order: &Order) -> i64 {
    let own = order.refunds.iter().filter(|refund| refund.gateway_id.0 == "pi_own");
    own.filter(|refund| refund.status == RefundStatus::Succeeded).map(|refund| refund.amount.amount()).sum()
}

/// Values stored in the table.
fn counted(world: &World) -> Counts {
    let names = world.table().keys().filter_map(|key| key.pk.strip_prefix("total#"));
    let names: Vec<ListKey> = names.map(|name| ListKey::of(name.to_owned())).collect();
    let totals = world.records::<ListTotal>(names.iter().cloned());
    let lists = names.into_iter().zip(totals).filter_map(|(name, total)| {
        let count = total.map_or(0, |total| total.count);
        (count != 0).then_some((name, count))
    });
    let markets = MARKETS.map(market);
    let day_keys = markets
        .iter()
        .flat_map(|market| DAYS.map(|day| DailySalesKey { market_id: *market, day: day.parse().unwrap() }));
    let day_keys: Vec<DailySalesKey> = day_keys.collect();
    let days = day_keys.iter().zip(world.records::<DailySales>(day_keys.iter().copied())).filter_map(
        |(key, sales)| {
            let sales = sales?;
            assert_eq!(sales.date, key.day);
            Some(((key.market_id, key.day), (sales.orders, sales.volume, sales.refunded)))
        },
    );
    let totals = world.records::<MarketTotals>(markets).into_iter().flatten();
    let totals = totals.map(|totals| (totals.market_id, (totals.status, totals.orders, totals.volume)));
    let balances = stored_balances(world);
    Counts { lists: lists.collect(), days: days.collect(), markets: totals.collect(), balances }
}

/// Stored balances that are not zero.
fn stored_balances(world: &World) -> BTreeMap<(BalanceScope, Account), i64> {
    let currency = "EUR".parse().unwrap();
    let markets = MARKETS.map(|number| BalanceScope::of_market(market(number)));
    let scopes: BTreeSet<BalanceScope> = markets.into_iter().flatten().collect();
    let stored =
        world.records::<AccountBalances>(scopes.iter().map(|scope| BalanceKey { scope: *scope, currency }));
    let found = scopes.into_iter().zip(stored).filter_map(|(scope, stored)| Some((scope, stored?)));
    let all = found.flat_map(|(scope, stored)| {
        Account::VARIANTS.iter().map(move |account| ((scope, *account), stored.of(*account)))
    });
    all.filter(|(_, amount)| *amount != 0).collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 500,
        max_shrink_iters: 2_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn counters_equal_recount_after_any_event_sequence(actions in actions()) {
        let mut world = World::new();
        for action in actions {
            world.apply_action(action);
        }
        world.quiesce();
        prop_assert_eq!(counted(&world), recounted(&world));
        let deleted = (0..ENTITIES).filter(|which| world.entities[*which].is_none());
        let tallies = world.records::<Tally>(deleted.map(subject));
        prop_assert!(tallies.iter().flatten().all(Tally::is_tombstone));
    }
}

fn subject(which: usize) -> Subject {
    match entities::new_entity(which) {
        TestEntity::User(user) => Subject::User(user.id),
        TestEntity::Market(market) => Subject::Market(market.id),
        TestEntity::Product(product) => Subject::Product(product.id),
        TestEntity::Order(order, _) => Subject::Order(order.id),
    }
}
