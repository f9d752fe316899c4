//! Pagination: a list is the same by cursor, by offset and by page number.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde::{Deserialize, Serialize};
use shared::kit::aws::dynamodb::expression::Predicate;
use shared::kit::aws::dynamodb::read::pagination::PageError;
use shared::kit::aws::dynamodb::read::query::Query;
use shared::kit::aws::dynamodb::schema::Index;
use shared::kit::command::page::{ListPage, PageRequest, Start};
use shared::kit::command::{Key, Record};

use crate::fixture::Fixture;

/// List item with a position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ListItem {
    position: String,
}

impl Record for ListItem {
    const KIND: &'static str = "item";
    type Id = String;

    fn key(position: &String) -> Key {
        Key { pk: format!("item#{position}"), sk: "item".to_owned() }
    }
}

/// Expected list, spread over several partitions of the table.
#[derive(Debug, Clone)]
struct Case {
    /// Partition and colour (`true` for red) by position.
    items: BTreeMap<u16, (u8, bool)>,
    partitions: u8,
    descending: bool,
    only_red: bool,
    limit: u32,
}

fn cases() -> impl Strategy<Value = Case> {
    (1..=6_u8, any::<bool>(), any::<bool>(), 1..=7_u32).prop_flat_map(
        |(partitions, descending, only_red, limit)| {
            let items = proptest::collection::btree_map(0..500_u16, (0..partitions, any::<bool>()), 0..30);
            items.prop_map(move |items| Case { items, partitions, descending, only_red, limit })
        },
    )
}

impl Case {
    /// Stores the items in partitions of their own.
    async fn store(&self, fixture: &Fixture, name: &str) -> Vec<Query> {
        let mut items = Vec::new();
        for (position, (partition, red)) in &self.items {
            let position = format!("{position:05}");
            let colour = if *red { "red" } else { "blue" };
            let partition_key = format!("{name}#{partition}");
            items.push([
                ("pk", format!("{partition_key}#{position}")),
                ("sk", "item".to_owned()),
                ("parentKey", partition_key),
                ("parentSort", position.clone()),
                ("position", position),
                ("colour", colour.to_owned()),
            ]);
        }
        fixture.put_all(&items).await;
        (0..self.partitions).map(|partition| self.query(&format!("{name}#{partition}"))).collect()
    }

    fn query(&self, partition: &str) -> Query {
        let query = Query::index(Index::ByParent, partition, 1);
        let query = if self.descending { query.descending() } else { query };
        if self.only_red { query.filter(Predicate::equal("colour", "red")) } else { query }
    }

    fn expected(&self) -> Vec<String> {
        let matching = self.items.iter().filter(|(_, (_, red))| *red || !self.only_red);
        let mut positions: Vec<String> = matching.map(|(position, _)| format!("{position:05}")).collect();
        if self.descending {
            positions.reverse();
        }
        positions
    }
}

fn positions(slice: &ListPage<ListItem>) -> Vec<String> {
    slice.items.iter().map(|item| item.position.clone()).collect()
}

/// Positions of all items from a slice on, read by following the cursors.
async fn follow_cursors(fixture: &Fixture, list: &[Query], first: PageRequest) -> Vec<String> {
    let (limit, mut slice, mut listed_positions) = (first.limit, first, Vec::new());
    loop {
        let listed: ListPage<ListItem> = fixture.reader.page(list, &slice).await.unwrap();
        assert!(listed.items.len() <= slice.length());
        listed_positions.extend(positions(&listed));
        let Some(next) = listed.next else { return listed_positions };
        slice = PageRequest { limit, start: Start::After(next) };
    }
}

async fn assert_consistent(fixture: &Fixture, case: &Case, list: &[Query]) {
    let expected = case.expected();
    let (limit, length) = (case.limit, PageRequest::first(case.limit).length());
    assert_eq!(follow_cursors(fixture, list, PageRequest::first(limit)).await, expected);
    for offset in 0..expected.len() + 2 {
        let slice = PageRequest { limit, start: Start::Offset(u32::try_from(offset).unwrap()) };
        let listed: ListPage<ListItem> = fixture.reader.page(list, &slice).await.unwrap();
        let rest = &expected[offset.min(expected.len())..];
        assert_eq!(positions(&listed), rest[..length.min(rest.len())], "offset {offset}");
        assert!(listed.min_total <= expected.len(), "the minimum total is not too high");
        if !case.only_red {
            assert_eq!(
                listed.next.is_some(),
                rest.len() > length,
                "there is a next cursor if there are more items"
            );
            assert_eq!(listed.min_total, expected.len().min(offset + length + 1));
        }
        if offset % length == 0 {
            assert_eq!(
                follow_cursors(fixture, list, slice).await,
                rest,
                "offset {offset} and following pages"
            );
        }
    }
}

#[test]
fn lists_have_no_gaps_or_duplicates_by_offset_or_cursor() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let fixture = runtime.block_on(Fixture::open());
    let mut runner = TestRunner::new(Config { cases: 16, failure_persistence: None, ..Config::default() });
    let case_count = std::cell::Cell::new(0);
    let passed = runner.run(&cases(), |case| {
        let name = format!("list{}", case_count.replace(case_count.get() + 1));
        runtime.block_on(async {
            let list = case.store(&fixture, &name).await;
            assert_consistent(&fixture, &case, &list).await;
        });
        Ok(())
    });
    passed.unwrap();
}

/// Filtered list with one red item after every `blue_between` blue ones.
async fn sparse(fixture: &Fixture, name: &str, red: u16, blue_between: u16) -> Vec<Query> {
    let items =
        (0..red * (blue_between + 1)).map(|n| (n, (0, n % (blue_between + 1) == blue_between))).collect();
    let case = Case { items, partitions: 1, descending: false, only_red: true, limit: 1 };
    case.store(fixture, name).await
}

#[tokio::test]
async fn filtered_list_is_scanned_in_growing_steps_up_to_a_limit() {
    let fixture = Fixture::open().await;
    let list = sparse(&fixture, "near", 3, 400).await;
    let found: ListPage<ListItem> = fixture.reader.page(&list, &PageRequest::first(1)).await.unwrap();
    assert_eq!(positions(&found), ["00400"]);
    assert_eq!(fixture.requests(), ["Query"; 9], "1, 2, 4, up to 256 items per request");

    let far = sparse(&fixture, "far", 1, 1_100).await;
    let (mut slice, mut empty) = (PageRequest::first(1), 0);
    let found = loop {
        let listed: ListPage<ListItem> = fixture.reader.page(&far, &slice).await.unwrap();
        if !listed.items.is_empty() {
            break listed;
        }
        empty += 1;
        slice = PageRequest { limit: 1, start: Start::After(listed.next.unwrap()) };
    };
    assert_eq!((positions(&found), empty), (vec!["01100".to_owned()], 1));
}

#[tokio::test]
async fn offset_too_deep_in_a_filtered_list_is_refused() {
    let fixture = Fixture::open().await;
    let list = sparse(&fixture, "far", 1, 1_100).await;
    let first = PageRequest { limit: 1, start: Start::Offset(0) };
    let refused = fixture.reader.page::<ListItem>(&list, &first).await;
    assert!(matches!(refused, Err(PageError::FilterTooSelective)), "{refused:?}");
    let followed: ListPage<ListItem> = fixture.reader.page(&list, &PageRequest::first(1)).await.unwrap();
    assert!(followed.items.is_empty() && followed.next.is_some(), "{followed:?}");
}

#[tokio::test]
async fn offset_is_skipped_by_a_count_without_items() {
    let fixture = Fixture::open().await;
    let items = (0..250).map(|n| (n, (0, true))).collect();
    let mut case = Case { items, partitions: 1, descending: true, only_red: false, limit: 10 };
    let list = case.store(&fixture, "long").await;
    let slice = PageRequest { limit: 10, start: Start::Offset(200) };
    fixture.requests();
    let listed: ListPage<ListItem> = fixture.reader.page(&list, &slice).await.unwrap();
    assert_eq!(positions(&listed), case.expected()[200..210]);
    assert_eq!(fixture.requests(), ["Query", "Query"]);
    assert_eq!(fixture.items_received(), [0, 11], "one extra item shows that there is a next page");

    case.partitions = 3;
    case.items = (0..300).map(|n| (n, (u8::try_from(n % 3).unwrap(), true))).collect();
    let list = case.store(&fixture, "split").await;
    fixture.requests();
    let listed: ListPage<ListItem> = fixture.reader.page(&list, &slice).await.unwrap();
    assert_eq!(positions(&listed), case.expected()[200..210]);
    assert!(fixture.requests().len() <= 9, "a share of each partition, then the missing items");
}

#[tokio::test]
async fn offset_behind_large_items_takes_bounded_read_units() {
    let fixture = Fixture::open().await;
    let description = "x".repeat(20_000);
    let item = |n: u32| {
        let position = format!("{n:05}");
        [
            ("pk", format!("large#{position}")),
            ("sk", "item".to_owned()),
            ("parentKey", "large".to_owned()),
            ("parentSort", position.clone()),
            ("position", position),
            ("description", description.clone()),
        ]
    };
    fixture.put_all(&(0..160).map(item).collect::<Vec<_>>()).await;
    let list = [Query::index(Index::ByParent, "large", 1)];
    let at = |offset| PageRequest { limit: 1, start: Start::Offset(offset) };
    let found: ListPage<ListItem> = fixture.reader.page(&list, &at(40)).await.unwrap();
    assert_eq!(positions(&found), ["00040"]);
    let found: ListPage<ListItem> = fixture.reader.page(&list, &at(90)).await.unwrap();
    assert_eq!(positions(&found), ["00090"], "skipped by two reads");
    fixture.read_units();
    let refused = fixture.reader.page::<ListItem>(&list, &at(159)).await;
    assert!(matches!(refused, Err(PageError::OffsetTooFar)), "{refused:?}");
    let units = fixture.read_units();
    // Documented in `docs/request-costs.md`: two reads of 1 MB.
    assert!((128.0..=256.0).contains(&units), "{units} read units");
}
