//! `GET /v1/users`.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::domain::user::register::RegisterUser;
use shared::domain::user::verify::VerifyEmail;
use shared::domain::user::{Credentials, Role, UserId, UserStatus};
use shared::domain::values::actor::Actor;
use shared::projections::list_total::ListKey;
use shared::repository::table_layout::partitions;
use test_support::fixture::{admin, id, moderator, new_id, stranger};
use test_support::lambda_event::page_ids;
use test_support::search_index::index_names;

use super::{PASSWORD, Users};

/// Users by name, address and role, in the order of their registration.
const USERS: [(&str, &str, Role); 8] = [
    ("Zoë", "zoe@example.com", Role::User),
    ("ada Byron", "countess@example.com", Role::User),
    ("Ada Lovelace", "ada@example.com", Role::User),
    ("ADAM", "smith@example.com", Role::Moderator),
    ("Bob", "adam@example.com", Role::User),
    ("Bob", "bob@example.com", Role::User),
    ("Éva", "eva@example.com", Role::User),
    ("Carol", "carol@example.com", Role::Admin),
];

impl Users {
    /// With [`USERS`] only. Returns their ids in ascending order.
    async fn with_users() -> (Self, Vec<UserId>) {
        let users = Self::empty().await;
        let mut ids: Vec<UserId> = USERS.iter().map(|_| new_id()).collect();
        ids.sort();
        for ((name, email, role), id) in USERS.iter().zip(&ids) {
            let credentials = Credentials { password_hash: String::new() };
            let (email, name) = (email.parse().unwrap(), name.parse().unwrap());
            users.marketplace.run(RegisterUser { id: *id, email, name, role: *role, credentials }).await;
        }
        (users, ids)
    }

    /// Reads a list page by page, and returns the positions in [`USERS`].
    async fn listed(&self, by: Actor, ids: &[UserId], query: &str, limit: usize) -> Vec<usize> {
        let mut positions = Vec::new();
        let mut cursor = String::new();
        loop {
            let response = self.api.get(&format!("/v1/users?limit={limit}&{query}{cursor}")).by(by).await;
            assert_eq!(response.status, 200, "{query}: {}", response.json());
            let body = response.json();
            let page = body["data"].as_array().unwrap();
            assert!(page.len() <= limit);
            let place = |user: &Value| ids.iter().position(|id| user["id"] == id.to_string()).unwrap();
            positions.extend(page.iter().map(place));
            match body["pagination"].get("nextCursor").and_then(Value::as_str) {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return positions,
            }
        }
    }
}

/// The administrator of [`USERS`].
fn carol(ids: &[UserId]) -> Actor {
    Actor { user: ids[7], role: Role::Admin }
}

#[tokio::test]
async fn filters_search_and_sort_order_can_be_combined() {
    let (users, ids) = Users::with_users().await;
    let suspended = users.patch(carol(&ids), ids[5], &json!({ "status": "suspended" })).await;
    assert_eq!(suspended.status, 200);
    index_names(&users.marketplace).await;
    let cases: [(&str, Vec<usize>); 20] = [
        ("", vec![7, 6, 5, 4, 3, 2, 1, 0]),
        ("sort=-createdAt", vec![7, 6, 5, 4, 3, 2, 1, 0]),
        ("sort=createdAt", vec![0, 1, 2, 3, 4, 5, 6, 7]),
        ("sort=name", vec![1, 2, 3, 4, 5, 7, 0, 6]),
        ("sort=-name", vec![6, 0, 7, 5, 4, 3, 2, 1]),
        ("status=suspended", vec![5]),
        ("status=active&sort=name", vec![1, 2, 3, 4, 7, 0, 6]),
        ("role=moderator", vec![3]),
        ("role=user&status=active&sort=createdAt", vec![0, 1, 2, 4, 6]),
        ("role=admin&status=suspended", vec![]),
        ("search=ada&sort=name", vec![1, 2, 3, 4]),
        ("search=ADA&sort=-createdAt", vec![4, 3, 2, 1]),
        ("search=ada%20l", vec![2]),
        ("search=bob&status=active", vec![4]),
        ("search=bob&sort=createdAt", vec![4, 5]),
        ("search=%C3%A9", vec![6]),
        ("search=adam@&role=user", vec![4]),
        ("search=lovelace", vec![2]),
        ("search=love%20a", vec![2]),
        ("search=lace", vec![]),
    ];
    for (query, expected) in cases {
        for limit in [1, 3, 100] {
            assert_eq!(
                users.listed(carol(&ids), &ids, query, limit).await,
                expected,
                "{query}, limit {limit}"
            );
        }
    }
}

#[tokio::test]
async fn list_follows_changes_of_accounts() {
    let (users, ids) = Users::with_users().await;
    let by = carol(&ids);
    users.patch(by, ids[1], &json!({ "name": "Aaron", "role": "moderator" })).await;
    assert_eq!(users.listed(by, &ids, "role=moderator&sort=name", 100).await, [1, 3]);
    index_names(&users.marketplace).await;
    assert_eq!(users.listed(by, &ids, "search=byron", 100).await, Vec::<usize>::new());
    assert_eq!(users.listed(by, &ids, "search=aar", 100).await, [1]);
    users.delete(by, ids[1]).await;
    assert_eq!(users.listed(by, &ids, "role=moderator&sort=name", 100).await, [3]);
}

#[tokio::test]
async fn pages_are_complete_during_registrations() {
    let users = Users::open().await;
    let mut before = BTreeSet::new();
    for n in 0..25 {
        let person = Actor { user: new_id(), ..stranger() };
        users.marketplace.user(person, &format!("early{n}")).await;
        before.insert(person.user.to_string());
    }
    index_names(&users.marketplace).await;
    let (mut ids, mut path) = (Vec::new(), "/v1/users?limit=10&search=early".to_owned());
    for round in 0.. {
        let body = users.api.get(&path).by(moderator()).await.json();
        ids.extend(page_ids(&body));
        let Some(next) = body["pagination"]["nextCursor"].as_str() else { break };
        path = format!("/v1/users?limit=10&search=early&cursor={next}");
        users.marketplace.user(Actor { user: new_id(), ..stranger() }, &format!("early-late{round}")).await;
    }
    assert!(ids.windows(2).all(|pair| pair[0] > pair[1]), "not newest first: {ids:?}");
    assert_eq!(ids.len(), 25);
    assert_eq!(ids.into_iter().collect::<BTreeSet<_>>(), before);
}

#[tokio::test]
async fn list_requires_the_current_permission() {
    let users = Users::open().await;
    assert_eq!(users.api.get("/v1/users").by(stranger()).await.error(), (403, "FORBIDDEN"));
    let outdated_token = Actor { role: Role::Admin, ..stranger() };
    assert_eq!(
        users.api.get("/v1/users").by(outdated_token).await.error(),
        (403, "FORBIDDEN"),
        "the role in the token is not sufficient"
    );
    let response = users.api.get("/v1/users").by(moderator()).await;
    assert_eq!((response.status.as_u16(), response.json()["data"].as_array().unwrap().len()), (200, 5));
    assert_eq!(response.json()["pagination"], json!({ "limit": 20, "total": 5 }));
}

#[tokio::test]
async fn all_invalid_parameters_are_reported() {
    let users = Users::open().await;
    let path = "/v1/users?status=unknown&role=owner&sort=email&search=%20&limit=0&colour=red";
    let response = users.api.get(path).by(moderator()).await;
    assert_eq!(response.error(), (400, "VALIDATION_ERROR"));
    let expected = json!({
        "status": "must be one of active, suspended",
        "role": "must be one of user, moderator, admin",
        "sort": "must be one of createdAt, -createdAt, name, -name",
        "search": "must not be empty",
        "limit": "must be an integer from 1 to 100",
        "colour": "is not a known field",
    });
    assert_eq!(response.json()["error"]["fields"], expected);
}

#[tokio::test]
async fn cursor_is_valid_for_its_list_and_caller_only() {
    let users = Users::open().await;
    let first = users.api.get("/v1/users?limit=2&sort=name").by(moderator()).await.json();
    let cursor = first["pagination"]["nextCursor"].as_str().unwrap().to_owned();
    let next = format!("/v1/users?limit=2&sort=name&cursor={cursor}");
    assert_eq!(users.api.get(&next).by(moderator()).await.status, 200);
    let invalid = (400, "INVALID_CURSOR");
    assert_eq!(users.api.get(&next).by(admin()).await.error(), invalid);
    for other in ["sort=-name", "sort=name&role=user", "sort=name&search=s", "sort=createdAt"] {
        let response = users.api.get(&format!("/v1/users?{other}&cursor={cursor}")).by(moderator()).await;
        assert_eq!(response.error(), invalid, "{other}");
    }
}

#[tokio::test]
async fn name_that_grows_when_folded_is_sorted_and_found() {
    let users = Users::open().await;
    let long = "\u{FDFA}".repeat(100);
    let response = users.patch(stranger(), stranger().user, &json!({ "name": long })).await;
    assert_eq!(response.status, 200, "{}", response.json());
    index_names(&users.marketplace).await;
    let search = "%EF%B7%BA".repeat(100);
    let found = users.api.get(&format!("/v1/users?sort=name&search={search}")).by(moderator()).await.json();
    assert_eq!(
        found["data"][0]["id"],
        id::<shared::domain::user::User>(test_support::fixture::STRANGER).to_string()
    );
    let mut path = "/v1/users?limit=1&sort=name".to_owned();
    for _ in 0..4 {
        let body = users.api.get(&path).by(moderator()).await.json();
        path = format!(
            "/v1/users?limit=1&sort=name&cursor={}",
            body["pagination"]["nextCursor"].as_str().unwrap()
        );
    }
    assert_eq!(users.api.get(&path).by(moderator()).await.json()["data"][0]["name"], long);
}

#[tokio::test]
async fn pages_by_number_offset_and_cursor_are_consistent() {
    let (users, ids) = Users::with_users().await;
    users.patch(carol(&ids), ids[5], &json!({ "status": "suspended" })).await;
    let listed = async |query: &str| {
        let body = users.api.get(&format!("/v1/users?{query}")).by(carol(&ids)).await.json();
        let place = |user: &Value| ids.iter().position(|id| user["id"] == id.to_string()).unwrap();
        (body["data"].as_array().unwrap().iter().map(place).collect::<Vec<_>>(), body["pagination"].clone())
    };
    for list in ["sort=name", "sort=-createdAt", "role=user&sort=-name", "search=ad&sort=createdAt"] {
        let whole = users.listed(carol(&ids), &ids, list, 3).await;
        for (page, expected) in whole.chunks(3).enumerate() {
            let (by_number, pagination) = listed(&format!("{list}&limit=3&page={}", page + 1)).await;
            assert_eq!(by_number, expected, "{list}, page {}", page + 1);
            let is_last = expected.last() == whole.last();
            assert_eq!(pagination.get("nextCursor").is_none(), is_last, "{list}, page {}", page + 1);
        }
        for offset in 0..=whole.len() {
            let (by_offset, pagination) = listed(&format!("{list}&limit=2&offset={offset}")).await;
            assert_eq!(by_offset, whole[offset..whole.len().min(offset + 2)], "{list}, offset {offset}");
            let Some(next) = pagination["nextCursor"].as_str() else { continue };
            let (after, _) = listed(&format!("{list}&limit=9&cursor={next}")).await;
            assert_eq!(after, whole[offset + 2..], "{list}, continued from offset {offset}");
        }
    }
}

#[tokio::test]
async fn total_is_the_sum_of_the_partitions() {
    let users = Users::open().await;
    let (active, suspended) = (UserStatus::Active, UserStatus::Suspended);
    for (role, status, count) in [
        (Role::User, active, 70),
        (Role::User, suspended, 20),
        (Role::Moderator, active, 7),
        (Role::Admin, active, 3),
    ] {
        users.marketplace.add_to_list_total(ListKey::of(partitions::accounts(role, status)), count).await;
    }
    for (query, total) in [
        ("", 100),
        ("?role=user", 90),
        ("?status=active&page=1", 80),
        ("?status=suspended", 20),
        ("?role=moderator&status=active", 7),
        ("?search=stranger", 1),
    ] {
        let body = users.api.get(&format!("/v1/users{query}")).by(moderator()).await.json();
        assert_eq!(body["pagination"]["total"], total, "{query}");
    }
    let page = users.api.get("/v1/users?status=active&page=1").by(moderator()).await.json();
    assert_eq!(page["pagination"]["totalPages"], 4);
}

#[tokio::test]
async fn response_contains_the_requested_fields() {
    let users = Users::open().await;
    let expected = json!({ "email": "stranger@example.com", "name": "stranger" });
    for path in ["/v1/users/me".to_owned(), super::path(stranger().user)] {
        let shown = users.api.get(&format!("{path}?fields=name,email")).by(stranger()).await;
        assert_eq!(shown.json()["data"], expected, "{path}");
        assert!(shown.header("etag").is_some());
        let refused = users.api.get(&format!("{path}?fields=password&include=creator")).by(stranger()).await;
        assert_eq!(refused.error(), (400, "VALIDATION_ERROR"));
        let known = "id, email, emailVerified, pendingEmail, name, role, status, notifications, createdAt, \
                     updatedAt, version";
        let expected = json!({
            "fields": format!("`password` is not one of {known}"),
            "include": "is not a known field",
        });
        assert_eq!(refused.json()["error"]["fields"], expected);
    }
    let list = users.api.get("/v1/users?search=stranger&fields=email,name").by(moderator()).await.json();
    assert_eq!(list["data"], json!([expected]));
}

#[tokio::test]
async fn unicode_domain_is_shown_and_found_in_both_forms() {
    let users = Users::open().await;
    users.set_password(stranger().user).await;
    for spelling in ["stranger@JÖRG.example", "stranger@xn--jrg-sna.example"] {
        let body = json!({ "email": spelling, "currentPassword": PASSWORD });
        let response = users.patch(stranger(), stranger().user, &body).await;
        assert_eq!(response.json()["data"]["pendingEmail"], "stranger@jörg.example", "{spelling}");
    }
    let email = "stranger@jörg.example".parse().unwrap();
    users.marketplace.run(VerifyEmail { id: stranger().user, email }).await;
    index_names(&users.marketplace).await;
    for search in ["stranger@j%C3%B6rg.example", "stranger@J%C3%96", "stranger@xn--jrg", "stranger@"] {
        let found = users.api.get(&format!("/v1/users?search={search}")).by(moderator()).await.json();
        assert_eq!(found["data"][0]["email"], "stranger@jörg.example", "{search}: {found}");
    }
    let other = users.api.get("/v1/users?search=stranger@j%C3%A4").by(moderator()).await.json();
    assert_eq!(other["data"], json!([]));
}
