//! Property test of the search index and the index of names: documents change and are indexed concurrently, with
//! events in any order and repeated, several workers at once, and reads of any past snapshots. In the end, both
//! indexes are the same as if each document had been indexed once.

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
    Change, Command, Condition, Entity, Item, Key, LoadedItems, Operation, ReadSet, Record, Version,
};
use crate::kit::system::clock::Timestamp;
use crate::projections::name_index::index_name::IndexName;
use crate::projections::name_index::{NameEntry, NameTerm};
use crate::projections::search_index::update_index::{Embedded, IndexDocument};

const NOW: i64 = 1_800_000_000_000;

/// Document under test: a market or a product.
#[derive(Debug, Clone)]
enum TestEntity {
    Market(Market),
    Product(Product),
}

/// Names of documents; some words occur in several names.
const NAMES: [&str; 4] = ["Blue teapots", "Teapot and mugs", "Running shoes", "!"];
/// Number of documents.
const ENTITIES: usize = 2;

fn new_entity(which: usize) -> TestEntity {
    let now = Timestamp::from_millis(NOW);
    if which == 0 {
        return TestEntity::Market(Market {
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
    TestEntity::Product(Product {
        id: Id::of_digest(1),
        version: Version::FIRST,
        market_id: Id::of_digest(0),
        seller_id: Id::of_digest(9),
        sku: "MUG-1".parse().unwrap(),
        title: NAMES[1].parse().unwrap(),
        description: Some("Holds tea".parse().unwrap()),
        price: crate::domain::order::tests::placed(None).total(),
        tax_class: crate::domain::market::settings::tax::TaxClass::Standard,
        requires_shipping: true,
        status: ProductStatus::Active,
        created_at: now,
        updated_at: now,
    })
}

impl TestEntity {
    fn change(&mut self, variant: usize) {
        let (name, hidden) = (NAMES[variant % NAMES.len()], (variant / NAMES.len()).is_multiple_of(3));
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

/// Action of the test.
#[derive(Debug, Clone)]
enum Action {
    Change(usize, usize),
    Remove(usize),
    /// A worker begins to index this document.
    Begin(usize),
    /// A worker that has begun commits. It has read each item at another time.
    End(usize, Vec<u8>),
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let action = prop_oneof![
        4 => (0..ENTITIES, 0..12_usize).prop_map(|(which, variant)| Action::Change(which, variant)),
        1 => (0..ENTITIES).prop_map(Action::Remove),
        4 => (0..ENTITIES).prop_map(Action::Begin),
        4 => (0..4_usize, prop::collection::vec(any::<u8>(), 2))
            .prop_map(|(nth, read_times)| Action::End(nth, read_times)),
    ];
    prop::collection::vec(action, 10..60)
}

type Table = HashMap<Key, Item>;

/// Worker that indexes a document, with the snapshot from which it reads.
#[derive(Debug, Clone, Copy)]
struct Indexer {
    which: usize,
    since: usize,
}

struct World {
    entities: Vec<Option<TestEntity>>,
    /// Table after each change.
    snapshots: Vec<Table>,
    indexers: Vec<Indexer>,
}

/// Fake embedding, different for different texts.
fn embedding(passage: &DocumentText) -> Embedding {
    let mut components = [0; DIMENSIONS];
    passage.digest().bytes().enumerate().for_each(|(place, byte)| components[place] = i64::from(byte));
    Embedding::quantised(&components)
}

impl World {
    fn new() -> Self {
        let entities: Vec<Option<TestEntity>> = (0..ENTITIES).map(|which| Some(new_entity(which))).collect();
        let table = entities.iter().flatten().map(TestEntity::item).collect();
        Self { entities, snapshots: vec![table], indexers: Vec::new() }
    }

    fn now(&self) -> usize {
        self.snapshots.len() - 1
    }

    fn apply_action(&mut self, action: Action) {
        match action {
            Action::Change(which, variant) => {
                let Some(entity) = &mut self.entities[which] else { return };
                entity.change(variant);
                let (key, item) = entity.item();
                let mut next = self.snapshots[self.now()].clone();
                next.insert(key, item);
                self.snapshots.push(next);
            }
            Action::Remove(which) => {
                let Some(entity) = self.entities[which].take() else { return };
                let mut next = self.snapshots[self.now()].clone();
                next.remove(&entity.item().0);
                self.snapshots.push(next);
            }
            Action::Begin(which) => self.indexers.push(Indexer { which, since: self.now() }),
            Action::End(nth, read_times) if !self.indexers.is_empty() => {
                let indexer = self.indexers.remove(nth % self.indexers.len());
                self.end(indexer, &read_times);
            }
            Action::End(..) => {}
        }
    }

    /// Indexes the document, and the name if it is a market, from items read at the given times, from 0 (snapshot
    /// at the beginning) to 255 (latest). A worker that loses a race does not retry, because the event of the other
    /// change is still pending.
    fn end(&mut self, indexer: Indexer, read_times: &[u8]) {
        let id = new_entity(indexer.which).document().id;
        let mut index = IndexDocument::update(id, EmbedderName::Hashed);
        let state = self.read(indexer, read_times, &index.reads());
        let now = Timestamp::from_millis(NOW);
        index.embedded = index
            .to_embed(&state, now)
            .map(|passage| Embedded { digest: passage.digest(), embedding: embedding(&passage) });
        let change = index.decide(state, now).unwrap();
        let names = match id {
            DocumentId::Market(id) => {
                let index = IndexName::<Market>::update(id);
                Some(index.decide(self.read(indexer, read_times, &index.reads()), now).unwrap())
            }
            DocumentId::Product(_) => None,
        };
        self.snapshots.extend(commit(&self.snapshots[self.now()], change));
        self.snapshots.extend(names.and_then(|names| commit(&self.snapshots[self.now()], names)));
    }

    /// Reads items at the given times.
    fn read<T: 'static>(&self, indexer: Indexer, read_times: &[u8], reads: &ReadSet<T>) -> T {
        let span = self.now() - indexer.since;
        let at = |position: usize| {
            indexer.since + span * usize::from(read_times[position % read_times.len()]) / 255
        };
        let items = reads.keys().iter().enumerate();
        let loaded: LoadedItems = items
            .filter_map(|(position, key)| Some((key.clone(), self.snapshots[at(position)].get(key)?.clone())))
            .collect();
        reads.assemble(&loaded).unwrap()
    }

    /// Processes the last event of each document. Some of the remaining workers commit before that, some
    /// after.
    fn quiesce(&mut self) {
        let mut late = std::mem::take(&mut self.indexers);
        for indexer in late.split_off(late.len() / 2) {
            self.end(indexer, &[0, 255]);
        }
        for which in 0..ENTITIES {
            self.end(Indexer { which, since: self.now() }, &[0]);
        }
        for indexer in late {
            self.end(indexer, &[0, 255]);
            self.end(indexer, &[255, 0]);
        }
    }
}

/// Returns the table after a change; `None` if a condition fails.
fn commit<T, E>(table: &Table, change: Change<T, E>) -> Option<Table> {
    let mut next = table.clone();
    let (_, writes, _) = change.into_parts().unwrap();
    let touched: BTreeSet<&Key> = writes.iter().map(|write| &write.key).collect();
    assert_eq!(touched.len(), writes.len(), "the transaction writes an item twice");
    assert!(writes.len() <= 100, "the transaction has more than 100 items");
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
            Operation::Put { item, .. } => drop(next.insert(write.key, item)),
            Operation::Delete => drop(next.remove(&write.key)),
            other => panic!("unexpected operation {other:?}"),
        }
    }
    Some(next)
}

/// Term entries of a document that is indexed once.
fn term_entries(document: &Document) -> Vec<(Key, Item)> {
    let (id, now) = (document.id, Timestamp::from_millis(NOW));
    let Some(passage) = &document.text else { return Vec::new() };
    let entry = IndexEntry::next(None, id, Some(document), EmbedderName::Hashed, now).unwrap();
    let term_entry = TermEntry { id, market_id: document.market_id, embedding: embedding(passage) };
    let keys = entry.term_entry_keys().into_iter();
    keys.map(|key| (TermEntry::key(&key), serde_dynamo::to_item(&term_entry).unwrap())).collect()
}

/// Terms of an entity whose name is indexed once.
fn name_terms(entity: &TestEntity) -> Vec<(Key, Item)> {
    let TestEntity::Market(market) = entity else { return Vec::new() };
    let now = Timestamp::from_millis(NOW);
    let entry = NameEntry::next(None, market.id, Some(market), now).unwrap();
    let term = NameTerm::<Market>(entry.terms.as_ref().unwrap().summary.clone());
    let keys = entry.term_keys().into_iter();
    keys.map(|key| (NameTerm::<Market>::key(&key), serde_dynamo::to_item(&term).unwrap())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 500,
        max_shrink_iters: 2_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn index_matches_documents_after_any_event_sequence(actions in actions()) {
        let mut world = World::new();
        for action in actions {
            world.apply_action(action);
        }
        world.quiesce();
        let table = &world.snapshots[world.now()];
        let is_indexed = |key: &Key| key.pk.starts_with("term#") || key.pk.starts_with("names#");
        let indexed: Table =
            table
                .iter()
                .filter(|(key, _)| is_indexed(key))
                .map(|(key, item)| (key.clone(), item.clone()))
                .collect();
        let entities = world.entities.iter().flatten();
        let expected: Table = entities
            .flat_map(|entity| term_entries(&entity.document()).into_iter().chain(name_terms(entity)))
            .collect();
        prop_assert_eq!(indexed, expected);
        for which in (0..ENTITIES).filter(|which| world.entities[*which].is_none()) {
            let id: DocumentId = new_entity(which).document().id;
            let entry = table.get(&IndexEntry::key(&id)).unwrap().clone();
            let entry: IndexEntry = serde_dynamo::from_item(entry).unwrap();
            prop_assert!(matches!(entry.indexed, Indexed::Deleted(_)), "{entry:?}");
        }
    }
}

#[test]
fn new_embedder_removes_document_from_the_old_index() {
    let document = new_entity(1).document();
    let now = Timestamp::from_millis(NOW);
    let first = IndexEntry::next(None, document.id, Some(&document), EmbedderName::Hashed, now).unwrap();
    let same = IndexEntry::next(Some(&first), document.id, Some(&document), EmbedderName::Hashed, now);
    assert_eq!(same, None);
    let index = IndexDocument::update(document.id, EmbedderName::Titan);
    let TestEntity::Product(product) = new_entity(1) else { panic!("expected a product") };
    let state = ((Vec::new(), vec![Some(product)]), Some(first.clone()));
    let passage = index.to_embed(&state, now).unwrap();
    let embedded = Embedded { digest: passage.digest(), embedding: embedding(&passage) };
    let change = IndexDocument { embedded: Some(embedded), ..index }.decide(state, now).unwrap();
    let removed = change.writes().iter().filter(|write| matches!(write.operation, Operation::Delete));
    let removed: BTreeSet<Key> = removed.map(|write| write.key.clone()).collect();
    assert_eq!(removed, first.term_entry_keys().iter().map(TermEntry::key).collect());
    assert_eq!(change.writes().len(), 2 * first.terms.len() + 1);
}
