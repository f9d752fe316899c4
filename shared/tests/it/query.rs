//! Lists, page by page.

use shared::kit::aws::dynamodb::expression::{Predicate, Projection};
use shared::kit::aws::dynamodb::read::query::{Page, Query};
use shared::kit::aws::dynamodb::schema::Index;
use shared::kit::command::{Record, Store};

use crate::fixture::{Fixture, at_once, cause};
use crate::toy_domain::{Jar, Save};

/// Twenty-five jars on the shelf, of which the odd ones hold one coin, the even ones none.
async fn shelf() -> Fixture {
    let ground = Fixture::open().await;
    let jars = (0..25).map(|n| (Save::into(&format!("{n:02}"), n % 2), cause()));
    for end in at_once(&ground.store, jars).await {
        end.unwrap();
    }
    ground.requests();
    ground
}

fn on_shelf(limit: u32) -> Query {
    Query::index(Index::ByParent, "shelf", limit)
}

async fn all_of(ground: &Fixture, query: Query) -> Vec<Vec<String>> {
    let (mut pages, mut after) = (Vec::new(), None);
    loop {
        let page: Page<Jar> = ground.reader.list(&query.clone().after(after)).await.unwrap();
        pages.push(page.items.into_iter().map(|jar| jar.id).collect());
        after = page.next;
        if after.is_none() {
            return pages;
        }
    }
}

#[tokio::test]
async fn pages_follow_each_other_in_both_directions_one_request_each() {
    let ground = shelf().await;
    let ids: Vec<String> = (0..25).map(|n| format!("{n:02}")).collect();
    let forwards = all_of(&ground, on_shelf(10)).await;
    assert_eq!(forwards.iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 5]);
    assert_eq!(forwards.concat(), ids);
    assert_eq!(ground.requests(), ["Query"; 3]);
    let backwards = all_of(&ground, on_shelf(10).descending()).await;
    assert_eq!(backwards.concat(), ids.into_iter().rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_page_goes_on_where_the_last_one_ended_although_the_list_has_changed() {
    let ground = shelf().await;
    let first: Page<Jar> = ground.reader.list(&on_shelf(10).descending()).await.unwrap();
    assert_eq!(first.items.last().unwrap().id, "15");
    ground.store.execute(Save::into("99", 1), &cause()).await.unwrap();
    let second: Page<Jar> = ground.reader.list(&on_shelf(10).descending().after(first.next)).await.unwrap();
    assert_eq!(second.items.first().unwrap().id, "14");
}

#[tokio::test]
async fn a_bound_and_a_filter_leave_out_what_does_not_fit() {
    let ground = shelf().await;
    let bounded = all_of(&ground, on_shelf(100).before("03")).await.concat();
    assert_eq!(bounded, ["00", "01", "02"]);
    let filtered = all_of(&ground, on_shelf(100).filter(Predicate::equal("coins", 1))).await.concat();
    assert_eq!(filtered.len(), 12);
    assert!(filtered.iter().all(|id| id.parse::<u32>().unwrap() % 2 == 1));
}

#[tokio::test]
async fn an_empty_list_is_one_empty_page() {
    let ground = Fixture::open().await;
    let page: Page<Jar> = ground.reader.list(&on_shelf(10)).await.unwrap();
    assert_eq!(page, Page { items: Vec::new(), next: None });
}

#[tokio::test]
async fn a_partition_of_the_table_is_listed_by_its_sort_keys() {
    let ground = shelf().await;
    let jar = Jar::key(&"07".to_owned());
    let page: Page<Jar> = ground.reader.list(&Query::table(jar.pk, 10)).await.unwrap();
    assert_eq!(page.items.iter().map(|jar| jar.id.as_str()).collect::<Vec<_>>(), ["07"]);
}

#[tokio::test]
async fn only_the_attributes_that_are_asked_for_are_read() {
    #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Coins {
        coins: i64,
    }
    impl Record for Coins {
        const KIND: &'static str = "jar";
        type Id = String;

        fn key(id: &String) -> shared::kit::command::Key {
            Jar::key(id)
        }
    }
    let ground = shelf().await;
    let query = on_shelf(2).project(Projection(&["coins"]));
    let page: Page<Coins> = ground.reader.list(&query).await.unwrap();
    assert_eq!(page.items, [Coins { coins: 0 }, Coins { coins: 1 }]);
}
