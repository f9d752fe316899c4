//! Every way in which entities may change and be counted meanwhile: events in any order, as often as may be, several at
//! once, each counting on what it read a while ago, and no two items of it at the same moment. In the end, what is counted
//! is what there is.

mod entities;
mod model;

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Countable, Subject, Tally};
use crate::domain::market::totals::MarketTotals;
use crate::domain::market::{MarketId, MarketStatus};
use crate::domain::order::Order;
use crate::domain::refund::RefundStatus;
use crate::domain::values::date::Date;
use crate::projections::daily_sales::{DailySales, DailySalesKey};
use crate::projections::list_total::{ListKey, ListTotal};
use entities::{THINGS, Thing, id};
use model::World;

/// Something that happens.
#[derive(Debug, Clone)]
enum Act {
    /// An entity gets its next version.
    Change(usize, u8),
    /// An entity goes, if it is of a kind that may.
    Remove(usize),
    /// Somebody begins to count these.
    Begin(Vec<usize>),
    /// One of those who count has read everything, each item at another moment, and commits.
    End(usize, Vec<u8>),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let batch = prop::collection::vec(0..THINGS, 1..4);
    let act = prop_oneof![
        4 => (0..THINGS, any::<u8>()).prop_map(|(which, how)| Act::Change(which, how)),
        1 => (0..THINGS).prop_map(Act::Remove),
        4 => batch.prop_map(Act::Begin),
        4 => (0..4_usize, prop::collection::vec(any::<u8>(), 8)).prop_map(|(who, when)| Act::End(who, when)),
    ];
    prop::collection::vec(act, 20..80)
}

/// What is there to be counted: for each list its length, for each market and day what was sold, for each market its
/// status and what it sold.
#[derive(Debug, PartialEq, Eq)]
struct Counts {
    lists: BTreeMap<ListKey, i64>,
    days: BTreeMap<(MarketId, Date), (i64, i64, i64)>,
    markets: BTreeMap<MarketId, (MarketStatus, i64, i64)>,
}

/// What a recount of all entities finds.
fn recounted(world: &World) -> Counts {
    let mut lists: BTreeMap<ListKey, i64> = BTreeMap::new();
    let mut days: BTreeMap<(MarketId, Date), (i64, i64, i64)> = BTreeMap::new();
    let mut sold: BTreeMap<MarketId, (i64, i64)> = BTreeMap::new();
    for thing in world.things.iter().flatten() {
        let names = match thing {
            Thing::User(user) => user.lists(),
            Thing::Market(market) => market.lists(),
            Thing::Product(product) => product.lists(),
            Thing::Order(order, _) => order.lists(),
        };
        for name in names {
            *lists.entry(name).or_default() += 1;
        }
        if let Thing::Order(order, Some(payment)) = thing {
            let (volume, back) = (payment.captured.amount(), given_back(order));
            let day = days.entry((order.market_id, Date::of(payment.created_at))).or_default();
            *day = (day.0 + 1, day.1 + volume, day.2 + back);
            let market = sold.entry(order.market_id).or_default();
            *market = (market.0 + 1, market.1 + volume);
        }
    }
    let markets = world.things.iter().flatten().filter_map(|thing| match thing {
        Thing::Market(market) => {
            let (orders, volume) = sold.get(&market.id).copied().unwrap_or_default();
            Some((market.id, (market.status, orders, volume)))
        }
        _ => None,
    });
    Counts { lists, days, markets: markets.collect() }
}

/// What of an order's own payment went back.
fn given_back(order: &Order) -> i64 {
    let own = order.refunds.iter().filter(|refund| refund.gateway_id.0 == "pi_own");
    own.filter(|refund| refund.status == RefundStatus::Succeeded).map(|refund| refund.amount.amount()).sum()
}

/// What the table says.
fn counted(world: &World) -> Counts {
    let names = world.table().keys().filter_map(|key| key.pk.strip_prefix("total#"));
    let names: Vec<ListKey> = names.map(|name| ListKey::of(name.to_owned())).collect();
    let totals = world.records::<ListTotal>(names.iter().cloned());
    let lists = names.into_iter().zip(totals).filter_map(|(name, total)| {
        let count = total.map_or(0, |total| total.count);
        (count != 0).then_some((name, count))
    });
    let markets = [id(2), id(3)];
    let on = markets.iter().flat_map(|market| {
        ["2027-01-15", "2027-01-16"]
            .map(|day| DailySalesKey { market_id: *market, day: day.parse().unwrap() })
    });
    let on: Vec<DailySalesKey> = on.collect();
    let days = on.iter().zip(world.records::<DailySales>(on.iter().copied())).filter_map(|(on, sales)| {
        let sales = sales?;
        assert_eq!(sales.date, on.day);
        Some(((on.market_id, on.day), (sales.orders, sales.volume, sales.refunded)))
    });
    let figures = world.records::<MarketTotals>(markets).into_iter().flatten();
    let figures =
        figures.map(|figures| (figures.market_id, (figures.status, figures.orders, figures.volume)));
    Counts { lists: lists.collect(), days: days.collect(), markets: figures.collect() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, max_shrink_iters: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_counted_is_what_there_is_however_events_are_heard(acts in acts()) {
        let mut world = World::new();
        for act in acts {
            world.act(act);
        }
        world.come_to_rest();
        prop_assert_eq!(counted(&world), recounted(&world));
        let gone = (0..THINGS).filter(|which| world.things[*which].is_none());
        let tallies = world.records::<Tally>(gone.map(subject));
        prop_assert!(tallies.iter().flatten().all(Tally::is_tombstone));
    }
}

fn subject(which: usize) -> Subject {
    match entities::thing(which) {
        Thing::User(user) => Subject::User(user.id),
        Thing::Market(market) => Subject::Market(market.id),
        Thing::Product(product) => Subject::Product(product.id),
        Thing::Order(order, _) => Subject::Order(order.id),
    }
}
