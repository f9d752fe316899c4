//! Accounts, where it matters which requests are sent and what a search may cost.

use std::time::Duration;

use shared::domain::user::password_reset::PasswordReset;
use shared::domain::user::password_reset::request::RequestPasswordReset;
use shared::domain::user::register::RegisterUser;
use shared::domain::user::rehash::{RehashError, RehashPassword};
use shared::domain::user::{Credentials, Role, UserId};
use shared::kit::command::page::PageRequest;
use shared::kit::command::{Command, CommandContext, ExecuteResult, Store};
use shared::repository::table_layout::sorted_list::{ListError, MAX_MATCHES, SortKey, SortOrder};
use shared::repository::user::UserReader;
use shared::repository::user::list::{UserList, UserListReader};
use test_support::fixture::{id, new_id};

use crate::fixture::{Fixture, at_once, cause, moment};

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
    async fn ended<C: Command>(&self, command: C, cause: &CommandContext) -> ExecuteResult<C> {
        self.store.execute(command, cause).await
    }
}

#[tokio::test]
async fn a_forgotten_password_takes_the_same_requests_whether_or_not_there_is_an_account() {
    let ground = Fixture::open().await;
    ground.ended(registration(new_id(), "ada@example.com"), &cause()).await.unwrap();
    ground.requests();
    let mut requests = Vec::new();
    for email in ["ada@example.com", "nobody@example.com"] {
        let asked = RequestPasswordReset { id: new_id::<PasswordReset>(), email: email.parse().unwrap() };
        for seconds in [0, 59, 60] {
            let at = cause().at(moment().saturating_add(Duration::from_secs(seconds)));
            ground.ended(asked.clone(), &at).await.unwrap();
        }
        requests.push(ground.requests());
    }
    let (read, write) = ("BatchGetItem", "TransactWriteItems");
    assert_eq!(requests[0], [read, write, read, read, write]);
    assert_eq!(requests[1], requests[0]);
}

#[tokio::test]
async fn a_rehash_never_undoes_a_change_of_password() {
    let ground = Fixture::open().await;
    let user: UserId = id(test_support::fixture::BUYER);
    ground.ended(registration(user, "ada@example.com"), &cause()).await.unwrap();
    let hash = |text: &str| Credentials { password_hash: text.to_owned() };
    let rehash = |old, new| RehashPassword { id: user, replacing: hash(old), credentials: hash(new) };
    ground.ended(rehash("$argon2id$1", "$argon2id$2"), &cause()).await.unwrap();
    let late = ground.ended(rehash("$argon2id$1", "$argon2id$3"), &cause()).await;
    assert!(matches!(late, Err(shared::kit::command::ExecuteError::Refused(RehashError::Changed))));
    let (_, stored) = ground.reader.account_by_id(user).await.unwrap().unwrap();
    assert_eq!(stored.password_hash, "$argon2id$2");
}

#[tokio::test]
async fn a_search_that_finds_too_many_says_so_and_a_list_of_them_has_its_pages() {
    let ground = Fixture::open().await;
    let commands =
        (0..=MAX_MATCHES).map(|n| (registration(new_id(), &format!("person{n:04}@example.com")), cause()));
    assert!(at_once(&ground.store, commands).await.iter().all(Result::is_ok));
    let search = |text: Option<&str>| UserList {
        status: None,
        role: None,
        search: text.map(|text| text.parse().unwrap()),
        order: SortOrder { by: SortKey::Name, descending: false },
    };
    for text in ["ad", "person"] {
        let found = ground.reader.users(&search(Some(text)), &PageRequest::first(10)).await;
        assert!(matches!(found, Err(ListError::TooManyMatches)), "{text}");
    }
    let found = ground.reader.users(&search(Some("person00")), &PageRequest::first(100)).await.unwrap();
    assert_eq!((found.items.len(), found.next), (100, None));
    ground.requests();
    let page = ground.reader.users(&search(None), &PageRequest::first(100)).await.unwrap();
    assert_eq!((page.items.len(), page.next.is_some()), (100, true));
    assert_eq!(ground.requests(), ["Query"; 6], "one for each role and status");
}
