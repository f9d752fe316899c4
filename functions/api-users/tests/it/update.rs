//! `PUT` and `PATCH /v1/users/{id}`.

use futures::future::join_all;
use serde_json::{Value, json};
use shared::repository::user::UserReader;
use test_support::fixture::{buyer, moderator, new_id, stranger};

use super::{Users, admin, error, fields, forbidden, not_found, path};

fn taken() -> (u16, String) {
    (409, "EMAIL_TAKEN".to_owned())
}

impl Users {
    /// The id of the account that an address belongs to.
    async fn holder(&self, email: &str) -> Option<String> {
        let account = self.scene.reader.account_by_email(&email.parse().unwrap()).await.unwrap();
        account.map(|(user, _)| user.id.to_string())
    }
}

#[tokio::test]
async fn a_replacement_sets_name_and_address_and_is_the_next_version() {
    let users = Users::open().await;
    let body = json!({ "email": " Someone@Example.ORG ", "name": " Someone " });
    let answer =
        users.ask(stranger(), "PUT", &path(stranger().user), &[("if-match", "\"1\"")], Some(&body)).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    assert_eq!(answer.header("etag").unwrap(), "\"2\"");
    let shown = answer.json()["data"].clone();
    assert_eq!((&shown["email"], &shown["name"]), (&json!("someone@example.org"), &json!("Someone")));
    assert_eq!((&shown["version"], &shown["role"]), (&json!(2), &json!("user")));
    assert_eq!(users.get(stranger(), "/v1/users/me").await.json()["data"], shown);
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_what_changes_nothing_is_no_new_version() {
    let users = Users::open().await;
    let renamed = users.patch(stranger(), stranger().user, &json!({ "name": "Someone" })).await;
    let shown = renamed.json()["data"].clone();
    assert_eq!((&shown["name"], &shown["email"]), (&json!("Someone"), &json!("stranger@example.com")));
    for nothing in [json!({}), json!({ "name": "Someone" }), json!({ "email": "STRANGER@example.com" })] {
        let answer = users.patch(stranger(), stranger().user, &nothing).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["data"]), (200, &shown), "{nothing}");
    }
}

#[tokio::test]
async fn a_change_names_the_version_that_it_is_about() {
    let users = Users::open().await;
    let patch = json!({ "name": "Someone" });
    let own = path(stranger().user);
    for method in ["PUT", "PATCH", "DELETE"] {
        let body = Some(json!({ "email": "stranger@example.com", "name": "Someone" }));
        let body = body.filter(|_| method != "DELETE");
        let missing = users.ask(stranger(), method, &own, &[], body.as_ref()).await;
        assert_eq!(error(&missing), (428, "PRECONDITION_REQUIRED".to_owned()), "{method}");
        for other in ["\"2\"", "W/\"1\"", "1", "\"1\", \"2\"", ""] {
            let answer = users.ask(stranger(), method, &own, &[("if-match", other)], body.as_ref()).await;
            assert_eq!(error(&answer), (412, "VERSION_MISMATCH".to_owned()), "{method} {other}");
        }
    }
    assert_eq!(users.stored(stranger().user).await.unwrap().version.get(), 1);
    let first = users.ask(stranger(), "PATCH", &own, &[("if-match", "\"1\"")], Some(&patch)).await;
    assert_eq!(first.status, 200);
    let second = users.ask(stranger(), "PATCH", &own, &[("if-match", "\"1\"")], Some(&patch)).await;
    assert_eq!(error(&second), (412, "VERSION_MISMATCH".to_owned()));
}

#[tokio::test]
async fn of_ten_changes_of_one_version_at_once_one_succeeds() {
    let users = Users::open().await;
    let bodies: Vec<Value> = (0..10).map(|n| json!({ "name": format!("Someone {n}") })).collect();
    let (own, seen) = (path(stranger().user), [("if-match", "\"1\"")]);
    let asked = bodies.iter().map(|body| users.ask(stranger(), "PATCH", &own, &seen, Some(body)));
    let mut ended: Vec<u16> = join_all(asked).await.iter().map(|answer| answer.status.as_u16()).collect();
    ended.sort_unstable();
    assert_eq!(ended, [vec![200], vec![412; 9]].concat());
    assert_eq!(users.stored(stranger().user).await.unwrap().version.get(), 2);
}

#[tokio::test]
async fn an_address_moves_with_its_account_and_the_old_one_is_free_again() {
    let users = Users::open().await;
    let to = |email: &str| json!({ "email": email });
    assert_eq!(error(&users.patch(stranger(), stranger().user, &to("Buyer@example.com")).await), taken());
    assert_eq!(users.stored(stranger().user).await.unwrap().version.get(), 1);
    assert_eq!(users.patch(stranger(), stranger().user, &to("new@example.com")).await.status, 200);
    assert_eq!(users.holder("stranger@example.com").await, None);
    assert_eq!(users.holder("new@example.com").await, Some(stranger().user.to_string()));
    assert_eq!(users.patch(buyer(), buyer().user, &to("stranger@example.com")).await.status, 200);
    assert_eq!(users.holder("stranger@example.com").await, Some(buyer().user.to_string()));
    assert_eq!(error(&users.patch(buyer(), buyer().user, &to("new@example.com")).await), taken());
}

#[tokio::test]
async fn of_ten_who_want_one_address_at_once_one_gets_it_and_the_others_keep_theirs() {
    let users = Users::empty().await;
    let mut people = Vec::new();
    for n in 0..10 {
        let person = shared::domain::values::actor::Actor { user: new_id(), ..stranger() };
        users.scene.person(person, &format!("person{n}")).await;
        people.push(person);
    }
    let body = json!({ "email": "wanted@example.com" });
    let answers = join_all(people.iter().map(|person| users.patch(*person, person.user, &body))).await;
    let winner = answers.iter().position(|answer| answer.status == 200).unwrap();
    assert_eq!(users.holder("wanted@example.com").await, Some(people[winner].user.to_string()));
    for (n, answer) in answers.iter().enumerate().filter(|(n, _)| *n != winner) {
        assert_eq!(error(answer), taken());
        let own = users.holder(&format!("person{n}@example.com")).await;
        assert_eq!(own, Some(people[n].user.to_string()));
    }
}

#[tokio::test]
async fn another_address_has_to_be_verified_again() {
    let users = Users::open().await;
    let account = users.stored(stranger().user).await.unwrap();
    let event = shared::domain::user::UserEvent::Changed { user_id: account.id };
    let version = account.version.next();
    users
        .scene
        .put_entity(shared::domain::user::User { email_verified: true, version, ..account }, event)
        .await;
    let renamed = users.patch(stranger(), stranger().user, &json!({ "name": "Someone" })).await;
    assert_eq!(renamed.json()["data"]["emailVerified"], true);
    let moved = users.patch(stranger(), stranger().user, &json!({ "email": "new@example.com" })).await;
    assert_eq!(moved.json()["data"]["emailVerified"], false);
}

#[tokio::test]
async fn the_accounts_of_others_are_changed_by_those_who_may() {
    let users = Users::open().await;
    let patch = json!({ "name": "Someone" });
    for user in [buyer().user, admin().user, new_id()] {
        assert_eq!(error(&users.patch(stranger(), user, &patch).await), not_found());
    }
    assert_eq!(error(&users.patch(moderator(), stranger().user, &patch).await), forbidden());
    assert_eq!(users.patch(admin(), stranger().user, &patch).await.json()["data"]["name"], "Someone");
    let body = json!({ "email": "new@example.com", "name": "Somebody" });
    let seen = [("if-match", "*")];
    let replaced = users.ask(admin(), "PUT", &path(stranger().user), &seen, Some(&body)).await;
    assert_eq!(replaced.json()["data"]["email"], "new@example.com");
}

#[tokio::test]
async fn all_failing_fields_are_reported_at_once() {
    let users = Users::open().await;
    let (own, seen) = (path(stranger().user), [("if-match", "*")]);
    let body = json!({ "email": "x", "role": "user", "colour": 7 });
    let answer = users.ask(stranger(), "PUT", &own, &seen, Some(&body)).await;
    let expected = json!({
        "email": "must be a valid e-mail address of at most 254 bytes",
        "name": "is required",
        "role": "is not a known field",
        "colour": "is not a known field",
    });
    assert_eq!((error(&answer).1.as_str(), fields(&answer)), ("VALIDATION_ERROR", expected));
    let body = json!({ "email": null, "name": " ", "role": "king", "status": 1, "id": "usr_1" });
    let answer = users.patch(stranger(), stranger().user, &body).await;
    let expected = json!({
        "email": "must not be null",
        "name": "must not be empty",
        "role": "must be one of user, moderator, admin",
        "status": "must be a string",
        "id": "is not a known field",
    });
    assert_eq!(fields(&answer), expected);
}

#[tokio::test]
async fn the_same_change_under_one_key_is_made_once_and_answered_alike() {
    let users = Users::open().await;
    let headers = [("if-match", "\"1\""), ("idempotency-key", "k1")];
    let body = json!({ "name": "Someone" });
    let own = path(stranger().user);
    let first = users.ask(stranger(), "PATCH", &own, &headers, Some(&body)).await;
    let second = users.ask(stranger(), "PATCH", &own, &headers, Some(&body)).await;
    assert_eq!((first.status, second.status), (second.status, first.status));
    assert_eq!(first.bytes, second.bytes);
    assert_eq!(second.header("idempotent-replay").unwrap(), "true");
}
