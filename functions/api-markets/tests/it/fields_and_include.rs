//! What is shown of markets: `fields`, and `include=creator`.

use serde_json::{Value, json};
use shared::domain::market::Market;
use shared::domain::market::create::InitialStatus;
use shared::domain::user::delete::DeleteUser;
use shared::domain::user::{Role, User, UserId};
use shared::repository::user::UserReader;
use test_support::fixture::{MARKET, Marketplace, SELLER, actor, id, new_id, seller};
use test_support::lambda_event::of_request;

use super::{Markets, fields};

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn a_market_is_shown_with_the_fields_that_are_named_in_the_order_of_the_body() {
    let markets = Markets::open().await;
    let path = format!("/v1/markets/{MARKET}");
    let whole = markets.get(&path).await;
    let some = markets.get(&format!("{path}?fields=status,name,id")).await;
    let expected = format!(r#"{{"data":{{"id":"{MARKET}","name":"Mugs and more","status":"active"}}}}"#);
    assert_eq!(String::from_utf8(some.bytes.clone()).unwrap(), expected);
    assert_eq!(some.header("etag"), whole.header("etag"));
    for field in keys(&whole.json()["data"]) {
        let one = markets.get(&format!("{path}?fields={field}")).await.json();
        assert_eq!(one["data"], json!({ field: whole.json()["data"][field] }));
    }
    let list = markets.get("/v1/markets?fields=name").await.json();
    assert_eq!(list["data"], json!([{ "name": "Mugs and more" }]));
    assert_eq!(list["pagination"], json!({ "limit": 20, "total": 1 }));
}

#[tokio::test]
async fn a_field_or_an_inclusion_that_there_is_not_is_refused_by_its_name() {
    let markets = Markets::open().await;
    for path in [format!("/v1/markets/{MARKET}"), "/v1/markets".to_owned()] {
        let answer = markets.get(&format!("{path}?fields=id,email,id&include=creator,owner")).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "VALIDATION_ERROR"));
        let said = &answer.json()["error"]["fields"];
        assert!(said["fields"].as_str().unwrap().starts_with("`email` is not one of id, name, "), "{said}");
        assert!(said["fields"].as_str().unwrap().ends_with("; `id` is named twice"), "{said}");
        assert_eq!(said["include"], "`owner` is not one of creator");
        let unknown = markets.get(&format!("{path}?colour=red&fields=")).await;
        assert_eq!(fields(&unknown), ["colour", "fields"]);
    }
}

#[tokio::test]
async fn a_creator_is_shown_by_name_and_a_removed_one_as_nobody() {
    let markets = Markets::open().await;
    let path = format!("/v1/markets/{MARKET}?include=creator");
    let answer = markets.get(&path).await;
    let creator = json!({ "id": SELLER, "name": "seller" });
    assert_eq!(answer.json()["data"]["creator"], creator);
    assert!(!String::from_utf8_lossy(&answer.bytes).contains("@example.com"));
    assert!(markets.get(&format!("/v1/markets/{MARKET}")).await.json()["data"].get("creator").is_none());
    let chosen = markets.get(&format!("{path}&fields=name")).await.json();
    assert_eq!(chosen["data"], json!({ "name": "Mugs and more", "creator": creator }));
    let named = markets.get(&format!("/v1/markets/{MARKET}?fields=creator")).await;
    assert_eq!(fields(&named), ["fields"], "it is no field of the market's own");

    let gone = actor(&new_id::<User>().to_string(), Role::User);
    markets.scene.person(gone, "gone").await;
    markets.scene.market(&new_id::<Market>().to_string(), gone, InitialStatus::Active).await;
    let delete = DeleteUser { id: gone.user, by: gone, may_read: false, may_delete: false, expected: None };
    markets.scene.run(delete).await;
    let list = markets.get("/v1/markets?include=creator&fields=creatorId").await.json();
    assert_eq!(
        list["data"],
        json!([{ "creatorId": gone.user.to_string(), "creator": null }, { "creatorId": SELLER, "creator": creator }])
    );
}

#[tokio::test]
async fn a_market_that_is_kept_with_its_creator_is_old_when_the_creator_is_called_otherwise() {
    let markets = Markets::open().await;
    let path = format!("/v1/markets/{MARKET}?include=creator");
    let tag = markets.get(&path).await.header("etag").unwrap();
    let again = async || markets.send(&of_request("GET", &path, &[("if-none-match", &tag)], None)).await;
    assert_eq!(again().await.status, 304);
    let account = markets.scene.reader.user(id(SELLER)).await.unwrap().unwrap();
    markets.scene.suspend(account).await;
    assert_eq!(again().await.status, 200);
    let token = markets.scene.token(seller());
    let headers = [("authorization", token.as_str()), ("if-match", tag.as_str())];
    let changed =
        of_request("PATCH", &format!("/v1/markets/{MARKET}"), &headers, Some(&json!({ "name": "Cups" })));
    assert_eq!(markets.send(&changed).await.status, 200, "what is changed is the market");
}

#[tokio::test]
async fn a_hundred_markets_with_their_creators_are_one_read_more() {
    let markets = Markets::on(Marketplace::empty().await);
    let people: Vec<UserId> = (0..10).map(|_| new_id()).collect();
    for (n, user) in people.iter().enumerate() {
        let person = actor(&user.to_string(), Role::User);
        markets.scene.person(person, &format!("person{n}")).await;
        for _ in 0..10 {
            let market = new_id::<Market>().to_string();
            markets.scene.market(&market, person, InitialStatus::Active).await;
        }
    }
    markets.meter.restart();
    let list = markets.get("/v1/markets?limit=100&include=creator").await.json();
    assert_eq!(
        markets.meter.operations(),
        ["BatchGetItem", "BatchGetItem", "BatchGetItem", "Query"],
        "creators, volumes, length, markets"
    );
    let listed = list["data"].as_array().unwrap();
    assert_eq!(listed.len(), 100);
    for market in listed {
        let place = people.iter().position(|user| market["creatorId"] == user.to_string()).unwrap();
        let creator = json!({ "id": people[place].to_string(), "name": format!("person{place}") });
        assert_eq!(market["creator"], creator);
    }
}
