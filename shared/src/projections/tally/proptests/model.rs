//! A table, entities that change in it, and those who count them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_dynamo::AttributeValue;

use super::Act;
use crate::domain::order::tests::NOW;
use crate::kit::command::{Change, Command, Condition, Item, Key, LoadedItems, Operation, Record};
use crate::kit::system::clock::Timestamp;
use crate::projections::tally::count::CountEntities;
use crate::projections::tally::proptests::entities::{THINGS, Thing, thing};

/// The items of a table.
pub(super) type Table = HashMap<Key, Arc<Item>>;

/// Somebody who counts, and the moment from which on they read.
struct Counter {
    things: Vec<usize>,
    since: usize,
}

/// Everything, at every moment.
pub(super) struct World {
    /// The entities that there are now.
    pub(super) things: Vec<Option<Thing>>,
    /// The table after each of its changes.
    moments: Vec<Table>,
    counters: Vec<Counter>,
    /// Since which moment an event of an entity waits to be heard.
    unheard: BTreeMap<usize, usize>,
}

impl World {
    pub(super) fn new() -> Self {
        let things: Vec<Option<Thing>> = (0..THINGS).map(|which| Some(thing(which))).collect();
        let items = things.iter().flatten().flat_map(items_of).collect();
        let unheard = (0..THINGS).map(|which| (which, 0)).collect();
        Self { things, moments: vec![items], counters: Vec::new(), unheard }
    }

    fn now(&self) -> usize {
        self.moments.len() - 1
    }

    pub(super) fn table(&self) -> &Table {
        &self.moments[self.now()]
    }

    pub(super) fn act(&mut self, act: Act) {
        match act {
            Act::Change(which, how) => {
                let Some(thing) = &mut self.things[which] else { return };
                thing.change(usize::from(how));
                let mut next = self.table().clone();
                next.extend(self.things[which].iter().flat_map(items_of));
                self.moments.push(next);
                self.unheard.insert(which, self.now());
            }
            Act::Remove(which) => {
                let Some(Thing::User(_) | Thing::Market(_) | Thing::Product(_)) = &self.things[which] else {
                    return;
                };
                let mut next = self.table().clone();
                for (key, _) in self.things[which].take().iter().flat_map(Thing::items) {
                    next.remove(&key);
                }
                self.moments.push(next);
                self.unheard.insert(which, self.now());
            }
            Act::Begin(things) => self.counters.push(Counter { things, since: self.now() }),
            Act::End(who, when) if !self.counters.is_empty() => {
                let counter = self.counters.remove(who % self.counters.len());
                self.end(counter, &when);
            }
            Act::End(..) => {}
        }
    }

    /// Counts on what was read at any moments since the counter began, from 0 for the first to 255 for the last; begins
    /// anew, if that is not taken.
    fn end(&mut self, counter: Counter, when: &[u8]) {
        let command = count(&counter.things);
        let reads = command.reads();
        let span = self.now() - counter.since;
        let at = |position: usize| counter.since + span * usize::from(when[position % when.len()]) / 255;
        let loaded: LoadedItems = reads
            .keys()
            .iter()
            .enumerate()
            .filter_map(|(position, key)| {
                Some((key.clone(), self.moments[at(position)].get(key)?.as_ref().clone()))
            })
            .collect();
        let decided = command.decide(reads.assemble(&loaded).unwrap(), Timestamp::from_millis(NOW));
        match decided.ok().and_then(|change| commit(self.table(), change)) {
            Some(next) => {
                self.moments.push(next);
                self.unheard.retain(|which, since| !counter.things.contains(which) || *since > counter.since);
            }
            None => self.counters.push(Counter { since: self.now(), ..counter }),
        }
    }

    /// Every event that is left is heard, once. Some of those who still count commit before that, some after, all on what
    /// they read long ago; who loses then is not given another try, which would only put right what others did wrong.
    pub(super) fn come_to_rest(&mut self) {
        let mut late = std::mem::take(&mut self.counters);
        for counter in late.split_off(late.len() / 2) {
            self.end(counter, &[0, 255]);
        }
        self.counters.clear();
        let unheard: Vec<usize> = self.unheard.keys().copied().collect();
        for which in unheard {
            self.end(Counter { things: vec![which], since: self.now() }, &[0]);
        }
        for counter in late {
            self.end(counter, &[0, 255]);
        }
    }

    /// The records under `ids`, as they are now.
    pub(super) fn records<R: Record>(&self, ids: impl IntoIterator<Item = R::Id>) -> Vec<Option<R>> {
        let keys = ids.into_iter().map(|id| R::key(&id));
        keys.map(|key| Some(serde_dynamo::from_item(self.table().get(&key)?.as_ref().clone()).unwrap()))
            .collect()
    }
}

fn items_of(thing: &Thing) -> Vec<(Key, Arc<Item>)> {
    thing.items().into_iter().map(|(key, item)| (key, Arc::new(item))).collect()
}

/// Counts these.
fn count(things: &[usize]) -> CountEntities {
    let mut count = CountEntities::default();
    for which in things {
        match thing(*which) {
            Thing::User(user) => count.user(user.id),
            Thing::Market(market) => count.market(market.id),
            Thing::Product(product) => count.product(product.id),
            Thing::Order(order, _) => count.order(order.id, order.market_id),
        }
    }
    count
}

/// The table after a change; none, if a condition does not hold.
fn commit<T, E>(table: &Table, change: Change<T, E>) -> Option<Table> {
    let mut next = table.clone();
    let (_, writes, _) = change.into_parts().unwrap();
    for write in writes {
        let version = table.get(&write.key).and_then(|item| item.get("version"));
        let holds = match write.condition {
            Condition::Always => true,
            Condition::Absent => !table.contains_key(&write.key),
            Condition::AtVersion(seen) => version == Some(&AttributeValue::N(seen.to_string())),
            other => panic!("nothing is counted on the condition {other:?}"),
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
