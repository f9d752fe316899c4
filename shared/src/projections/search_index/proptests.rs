//! Every way in which documents may change and be indexed meanwhile: events in any order, as often as may be, several at
//! once, each on what was read a while ago, and no two items of it at the same moment. In the end the index is what it would
//! be, had each document been indexed once.

use std::collections::{BTreeSet, HashMap};

use proptest::prelude::*;
use serde_dynamo::AttributeValue;

use super::{
    DIMENSIONS, Document, DocumentId, DocumentText, EmbedderName, Embedding, IndexEntry, Indexed, TermEntry,
};
use crate::domain::market::{Market, MarketStatus};
use crate::domain::product::{Product, ProductStatus};
use crate::domain::values::id::Id;
use crate::kit::command::{
    Change, Command, Condition, Entity, Item, Key, LoadedItems, Operation, Record, Version,
};
use crate::kit::system::clock::Timestamp;
use crate::projections::search_index::update_index::{Embedded, IndexDocument};

const NOW: i64 = 1_800_000_000_000;

/// A document that changes: a market, or a product.
#[derive(Debug, Clone)]
enum Thing {
    Market(Market),
    Product(Product),
}

/// What a document may be called; some words come back.
const NAMES: [&str; 4] = ["Blue teapots", "Teapot and mugs", "Running shoes", "!"];
/// How many documents there are.
const THINGS: usize = 2;

fn thing(which: usize) -> Thing {
    let now = Timestamp::from_millis(NOW);
    if which == 0 {
        return Thing::Market(Market {
            id: Id::of_digest(0),
            version: Version::FIRST,
            name: NAMES[0].parse().unwrap(),
            description: None,
            status: MarketStatus::Active,
            currency: "EUR".parse().unwrap(),
            creator_id: Id::of_digest(9),
            created_at: now,
            updated_at: now,
        });
    }
    Thing::Product(Product {
        id: Id::of_digest(1),
        version: Version::FIRST,
        market_id: Id::of_digest(0),
        seller_id: Id::of_digest(9),
        sku: "MUG-1".parse().unwrap(),
        title: NAMES[1].parse().unwrap(),
        description: Some("Holds tea".parse().unwrap()),
        price: crate::domain::order::tests::placed(None).total,
        status: ProductStatus::Active,
        created_at: now,
        updated_at: now,
    })
}

impl Thing {
    fn change(&mut self, how: usize) {
        let (name, hidden) = (NAMES[how % NAMES.len()], (how / NAMES.len()).is_multiple_of(3));
        match self {
            Self::Market(market) => {
                market.version = market.version.next();
                market.name = name.parse().unwrap();
                market.status = if hidden { MarketStatus::Closed } else { MarketStatus::Active };
            }
            Self::Product(product) => {
                product.version = product.version.next();
                product.title = name.parse().unwrap();
                product.status = if hidden { ProductStatus::Archived } else { ProductStatus::Active };
            }
        }
    }

    fn document(&self) -> Document {
        match self {
            Self::Market(market) => market.into(),
            Self::Product(product) => product.into(),
        }
    }

    fn item(&self) -> (Key, Item) {
        fn item<R: Entity>(entity: &R) -> (Key, Item) {
            (R::key(entity.id()), serde_dynamo::to_item(entity).unwrap())
        }
        match self {
            Self::Market(market) => item(market),
            Self::Product(product) => item(product),
        }
    }
}

/// Something that happens.
#[derive(Debug, Clone)]
enum Act {
    Change(usize, usize),
    Remove(usize),
    /// Somebody begins to index this.
    Begin(usize),
    /// One of those has read everything, each item at another moment, and commits.
    End(usize, Vec<u8>),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        4 => (0..THINGS, 0..12_usize).prop_map(|(which, how)| Act::Change(which, how)),
        1 => (0..THINGS).prop_map(Act::Remove),
        4 => (0..THINGS).prop_map(Act::Begin),
        4 => (0..4_usize, prop::collection::vec(any::<u8>(), 2)).prop_map(|(who, when)| Act::End(who, when)),
    ];
    prop::collection::vec(act, 10..60)
}

type Table = HashMap<Key, Item>;

/// Somebody who indexes, and the moment from which on they read.
#[derive(Debug, Clone, Copy)]
struct Indexer {
    which: usize,
    since: usize,
}

struct World {
    things: Vec<Option<Thing>>,
    /// The table after each of its changes.
    moments: Vec<Table>,
    indexers: Vec<Indexer>,
}

/// What stands for the embedding of a text: another one for another text.
fn embedding(passage: &DocumentText) -> Embedding {
    let mut components = [0; DIMENSIONS];
    passage.digest().bytes().enumerate().for_each(|(place, byte)| components[place] = i64::from(byte));
    Embedding::quantised(&components)
}

impl World {
    fn new() -> Self {
        let things: Vec<Option<Thing>> = (0..THINGS).map(|which| Some(thing(which))).collect();
        let table = things.iter().flatten().map(Thing::item).collect();
        Self { things, moments: vec![table], indexers: Vec::new() }
    }

    fn now(&self) -> usize {
        self.moments.len() - 1
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Change(which, how) => {
                let Some(thing) = &mut self.things[which] else { return };
                thing.change(how);
                let (key, item) = thing.item();
                let mut next = self.moments[self.now()].clone();
                next.insert(key, item);
                self.moments.push(next);
            }
            Act::Remove(which) => {
                let Some(thing) = self.things[which].take() else { return };
                let mut next = self.moments[self.now()].clone();
                next.remove(&thing.item().0);
                self.moments.push(next);
            }
            Act::Begin(which) => self.indexers.push(Indexer { which, since: self.now() }),
            Act::End(who, when) if !self.indexers.is_empty() => {
                let indexer = self.indexers.remove(who % self.indexers.len());
                self.end(indexer, &when);
            }
            Act::End(..) => {}
        }
    }

    /// Indexes on what was read at any moments since the indexer began, from 0 for the first to 255 for the last. Who loses
    /// a race is not given another try: the event of what they lost to is still to be heard.
    fn end(&mut self, indexer: Indexer, when: &[u8]) {
        let id = thing(indexer.which).document().id;
        let mut index = IndexDocument { id, embedder: EmbedderName::Hashed, embedded: None };
        let reads = index.reads();
        let span = self.now() - indexer.since;
        let at = |position: usize| indexer.since + span * usize::from(when[position % when.len()]) / 255;
        let items = reads.keys().iter().enumerate();
        let loaded: LoadedItems = items
            .filter_map(|(position, key)| Some((key.clone(), self.moments[at(position)].get(key)?.clone())))
            .collect();
        let (seen, now) = (reads.assemble(&loaded).unwrap(), Timestamp::from_millis(NOW));
        index.embedded = index
            .to_embed(&seen, now)
            .map(|passage| Embedded { digest: passage.digest(), embedding: embedding(&passage) });
        let change = index.decide(seen, now).unwrap();
        if let Some(next) = commit(&self.moments[self.now()], change) {
            self.moments.push(next);
        }
    }

    /// The last event of each document is heard; of those who still index, some commit before that, and some after.
    fn come_to_rest(&mut self) {
        let mut late = std::mem::take(&mut self.indexers);
        for indexer in late.split_off(late.len() / 2) {
            self.end(indexer, &[0, 255]);
        }
        for which in 0..THINGS {
            self.end(Indexer { which, since: self.now() }, &[0]);
        }
        for indexer in late {
            self.end(indexer, &[0, 255]);
            self.end(indexer, &[255, 0]);
        }
    }
}

/// The table after a change; none, if a condition does not hold.
fn commit<T, E>(table: &Table, change: Change<T, E>) -> Option<Table> {
    let mut next = table.clone();
    let (_, writes, _) = change.into_parts().unwrap();
    let touched: BTreeSet<&Key> = writes.iter().map(|write| &write.key).collect();
    assert_eq!(touched.len(), writes.len(), "a transaction writes an item once");
    assert!(writes.len() <= 100, "a transaction has at most 100 items");
    for write in writes {
        let version = table.get(&write.key).and_then(|item| item.get("version"));
        let holds = match write.condition {
            Condition::Always => true,
            Condition::Absent => !table.contains_key(&write.key),
            Condition::AtVersion(seen) => version == Some(&AttributeValue::N(seen.to_string())),
            other => panic!("nothing is indexed on the condition {other:?}"),
        };
        if !holds {
            return None;
        }
        match write.operation {
            Operation::Put { item, .. } => drop(next.insert(write.key, item)),
            Operation::Delete => drop(next.remove(&write.key)),
            other => panic!("nothing is indexed by {other:?}"),
        }
    }
    Some(next)
}

/// The postings that a document has if it is indexed once.
fn postings(document: &Document) -> Vec<(Key, Item)> {
    let (id, now) = (document.id, Timestamp::from_millis(NOW));
    let Some(passage) = &document.passage else { return Vec::new() };
    let entry = IndexEntry::following(None, id, Some(document), EmbedderName::Hashed, now).unwrap();
    let posting = TermEntry { id, market_id: document.market_id, embedding: embedding(passage) };
    let places = entry.posting_keys().into_iter();
    places.map(|place| (TermEntry::key(&place), serde_dynamo::to_item(&posting).unwrap())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, max_shrink_iters: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_index_is_that_of_what_there_is_however_events_are_heard(acts in acts()) {
        let mut world = World::new();
        for act in acts {
            world.act(act);
        }
        world.come_to_rest();
        let table = &world.moments[world.now()];
        let is_posting = |key: &Key| key.pk.starts_with("term#");
        let indexed: Table =
            table.iter().filter(|(key, _)| is_posting(key)).map(|(key, item)| (key.clone(), item.clone())).collect();
        let there: Table =
            world.things.iter().flatten().flat_map(|thing| postings(&thing.document())).collect();
        prop_assert_eq!(indexed, there);
        for which in (0..THINGS).filter(|which| world.things[*which].is_none()) {
            let id: DocumentId = thing(which).document().id;
            let entry = table.get(&IndexEntry::key(&id)).unwrap().clone();
            let entry: IndexEntry = serde_dynamo::from_item(entry).unwrap();
            prop_assert!(matches!(entry.indexed, Indexed::Gone(_)), "{entry:?}");
        }
    }
}

#[test]
fn another_embedder_takes_a_document_out_of_the_index_of_the_first() {
    let document = thing(1).document();
    let now = Timestamp::from_millis(NOW);
    let first = IndexEntry::following(None, document.id, Some(&document), EmbedderName::Hashed, now).unwrap();
    let same = IndexEntry::following(Some(&first), document.id, Some(&document), EmbedderName::Hashed, now);
    assert_eq!(same, None);
    let index = IndexDocument { id: document.id, embedder: EmbedderName::Titan, embedded: None };
    let Thing::Product(product) = thing(1) else { panic!("a product") };
    let seen = ((Vec::new(), vec![Some(product)]), Some(first.clone()));
    let passage = index.to_embed(&seen, now).unwrap();
    let embedded = Embedded { digest: passage.digest(), embedding: embedding(&passage) };
    let change = IndexDocument { embedded: Some(embedded), ..index }.decide(seen, now).unwrap();
    let removed = change.writes().iter().filter(|write| matches!(write.operation, Operation::Delete));
    let removed: BTreeSet<Key> = removed.map(|write| write.key.clone()).collect();
    assert_eq!(removed, first.posting_keys().iter().map(TermEntry::key).collect());
    assert_eq!(change.writes().len(), 2 * first.terms.len() + 1);
}
