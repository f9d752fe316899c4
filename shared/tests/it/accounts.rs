//! Accounts: requests sent, password rehash, bounded search.

use std::time::Duration;

use shared::domain::user::password_reset::PasswordReset;
use shared::domain::user::password_reset::request::RequestPasswordReset;
use shared::domain::user::register::RegisterUser;
use shared::domain::user::rehash::{RehashError, RehashPassword};
use shared::domain::user::{Credentials, Role, UserId};
use shared::kit::command::page::PageRequest;
use shared::kit::command::{Command, CommandContext, ExecuteResult, Store};
use shared::projections::name_index::index_name::IndexName;
use shared::repository::table_layout::sorted_list::{ListError, MAX_MATCHES, SortKey, SortOrder};
use shared::repository::user::UserReader;
use shared::repository::user::list::UserList;
use test_support::fixture::{id, new_id};

use crate::fixture::{Fixture, context, execute_concurrently, moment};

fn registration(id: UserId, email: &str) -> RegisterUser {
    RegisterUser {
        id,
        email: email.parse().unwrap(),
        name: "Ada".parse().unwrap(),
        role: Role::User,
        credentials: Credentials { password_hash: "$argon2id$1".to_owned() },
    }
}

impl Fixture {
    async fn execute<C: Command>(&self, command: C, context: &CommandContext) -> ExecuteResult<C> {
        self.store.execute(command, context).await
    }
}

#[tokio::test]
async fn password_reset_sends_the_same_requests_for_any_address() {
    let fixture = Fixture::open().await;
    fixture.execute(registration(new_id(), "ada@example.com"), &context()).await.unwrap();
    fixture.requests();
    let mut requests = Vec::new();
    for email in ["ada@example.com", "unknown@example.com"] {
        let request = RequestPasswordReset { id: new_id::<PasswordReset>(), email: email.parse().unwrap() };
        for seconds in [0, 59, 60] {
            let at = context().at(moment().saturating_add(Duration::from_secs(seconds)));
            fixture.execute(request.clone(), &at).await.unwrap();
        }
        requests.push(fixture.requests());
    }
    let (read, write) = ("BatchGetItem", "TransactWriteItems");
    assert_eq!(requests[0], [read, write, read, read, write]);
    assert_eq!(requests[1], requests[0]);
}

#[tokio::test]
async fn rehash_does_not_undo_a_password_change() {
    let fixture = Fixture::open().await;
    let user: UserId = id(test_support::fixture::BUYER);
    fixture.execute(registration(user, "ada@example.com"), &context()).await.unwrap();
    let hash = |text: &str| Credentials { password_hash: text.to_owned() };
    let rehash = |old, new| RehashPassword { id: user, replacing: hash(old), credentials: hash(new) };
    fixture.execute(rehash("$argon2id$1", "$argon2id$2"), &context()).await.unwrap();
    let late = fixture.execute(rehash("$argon2id$1", "$argon2id$3"), &context()).await;
    assert!(matches!(late, Err(shared::kit::command::ExecuteError::Refused(RehashError::Changed))));
    let (_, stored) = fixture.reader.account_by_id(user).await.unwrap().unwrap();
    assert_eq!(stored.password_hash, "$argon2id$2");
}

#[tokio::test]
async fn search_is_refused_beyond_the_limit_but_lists_are_not() {
    let fixture = Fixture::open().await;
    let ids: Vec<UserId> = (0..=MAX_MATCHES).map(|_| new_id()).collect();
    let people = ids.iter().zip(0..);
    let commands = people.map(|(id, n)| (registration(*id, &format!("person{n:04}@example.com")), context()));
    assert!(execute_concurrently(&fixture.store, commands).await.iter().all(Result::is_ok));
    let commands = ids.iter().map(|id| (IndexName::update(*id), context()));
    assert!(execute_concurrently(&fixture.store, commands).await.iter().all(Result::is_ok));
    let search = |text: Option<&str>| UserList {
        status: None,
        role: None,
        search: text.map(|text| text.parse().unwrap()),
        order: SortOrder { by: SortKey::Name, descending: false },
    };
    for text in ["ad", "person"] {
        let found = fixture.reader.users(&search(Some(text)), &PageRequest::first(10)).await;
        assert!(matches!(found, Err(ListError::TooManyMatches)), "{text}");
    }
    let found = fixture.reader.users(&search(Some("person00")), &PageRequest::first(100)).await.unwrap();
    assert_eq!((found.items.len(), found.next), (100, None));
    fixture.requests();
    let page = fixture.reader.users(&search(None), &PageRequest::first(100)).await.unwrap();
    assert_eq!((page.items.len(), page.next.is_some()), (100, true));
    assert_eq!(fixture.requests(), ["Query"; 6], "one for each role and status");
}
