//! Slices of lists: whichever way a list is gone through, it is the same list.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde::{Deserialize, Serialize};
use shared::kit::aws::dynamodb::expression::Predicate;
use shared::kit::aws::dynamodb::read::pagination::SliceError;
use shared::kit::aws::dynamodb::read::query::Query;
use shared::kit::aws::dynamodb::schema::Index;
use shared::kit::command::page::{ListPage, PageRequest, Start};
use shared::kit::command::{Key, Record};

use crate::fixture::Fixture;

/// Something on a string, by its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Bead {
    place: String,
}

impl Record for Bead {
    const KIND: &'static str = "bead";
    type Id = String;

    fn key(place: &String) -> Key {
        Key { pk: format!("bead#{place}"), sk: "bead".to_owned() }
    }
}

/// A list as it should be, over some partitions of the table.
#[derive(Debug, Clone)]
struct Case {
    /// By place: the partition, and whether it is red.
    beads: BTreeMap<u16, (u8, bool)>,
    partitions: u8,
    descending: bool,
    only_red: bool,
    limit: u32,
}

fn cases() -> impl Strategy<Value = Case> {
    (1..=6_u8, any::<bool>(), any::<bool>(), 1..=7_u32).prop_flat_map(
        |(partitions, descending, only_red, limit)| {
            let beads = proptest::collection::btree_map(0..500_u16, (0..partitions, any::<bool>()), 0..30);
            beads.prop_map(move |beads| Case { beads, partitions, descending, only_red, limit })
        },
    )
}

impl Case {
    /// Puts the beads on the table, on strings of their own.
    async fn laid_out(&self, ground: &Fixture, name: &str) -> Vec<Query> {
        let mut items = Vec::new();
        for (place, (partition, red)) in &self.beads {
            let place = format!("{place:05}");
            let colour = if *red { "red" } else { "blue" };
            let string = format!("{name}#{partition}");
            items.push([
                ("pk", format!("{string}#{place}")),
                ("sk", "bead".to_owned()),
                ("parentKey", string),
                ("parentSort", place.clone()),
                ("place", place),
                ("colour", colour.to_owned()),
            ]);
        }
        ground.put_all(&items).await;
        (0..self.partitions).map(|partition| self.query(&format!("{name}#{partition}"))).collect()
    }

    fn query(&self, partition: &str) -> Query {
        let query = Query::index(Index::ByParent, partition, 1);
        let query = if self.descending { query.descending() } else { query };
        if self.only_red { query.filter(Predicate::equal("colour", "red")) } else { query }
    }

    fn expected(&self) -> Vec<String> {
        let shown = self.beads.iter().filter(|(_, (_, red))| *red || !self.only_red);
        let mut places: Vec<String> = shown.map(|(place, _)| format!("{place:05}")).collect();
        if self.descending {
            places.reverse();
        }
        places
    }
}

fn places(slice: &ListPage<Bead>) -> Vec<String> {
    slice.items.iter().map(|bead| bead.place.clone()).collect()
}

/// The places of everything from a slice on, gone through by following one slice after the other.
async fn from_place_to_place(ground: &Fixture, list: &[Query], first: PageRequest) -> Vec<String> {
    let (limit, mut slice, mut seen) = (first.limit, first, Vec::new());
    loop {
        let listed: ListPage<Bead> = ground.reader.slice(list, &slice).await.unwrap();
        assert!(listed.items.len() <= slice.length());
        seen.extend(places(&listed));
        let Some(next) = listed.next else { return seen };
        slice = PageRequest { limit, start: Start::After(next) };
    }
}

async fn is_one_list(ground: &Fixture, case: &Case, list: &[Query]) {
    let expected = case.expected();
    let (limit, length) = (case.limit, PageRequest::first(case.limit).length());
    assert_eq!(from_place_to_place(ground, list, PageRequest::first(limit)).await, expected);
    for offset in 0..expected.len() + 2 {
        let slice = PageRequest { limit, start: Start::Offset(u32::try_from(offset).unwrap()) };
        let listed: ListPage<Bead> = ground.reader.slice(list, &slice).await.unwrap();
        let rest = &expected[offset.min(expected.len())..];
        assert_eq!(places(&listed), rest[..length.min(rest.len())], "offset {offset}");
        assert!(listed.min_total <= expected.len(), "what is proven is true");
        if !case.only_red {
            assert_eq!(listed.next.is_some(), rest.len() > length, "there is a next where there is more");
            assert_eq!(listed.min_total, expected.len().min(offset + length + 1));
        }
        if offset % length == 0 {
            assert_eq!(
                from_place_to_place(ground, list, slice).await,
                rest,
                "offset {offset}, and on from there"
            );
        }
    }
}

#[test]
fn a_list_has_neither_gap_nor_repeat_by_number_by_offset_and_from_place_to_place() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ground = runtime.block_on(Fixture::open());
    let mut runner = TestRunner::new(Config { cases: 16, failure_persistence: None, ..Config::default() });
    let strings = std::cell::Cell::new(0);
    let passed = runner.run(&cases(), |case| {
        let name = format!("string{}", strings.replace(strings.get() + 1));
        runtime.block_on(async {
            let list = case.laid_out(&ground, &name).await;
            is_one_list(&ground, &case, &list).await;
        });
        Ok(())
    });
    passed.unwrap();
}

/// A list of red beads, of which there is one after each so many blue ones.
async fn sparse(ground: &Fixture, name: &str, red: u16, blue_between: u16) -> Vec<Query> {
    let beads =
        (0..red * (blue_between + 1)).map(|n| (n, (0, n % (blue_between + 1) == blue_between))).collect();
    let case = Case { beads, partitions: 1, descending: false, only_red: true, limit: 1 };
    case.laid_out(ground, name).await
}

#[tokio::test]
async fn a_narrowed_list_is_looked_through_further_and_further_up_to_a_bound() {
    let ground = Fixture::open().await;
    let list = sparse(&ground, "near", 3, 400).await;
    let found: ListPage<Bead> = ground.reader.slice(&list, &PageRequest::first(1)).await.unwrap();
    assert_eq!(places(&found), ["00400"]);
    assert_eq!(ground.requests(), ["Query"; 9], "1, 2, 4, up to 256 at a time");

    let far = sparse(&ground, "far", 1, 1_100).await;
    let (mut slice, mut empty) = (PageRequest::first(1), 0);
    let found = loop {
        let listed: ListPage<Bead> = ground.reader.slice(&far, &slice).await.unwrap();
        if !listed.items.is_empty() {
            break listed;
        }
        empty += 1;
        slice = PageRequest { limit: 1, start: Start::After(listed.next.unwrap()) };
    };
    assert_eq!((places(&found), empty), (vec!["01100".to_owned()], 1));
}

#[tokio::test]
async fn what_cannot_be_counted_off_is_refused_rather_than_shown_with_a_gap() {
    let ground = Fixture::open().await;
    let list = sparse(&ground, "far", 1, 1_100).await;
    let first = PageRequest { limit: 1, start: Start::Offset(0) };
    let refused = ground.reader.slice::<Bead>(&list, &first).await;
    assert!(matches!(refused, Err(SliceError::FilterTooSelective)), "{refused:?}");
    let followed: ListPage<Bead> = ground.reader.slice(&list, &PageRequest::first(1)).await.unwrap();
    assert!(followed.items.is_empty() && followed.next.is_some(), "{followed:?}");
}

#[tokio::test]
async fn what_comes_before_is_counted_off_in_one_request_and_nothing_of_it_is_sent() {
    let ground = Fixture::open().await;
    let beads = (0..250).map(|n| (n, (0, true))).collect();
    let mut case = Case { beads, partitions: 1, descending: true, only_red: false, limit: 10 };
    let list = case.laid_out(&ground, "long").await;
    let slice = PageRequest { limit: 10, start: Start::Offset(200) };
    ground.requests();
    let listed: ListPage<Bead> = ground.reader.slice(&list, &slice).await.unwrap();
    assert_eq!(places(&listed), case.expected()[200..210]);
    assert_eq!(ground.requests(), ["Query", "Query"]);
    assert_eq!(ground.items_received(), [0, 11], "one more than is shown says that there is more");

    case.partitions = 3;
    case.beads = (0..300).map(|n| (n, (u8::try_from(n % 3).unwrap(), true))).collect();
    let list = case.laid_out(&ground, "split").await;
    ground.requests();
    let listed: ListPage<Bead> = ground.reader.slice(&list, &slice).await.unwrap();
    assert_eq!(places(&listed), case.expected()[200..210]);
    assert!(ground.requests().len() <= 9, "a share of each, and what is then missing");
}
