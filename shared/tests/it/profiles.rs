//! Profiles: read together, each once.

use serde_json::{Value, json};
use shared::domain::user::{Role, User, UserId};
use shared::kit::aws::dynamodb::DynamoReader;
use shared::kit::command::{Record, Version};
use shared::repository::user::profile::ProfileReader;
use test_support::Marketplace;
use test_support::fixture::{actor, buyer, new_id, seller, stranger};
use test_support::read_units::ReadUnitMeter;

use crate::dynamodb_failures::Scripted;

fn user_key(user: UserId) -> Value {
    let key = User::key(&user);
    json!({ "pk": { "S": key.pk }, "sk": { "S": key.sk } })
}

fn user_item(user: UserId, name: &str) -> Value {
    let mut item = user_key(user);
    item["id"] = json!({ "S": user.to_string() });
    item["name"] = json!({ "S": name });
    item["version"] = json!({ "N": "1" });
    item
}

#[tokio::test]
async fn a_hundred_mentions_of_some_people_are_one_request_for_each_of_them_once() {
    let scene = Marketplace::open().await;
    let meter = ReadUnitMeter::default();
    let reader = DynamoReader::new(meter.on(&scene.table));
    let people = [buyer().user, seller().user, new_id(), stranger().user];
    let mentioned: Vec<UserId> = people.iter().copied().cycle().take(100).collect();
    let profiles = reader.profiles(&mentioned).await.unwrap();
    assert_eq!(profiles.len(), 3, "whoever has no account has no profile");
    let seen = &profiles[&seller().user];
    assert_eq!((seen.id, seen.name.as_str(), seen.version), (seller().user, "seller", Version::FIRST));
    let requests = meter.requests();
    assert_eq!(
        requests.iter().map(|request| (request.operation, request.items)).collect::<Vec<_>>(),
        [("BatchGetItem", 3)]
    );
    assert!(reader.profiles(&[]).await.unwrap().is_empty());
    assert!(meter.requests().is_empty());
}

#[tokio::test]
async fn more_people_than_one_request_takes_are_several_requests() {
    let scene = Marketplace::empty().await;
    let meter = ReadUnitMeter::default();
    let reader = DynamoReader::new(meter.on(&scene.table));
    let mut people: Vec<UserId> = (0..150).map(|_| new_id()).collect();
    for (n, user) in people.iter().step_by(10).enumerate() {
        scene.person(actor(&user.to_string(), Role::User), &format!("person{n}")).await;
    }
    people.extend_from_within(..);
    assert_eq!(reader.profiles(&people).await.unwrap().len(), 15);
    assert_eq!(meter.operations(), ["BatchGetItem"; 2]);
}

#[tokio::test]
async fn whom_the_table_left_out_of_its_answer_is_asked_for_again() {
    let (ada, bob): (UserId, UserId) = (new_id(), new_id());
    let half = json!({
        "Responses": { "agora": [user_item(ada, "Ada")] },
        "UnprocessedKeys": { "agora": { "Keys": [user_key(bob)] } },
    });
    let rest = json!({ "Responses": { "agora": [user_item(bob, "Bob")] }, "UnprocessedKeys": {} });
    let service = Scripted::open([(200, half), (200, rest)]).await;
    let profiles = service.reader().profiles(&[ada, bob, ada]).await.unwrap();
    assert_eq!([ada, bob].map(|user| profiles[&user].name.as_str().to_owned()), ["Ada", "Bob"]);
    let seen = service.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0]["RequestItems"]["agora"]["Keys"].as_array().unwrap().len(), 2);
    assert_eq!(seen[1]["RequestItems"]["agora"]["Keys"], json!([user_key(bob)]));
    let names = seen[0]["RequestItems"]["agora"]["ExpressionAttributeNames"].as_object().unwrap();
    assert!(!names.values().any(|name| name == "email"), "an address is not even read: {names:?}");
}
