//! Query parameters `fields` and `include=creator`.

use serde_json::{Value, json};
use shared::domain::market::Market;
use shared::domain::market::create::InitialStatus;
use shared::domain::user::{Role, User, UserEvent, UserId};
use shared::repository::user::UserReader;
use test_support::fixture::{MARKET, Marketplace, SELLER, actor, id, new_id, seller};

use super::Markets;

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn only_requested_fields_are_returned_in_body_order() {
    let markets = Markets::new().await;
    let path = format!("/v1/markets/{MARKET}");
    let whole = markets.api.get(&path).await;
    let some = markets.api.get(&format!("{path}?fields=status,name,id")).await;
    let expected = format!(r#"{{"data":{{"id":"{MARKET}","name":"Mugs and more","status":"active"}}}}"#);
    assert_eq!(String::from_utf8(some.bytes.clone()).unwrap(), expected);
    assert_eq!(some.header("etag"), whole.header("etag"));
    for field in keys(&whole.json()["data"]) {
        let one = markets.api.get(&format!("{path}?fields={field}")).await.json();
        assert_eq!(one["data"], json!({ field: whole.json()["data"][field] }));
    }
    let list = markets.api.get("/v1/markets?fields=name").await.json();
    assert_eq!(list["data"], json!([{ "name": "Mugs and more" }]));
    assert_eq!(list["pagination"], json!({ "limit": 20, "total": 1 }));
}

#[tokio::test]
async fn fields_that_no_summary_has_are_read_from_the_markets() {
    let markets = Markets::new().await;
    let path = format!("/v1/markets/{MARKET}");
    let description = json!({ "description": "All mugs." });
    let patched = markets.api.patch(&path).by(seller()).if_match("*").json(&description).await;
    let whole = patched.json()["data"].clone();
    markets.meter.restart();
    let list = markets.api.get("/v1/markets").await.json();
    assert_eq!(markets.meter.operations(), ["BatchGetItem", "BatchGetItem", "Query"], "volumes, total, list");
    let mut summary = whole.clone();
    summary
        .as_object_mut()
        .unwrap()
        .retain(|field, _| !["description", "updatedAt", "version"].contains(&&**field));
    assert_eq!(list["data"], json!([summary]));
    for field in ["description", "updatedAt", "version"] {
        let named = markets.api.get(&format!("/v1/markets?fields=id,{field}")).await.json();
        assert_eq!(markets.meter.operations().len(), 4, "{field}");
        assert_eq!(named["data"], json!([{ "id": MARKET, field: whole[field] }]));
    }
}

#[tokio::test]
async fn unknown_field_and_relation_are_refused_by_name() {
    let markets = Markets::new().await;
    for path in [format!("/v1/markets/{MARKET}"), "/v1/markets".to_owned()] {
        let response = markets.api.get(&format!("{path}?fields=id,email,id&include=creator,owner")).await;
        assert_eq!(response.error(), (400, "VALIDATION_ERROR"));
        let rules = &response.json()["error"]["fields"];
        assert!(rules["fields"].as_str().unwrap().starts_with("`email` is not one of id, name, "), "{rules}");
        assert!(rules["fields"].as_str().unwrap().ends_with("; `id` is named twice"), "{rules}");
        assert_eq!(rules["include"], "`owner` is not one of creator");
        let unknown = markets.api.get(&format!("{path}?colour=red&fields=")).await;
        assert_eq!(unknown.fields(), ["colour", "fields"]);
    }
}

#[tokio::test]
async fn creator_is_included_by_name_or_as_null_if_deleted() {
    let markets = Markets::new().await;
    let path = format!("/v1/markets/{MARKET}?include=creator");
    let response = markets.api.get(&path).await;
    let creator = json!({ "id": SELLER, "name": "seller" });
    assert_eq!(response.json()["data"]["creator"], creator);
    assert!(!String::from_utf8_lossy(&response.bytes).contains("@example.com"));
    assert!(markets.api.get(&format!("/v1/markets/{MARKET}")).await.json()["data"].get("creator").is_none());
    let sparse = markets.api.get(&format!("{path}&fields=name")).await.json();
    assert_eq!(sparse["data"], json!({ "name": "Mugs and more", "creator": creator }));
    let named = markets.api.get(&format!("/v1/markets/{MARKET}?fields=creator")).await;
    assert_eq!(named.fields(), ["fields"], "the creator is not a field of the market itself");

    let deleted = actor(&new_id::<User>().to_string(), Role::User);
    markets.marketplace.user(deleted, "deleted").await;
    markets.marketplace.market(&new_id::<Market>().to_string(), deleted, InitialStatus::Active).await;
    markets.marketplace.delete_account(deleted).await;
    let list = markets.api.get("/v1/markets?include=creator&fields=creatorId").await.json();
    assert_eq!(
        list["data"],
        json!([
            { "creatorId": deleted.user.to_string(), "creator": null },
            { "creatorId": SELLER, "creator": creator },
        ])
    );
}

#[tokio::test]
async fn changed_creator_changes_the_entity_tag_of_the_market() {
    let markets = Markets::new().await;
    let path = format!("/v1/markets/{MARKET}?include=creator");
    let tag = markets.api.get(&path).await.header("etag").unwrap();
    let get_again = async || markets.api.get(&path).if_none_match(&tag).await;
    assert_eq!(get_again().await.status, 304);
    let account = markets.marketplace.reader.user(id(SELLER)).await.unwrap().unwrap();
    let event = UserEvent::Changed { user_id: account.id };
    let renamed = User { name: "Eve".parse().unwrap(), version: account.version.next(), ..account };
    markets.marketplace.put_entity(renamed, event).await;
    assert_eq!(get_again().await.status, 200);
    let change = markets.api.patch(&format!("/v1/markets/{MARKET}")).by(seller()).if_match(&tag);
    let changed = change.json(&json!({ "name": "Cups" })).await;
    assert_eq!(changed.status, 200, "the version of the market has not changed");
}

#[tokio::test]
async fn creators_of_a_page_are_read_in_one_request() {
    let markets = Markets::with(Marketplace::empty().await);
    let users: Vec<UserId> = (0..10).map(|_| new_id()).collect();
    for (n, user) in users.iter().enumerate() {
        let creator = actor(&user.to_string(), Role::User);
        markets.marketplace.user(creator, &format!("user{n}")).await;
        for _ in 0..10 {
            let market = new_id::<Market>().to_string();
            markets.marketplace.market(&market, creator, InitialStatus::Active).await;
        }
    }
    markets.meter.restart();
    let list = markets.api.get("/v1/markets?limit=100&include=creator").await.json();
    assert_eq!(
        markets.meter.operations(),
        ["BatchGetItem", "BatchGetItem", "BatchGetItem", "Query"],
        "creators, volumes, total, markets"
    );
    let listed = list["data"].as_array().unwrap();
    assert_eq!(listed.len(), 100);
    for market in listed {
        let position = users.iter().position(|user| market["creatorId"] == user.to_string()).unwrap();
        let creator = json!({ "id": users[position].to_string(), "name": format!("user{position}") });
        assert_eq!(market["creator"], creator);
    }
}
