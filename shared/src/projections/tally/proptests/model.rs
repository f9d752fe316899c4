//! Model of a table, the entities in it, and the workers that count them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_dynamo::AttributeValue;

use super::Action;
use crate::domain::job::Job;
use crate::domain::job::tests::running;
use crate::domain::market::MarketId;
use crate::domain::market::totals::MarketTotals;
use crate::domain::order::tests::NOW;
use crate::kit::command::{
    Change, Command, Condition, EventId, Item, Key, LoadedItems, Operation, Record, Write,
};
use crate::kit::system::clock::Timestamp;
use crate::projections::daily_sales::{DailySales, DailySalesKey};
use crate::projections::tally::count::CountEntities;
use crate::projections::tally::proptests::entities::{ENTITIES, TestEntity, id, new_entity};
use crate::projections::tally::recount::{BeginRecount, EndReset, Reset, ResetDailySales};
use crate::repository::projections::source::order_lists_of;

/// Numbers of the markets.
pub(super) const MARKETS: [usize; 2] = [2, 3];
/// Days on which orders are confirmed.
pub(super) const DAYS: [&str; 2] = ["2027-01-15", "2027-01-16"];

/// Id of the market with this number.
pub(super) fn market(number: usize) -> MarketId {
    id(number)
}

/// Items of a table.
pub(super) type Table = HashMap<Key, Arc<Item>>;

/// Worker that counts entities, with the snapshot from which it reads.
struct Counter {
    entities: Vec<usize>,
    since: usize,
}

/// Entities, workers and all snapshots of the table.
pub(super) struct World {
    /// Current entities; `None` if deleted.
    pub(super) entities: Vec<Option<TestEntity>>,
    /// Table after each change.
    snapshots: Vec<Table>,
    counters: Vec<Counter>,
    /// Snapshot at which the pending event of an entity was published.
    pending_events: BTreeMap<usize, usize>,
    /// Job that recounts; each recount has another version of it.
    job: Job,
    /// Recounts whose reset has not ended.
    resets: BTreeMap<usize, EventId>,
    /// Markets whose totals are not correct until a recount.
    unrepaired: BTreeSet<usize>,
    /// Markets that were recounted. They are not deleted: the totals of a deleted market are not repaired.
    recounted: BTreeSet<usize>,
}

impl World {
    pub(super) fn new() -> Self {
        let entities: Vec<Option<TestEntity>> = (0..ENTITIES).map(|which| Some(new_entity(which))).collect();
        let items = entities.iter().flatten().flat_map(items_of).collect();
        let pending_events = (0..ENTITIES).map(|which| (which, 0)).collect();
        Self {
            entities,
            snapshots: vec![items],
            counters: Vec::new(),
            pending_events,
            job: running(),
            resets: BTreeMap::new(),
            unrepaired: BTreeSet::new(),
            recounted: BTreeSet::new(),
        }
    }

    fn now(&self) -> usize {
        self.snapshots.len() - 1
    }

    pub(super) fn table(&self) -> &Table {
        &self.snapshots[self.now()]
    }

    pub(super) fn apply_action(&mut self, action: Action) {
        match action {
            Action::Change(which, variant) => {
                let Some(entity) = &mut self.entities[which] else { return };
                entity.change(usize::from(variant));
                let mut next = self.table().clone();
                next.extend(self.entities[which].iter().flat_map(items_of));
                self.snapshots.push(next);
                self.pending_events.insert(which, self.now());
            }
            Action::Remove(which) if self.recounted.contains(&which) => {}
            Action::Remove(which) => {
                let Some(TestEntity::User(_) | TestEntity::Market(_) | TestEntity::Product(_)) =
                    &self.entities[which]
                else {
                    return;
                };
                let mut next = self.table().clone();
                for (key, _) in self.entities[which].take().iter().flat_map(TestEntity::items) {
                    next.remove(&key);
                }
                self.snapshots.push(next);
                self.pending_events.insert(which, self.now());
            }
            Action::Begin(entities) => self.counters.push(Counter { entities, since: self.now() }),
            Action::End(nth, read_times) if !self.counters.is_empty() => {
                let counter = self.counters.remove(nth % self.counters.len());
                self.end(counter, &read_times);
            }
            Action::End(..) => {}
            Action::Lose(nth, what) => self.lose(MARKETS[nth], what),
            Action::BeginRecount(nth) => self.begin_recount(MARKETS[nth]),
            Action::EndReset(nth) => self.end_reset(MARKETS[nth]),
        }
    }

    /// Loses totals of a market. No worker that read before the loss is left: new totals begin at the first
    /// version again.
    fn lose(&mut self, number: usize, what: u8) {
        if self.entities[number].is_none() {
            return;
        }
        self.counters.clear();
        let mut next = self.table().clone();
        match what % 3 {
            0 => drop(next.remove(&MarketTotals::key(&market(number)))),
            1 => {
                let lists = format!("total#market#{}#orders", market(number));
                next.retain(|key, _| !key.pk.starts_with(&lists));
            }
            _ => days(number).iter().for_each(|day| drop(next.remove(&DailySales::key(day)))),
        }
        self.snapshots.push(next);
        self.unrepaired.insert(number);
        self.recounted.insert(number);
    }

    fn begin_recount(&mut self, number: usize) {
        self.job.version = self.job.version.next();
        let mut next = self.table().clone();
        next.insert(Job::key(&self.job.id), Arc::new(serde_dynamo::to_item(&self.job).unwrap()));
        self.snapshots.push(next);
        let begin = BeginRecount { claim: self.job.claim(), market_id: market(number) };
        if let Some(Some(recount)) = self.run(&begin) {
            self.resets.insert(number, recount);
            self.unrepaired.insert(number);
            self.recounted.insert(number);
        }
    }

    /// Ends the reset of the last recount; the events of all orders of the market are pending again.
    fn end_reset(&mut self, number: usize) {
        let Some(recount) = self.resets.remove(&number) else { return };
        let reset = Reset { market_id: market(number), recount };
        self.run(&ResetDailySales { reset: reset.clone(), days: days(number) });
        if self
            .run(&EndReset {
                reset,
                lists: order_lists_of(market(number)),
                currencies: vec!["EUR".parse().unwrap()],
            })
            .is_some()
        {
            self.unrepaired.remove(&number);
            for which in 0..ENTITIES {
                let order = match &self.entities[which] {
                    Some(TestEntity::Order(order, _)) if order.market_id == market(number) => which,
                    _ => continue,
                };
                self.pending_events.insert(order, self.now());
            }
        }
    }

    /// Executes a command on the current table; `None` if it is refused.
    fn run<C: Command>(&mut self, command: &C) -> Option<C::Output> {
        let reads = command.reads();
        let stored = |key: &Key| Some((key.clone(), self.table().get(key)?.as_ref().clone()));
        let loaded: LoadedItems = reads.keys().iter().filter_map(stored).collect();
        let change = command.decide(reads.assemble(&loaded).unwrap(), Timestamp::from_millis(NOW)).ok()?;
        let (output, writes, events) = change.into_parts().unwrap();
        assert!(events.is_empty());
        self.snapshots.push(commit_writes(self.table(), writes).unwrap());
        Some(output)
    }

    /// Counts the entities from items read at the given times, from 0 (snapshot at the beginning) to 255
    /// (latest). Begins again if the commit fails.
    fn end(&mut self, counter: Counter, read_times: &[u8]) {
        let command = count(&counter.entities);
        let reads = command.reads();
        let span = self.now() - counter.since;
        let at = |position: usize| {
            counter.since + span * usize::from(read_times[position % read_times.len()]) / 255
        };
        let loaded: LoadedItems = reads
            .keys()
            .iter()
            .enumerate()
            .filter_map(|(position, key)| {
                Some((key.clone(), self.snapshots[at(position)].get(key)?.as_ref().clone()))
            })
            .collect();
        let decided = command.decide(reads.assemble(&loaded).unwrap(), Timestamp::from_millis(NOW));
        match decided.ok().and_then(|change| commit(self.table(), change)) {
            Some(next) => {
                self.snapshots.push(next);
                self.pending_events
                    .retain(|which, since| !counter.entities.contains(which) || *since > counter.since);
            }
            None => self.counters.push(Counter { since: self.now(), ..counter }),
        }
    }

    /// Processes each pending event once. Some of the remaining workers commit before that, some after, all
    /// based on old reads. These do not retry, because a retry could hide errors of others.
    pub(super) fn quiesce(&mut self) {
        let mut late = std::mem::take(&mut self.counters);
        for counter in late.split_off(late.len() / 2) {
            self.end(counter, &[0, 255]);
        }
        self.counters.clear();
        let unrepaired = self.unrepaired.iter().chain(self.resets.keys()).copied().collect::<BTreeSet<_>>();
        for number in unrepaired {
            self.begin_recount(number);
            self.end_reset(number);
        }
        let pending_events: Vec<usize> = self.pending_events.keys().copied().collect();
        for which in pending_events {
            self.end(Counter { entities: vec![which], since: self.now() }, &[0]);
        }
        for counter in late {
            self.end(counter, &[0, 255]);
        }
    }

    /// Current records with these ids.
    pub(super) fn records<R: Record>(&self, ids: impl IntoIterator<Item = R::Id>) -> Vec<Option<R>> {
        let keys = ids.into_iter().map(|id| R::key(&id));
        keys.map(|key| Some(serde_dynamo::from_item(self.table().get(&key)?.as_ref().clone()).unwrap()))
            .collect()
    }
}

fn items_of(entity: &TestEntity) -> Vec<(Key, Arc<Item>)> {
    entity.items().into_iter().map(|(key, item)| (key, Arc::new(item))).collect()
}

/// Command that counts these entities.
fn count(entities: &[usize]) -> CountEntities {
    let mut count = CountEntities::default();
    for which in entities {
        match new_entity(*which) {
            TestEntity::User(user) => count.user(user.id),
            TestEntity::Market(market) => count.market(market.id),
            TestEntity::Product(product) => count.product(product.id),
            TestEntity::Order(order, _) => count.order(order.id, order.market_id),
        }
    }
    count
}

/// Keys of the daily sales of a market.
fn days(number: usize) -> Vec<DailySalesKey> {
    DAYS.iter().map(|day| DailySalesKey { market_id: market(number), day: day.parse().unwrap() }).collect()
}

/// Returns the table after a change; `None` if a condition fails.
fn commit<T, E>(table: &Table, change: Change<T, E>) -> Option<Table> {
    commit_writes(table, change.into_parts().unwrap().1)
}

fn commit_writes<E>(table: &Table, writes: Vec<Write<E>>) -> Option<Table> {
    let mut next = table.clone();
    for write in writes {
        let version = table.get(&write.key).and_then(|item| item.get("version"));
        let holds = match write.condition {
            Condition::Always => true,
            Condition::Absent => !table.contains_key(&write.key),
            Condition::AtVersion(expected) => version == Some(&AttributeValue::N(expected.to_string())),
            other => panic!("unexpected condition {other:?}"),
        };
        if !holds {
            return None;
        }
        match write.operation {
            Operation::Put { item, .. } => drop(next.insert(write.key, Arc::new(item))),
            Operation::Delete => drop(next.remove(&write.key)),
            Operation::Adjust(adjustment) => {
                let item = next.remove(&write.key);
                let mut attributes = item.map(|item| item.as_ref().clone().into_inner()).unwrap_or_default();
                for (name, by) in adjustment.counters {
                    let count = match attributes.get(name) {
                        Some(AttributeValue::N(count)) => count.parse::<i64>().unwrap(),
                        _ => 0,
                    };
                    attributes.insert(name.to_owned(), AttributeValue::N((count + by).to_string()));
                }
                let notes = adjustment.notes.into_iter();
                attributes.extend(notes.map(|(name, text)| (name.to_owned(), AttributeValue::S(text))));
                next.insert(write.key, Arc::new(Item::from(attributes)));
            }
            Operation::Check => {}
        }
    }
    Some(next)
}
