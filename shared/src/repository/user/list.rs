//! Lists of accounts.
//!
//! Accounts are listed by role and status, each combination in a partition of its own. A list over several of them
//! reads a page of each and puts them in order: what it costs depends on the page, never on how many accounts there
//! are. A search reads what begins as asked, and nothing else.

use std::collections::BTreeMap;
use std::future::Future;

use futures::future::try_join_all;

use crate::command::{Record, StoreError};
use crate::domain::text::Name;
use crate::domain::user::{Role, User, UserStatus};
use crate::dynamodb::DynamoReader;
use crate::dynamodb::query::{Page, Position, Query};
use crate::dynamodb::schema::Index;
use crate::repository::listing;

/// How many accounts a search may find: as many as are put in order in memory.
pub const MAX_MATCHES: usize = 1_000;

/// Which accounts, in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserList {
    /// Those of this status; of any, if `None`.
    pub status: Option<UserStatus>,
    /// Those of this role; of any, if `None`.
    pub role: Option<Role>,
    /// Those whose name or address begins so.
    pub search: Option<Name>,
    /// What they are ordered by.
    pub order: UserOrder,
    /// From the end backwards.
    pub descending: bool,
}

/// What accounts are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserOrder {
    /// When they were registered, which their ids begin with.
    CreatedAt,
    /// What they are called, whatever the case.
    Name,
}

/// Why there is no list.
#[derive(Debug, Clone, thiserror::Error)]
pub enum UserListError {
    /// A search found too many accounts to put them in order.
    #[error("finds more than {MAX_MATCHES} accounts; say more of the name or the address")]
    TooManyMatches,
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Lists accounts.
pub trait UserLister: Clone + Send + Sync + 'static {
    /// A page of up to `limit` accounts. Implementations return [`UserListError::TooManyMatches`] for searches only,
    /// and [`UserListError::Store`] when the table does not answer.
    fn users(
        &self,
        list: &UserList,
        limit: u32,
        after: Option<Position>,
    ) -> impl Future<Output = Result<Page<User>, UserListError>> + Send;
}

impl UserLister for DynamoReader {
    async fn users(
        &self,
        list: &UserList,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<User>, UserListError> {
        let after = after.and_then(|position| position.index_sort);
        let (found, unread) = match &list.search {
            Some(search) => (matches(self, list, search).await?, false),
            None => next_of_each(self, list, limit, after.as_deref()).await?,
        };
        Ok(list.page(found, limit, after.as_deref(), unread))
    }
}

/// The next `limit` accounts of every partition, and whether there are more in any.
async fn next_of_each(
    reader: &DynamoReader,
    list: &UserList,
    limit: u32,
    after: Option<&str>,
) -> Result<(Vec<User>, bool), StoreError> {
    let queries: Vec<Query> =
        list.partitions().map(|partition| list.query(partition, limit, after)).collect();
    let pages: Vec<Page<User>> = try_join_all(queries.iter().map(|query| reader.list(query))).await?;
    let unread = pages.iter().any(|page| page.next.is_some());
    Ok((pages.into_iter().flat_map(|page| page.items).collect(), unread))
}

/// All accounts whose name or address begins as `search` does, some of them twice.
async fn matches(reader: &DynamoReader, list: &UserList, search: &Name) -> Result<Vec<User>, UserListError> {
    let limit = u32::try_from(MAX_MATCHES).unwrap_or(u32::MAX);
    let (name, email) = (listing::name_prefix(search), search.folded());
    let queries = list.partitions().flat_map(|partition| {
        let by_name = Query::index(Index::ByName, partition.clone(), limit).beginning_with(name.clone());
        let by_email = Query::index(Index::ByOwner, partition, limit).beginning_with(email.clone());
        [by_name, by_email]
    });
    let found = try_join_all(queries.map(|query| all_of(reader, query))).await?;
    let mut found: Vec<User> = found.into_iter().flatten().collect();
    found.retain(|user| user.name.folded().starts_with(&email) || user.email.as_str().starts_with(&email));
    Ok(found)
}

/// Every account of a query, page by page.
async fn all_of(reader: &DynamoReader, query: Query) -> Result<Vec<User>, UserListError> {
    let mut found: Vec<User> = Vec::new();
    let mut after = None;
    loop {
        let page = reader.list(&query.clone().after(after)).await?;
        found.extend(page.items);
        if found.len() > MAX_MATCHES {
            return Err(UserListError::TooManyMatches);
        }
        if page.next.is_none() {
            return Ok(found);
        }
        after = page.next;
    }
}

impl UserList {
    fn partitions(&self) -> impl Iterator<Item = String> {
        let (role, status) = (self.role, self.status);
        let roles = Role::ALL.iter().copied().filter(move |each| role.is_none_or(|role| role == *each));
        roles.flat_map(move |role| {
            let statuses = UserStatus::ALL.iter().copied();
            statuses
                .filter(move |each| status.is_none_or(|status| status == *each))
                .map(move |status| listing::accounts(role, status))
        })
    }

    fn query(&self, partition: String, limit: u32, after: Option<&str>) -> Query {
        let index = match self.order {
            UserOrder::CreatedAt => Index::ByParent,
            UserOrder::Name => Index::ByName,
        };
        let query = Query::index(index, partition, limit);
        let query = if self.descending { query.newest_first() } else { query };
        match after {
            Some(after) => query.beyond(after),
            None => query,
        }
    }

    /// Where an account stands in the list.
    fn sort_of(&self, user: &User) -> String {
        match self.order {
            UserOrder::CreatedAt => user.id.to_string(),
            UserOrder::Name => listing::name_sort(&user.name, &user.id.to_string()),
        }
    }

    /// The page that begins after `after`, of what was found; `unread` if there is more than that.
    fn page(&self, found: Vec<User>, limit: u32, after: Option<&str>, unread: bool) -> Page<User> {
        let sorted: BTreeMap<String, User> =
            found.into_iter().map(|user| (self.sort_of(&user), user)).collect();
        let mut sorted: Vec<(String, User)> = sorted.into_iter().collect();
        if self.descending {
            sorted.reverse();
        }
        let is_next =
            |sort: &str| after.is_none_or(|after| if self.descending { sort < after } else { sort > after });
        sorted.retain(|(sort, _)| is_next(sort));
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = unread || sorted.len() > limit;
        sorted.truncate(limit);
        let next = sorted
            .last()
            .filter(|_| more)
            .map(|(sort, last)| Position { key: User::key(&last.id), index_sort: Some(sort.clone()) });
        Page { items: sorted.into_iter().map(|(_, user)| user).collect(), next }
    }
}
