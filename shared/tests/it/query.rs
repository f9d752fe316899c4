//! Queries and their pages.

use shared::kit::aws::dynamodb::expression::Predicate;
use shared::kit::aws::dynamodb::read::query::{Page, Query};
use shared::kit::aws::dynamodb::schema::Index;
use shared::kit::command::{Record, Store};

use crate::fixture::{Fixture, context, execute_concurrently};
use crate::toy_domain::{Jar, Save};

/// Fixture with 25 jars on the shelf; those with odd numbers contain one coin.
async fn shelf() -> Fixture {
    let fixture = Fixture::open().await;
    let jars = (0..25).map(|n| (Save::into(&format!("{n:02}"), n % 2), context()));
    for result in execute_concurrently(&fixture.store, jars).await {
        result.unwrap();
    }
    fixture.requests();
    fixture
}

fn on_shelf(limit: u32) -> Query {
    Query::index(Index::ByParent, "shelf", limit)
}

async fn all_of(fixture: &Fixture, query: Query) -> Vec<Vec<String>> {
    let (mut pages, mut after) = (Vec::new(), None);
    loop {
        let page: Page<Jar> = fixture.reader.list(&query.clone().after(after)).await.unwrap();
        pages.push(page.items.into_iter().map(|jar| jar.id).collect());
        after = page.next;
        if after.is_none() {
            return pages;
        }
    }
}

#[tokio::test]
async fn pages_are_read_in_both_directions_with_one_request_each() {
    let fixture = shelf().await;
    let ids: Vec<String> = (0..25).map(|n| format!("{n:02}")).collect();
    let forwards = all_of(&fixture, on_shelf(10)).await;
    assert_eq!(forwards.iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 5]);
    assert_eq!(forwards.concat(), ids);
    assert_eq!(fixture.requests(), ["Query"; 3]);
    let backwards = all_of(&fixture, on_shelf(10).descending()).await;
    assert_eq!(backwards.concat(), ids.into_iter().rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn next_page_is_stable_if_the_list_changes() {
    let fixture = shelf().await;
    let first: Page<Jar> = fixture.reader.list(&on_shelf(10).descending()).await.unwrap();
    assert_eq!(first.items.last().unwrap().id, "15");
    fixture.store.execute(Save::into("99", 1), &context()).await.unwrap();
    let second: Page<Jar> = fixture.reader.list(&on_shelf(10).descending().after(first.next)).await.unwrap();
    assert_eq!(second.items.first().unwrap().id, "14");
}

#[tokio::test]
async fn bound_and_filter_restrict_the_list() {
    let fixture = shelf().await;
    let bounded = all_of(&fixture, on_shelf(100).before("03")).await.concat();
    assert_eq!(bounded, ["00", "01", "02"]);
    let filtered = all_of(&fixture, on_shelf(100).filter(Predicate::equal("coins", 1))).await.concat();
    assert_eq!(filtered.len(), 12);
    assert!(filtered.iter().all(|id| id.parse::<u32>().unwrap() % 2 == 1));
}

#[tokio::test]
async fn empty_list_is_one_empty_page() {
    let fixture = Fixture::open().await;
    let page: Page<Jar> = fixture.reader.list(&on_shelf(10)).await.unwrap();
    assert_eq!(page, Page { items: Vec::new(), next: None });
}

#[tokio::test]
async fn table_partition_is_listed_by_sort_key() {
    let fixture = shelf().await;
    let jar = Jar::key(&"07".to_owned());
    let page: Page<Jar> = fixture.reader.list(&Query::table(jar.pk, 10)).await.unwrap();
    assert_eq!(page.items.iter().map(|jar| jar.id.as_str()).collect::<Vec<_>>(), ["07"]);
}
