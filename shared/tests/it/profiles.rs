//! Batch reads of profiles.

use serde_json::{Value, json};
use shared::domain::user::{Role, User, UserId};
use shared::kit::aws::dynamodb::DynamoReader;
use shared::kit::command::{Record, Version};
use shared::repository::user::profile::ProfileReader;
use test_support::Marketplace;
use test_support::capacity_meter::CapacityMeter;
use test_support::fixture::{actor, buyer, new_id, seller, stranger};

use crate::dynamodb_failures::ScriptedDynamo;

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
async fn duplicate_users_are_read_once_in_one_request() {
    let marketplace = Marketplace::with_sample_data().await;
    let meter = CapacityMeter::default();
    let reader = DynamoReader::new(meter.on(&marketplace.table));
    let users = [buyer().user, seller().user, new_id(), stranger().user];
    let requested: Vec<UserId> = users.iter().copied().cycle().take(100).collect();
    let profiles = reader.profiles(&requested).await.unwrap();
    assert_eq!(profiles.len(), 3, "unknown users have no profile");
    let profile = &profiles[&seller().user];
    assert_eq!(
        (profile.id, profile.name.as_str(), profile.version),
        (seller().user, "seller", Version::FIRST)
    );
    let requests = meter.requests();
    assert_eq!(
        requests.iter().map(|request| (request.operation, request.items)).collect::<Vec<_>>(),
        [("BatchGetItem", 3)]
    );
    assert!(reader.profiles(&[]).await.unwrap().is_empty());
    assert!(meter.requests().is_empty());
}

#[tokio::test]
async fn over_a_hundred_users_take_several_requests() {
    let marketplace = Marketplace::empty().await;
    let meter = CapacityMeter::default();
    let reader = DynamoReader::new(meter.on(&marketplace.table));
    let mut users: Vec<UserId> = (0..150).map(|_| new_id()).collect();
    for (n, user) in users.iter().step_by(10).enumerate() {
        marketplace.user(actor(&user.to_string(), Role::User), &format!("person{n}")).await;
    }
    users.extend_from_within(..);
    assert_eq!(reader.profiles(&users).await.unwrap().len(), 15);
    assert_eq!(meter.operations(), ["BatchGetItem"; 2]);
}

#[tokio::test]
async fn unprocessed_users_are_retried() {
    let (ada, bob): (UserId, UserId) = (new_id(), new_id());
    let half = json!({
        "Responses": { "agora": [user_item(ada, "Ada")] },
        "UnprocessedKeys": { "agora": { "Keys": [user_key(bob)] } },
    });
    let rest = json!({ "Responses": { "agora": [user_item(bob, "Bob")] }, "UnprocessedKeys": {} });
    let service = ScriptedDynamo::open([(200, half), (200, rest)]).await;
    let profiles = service.reader().profiles(&[ada, bob, ada]).await.unwrap();
    assert_eq!([ada, bob].map(|user| profiles[&user].name.as_str().to_owned()), ["Ada", "Bob"]);
    let requests = service.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0]["RequestItems"]["agora"]["Keys"].as_array().unwrap().len(), 2);
    assert_eq!(requests[1]["RequestItems"]["agora"]["Keys"], json!([user_key(bob)]));
    let names = requests[0]["RequestItems"]["agora"]["ExpressionAttributeNames"].as_object().unwrap();
    assert!(!names.values().any(|name| name == "email"), "the e-mail address is not read: {names:?}");
}
