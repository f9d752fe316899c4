//! Lists of accounts.
//!
//! Accounts are listed by role and status, each combination in a partition of its own.

use std::future::Future;

use crate::domain::text::Name;
use crate::domain::user::{Role, User, UserStatus};
use crate::dynamodb::DynamoReader;
use crate::dynamodb::query::{Page, Position, Query};
use crate::dynamodb::schema::Index;
use crate::repository::listing;
use crate::repository::ordered::{ListError, MAX_MATCHES, Order, OrderBy, Ordered, matches, merged};

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
    pub order: Order,
}

/// Lists accounts.
pub trait UserLister: Clone + Send + Sync + 'static {
    /// A page of up to `limit` accounts. Implementations return [`ListError::TooManyMatches`] for searches only,
    /// and [`ListError::Store`] when the table does not answer.
    fn users(
        &self,
        list: &UserList,
        limit: u32,
        after: Option<Position>,
    ) -> impl Future<Output = Result<Page<User>, ListError>> + Send;
}

impl UserLister for DynamoReader {
    async fn users(
        &self,
        list: &UserList,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<User>, ListError> {
        let after = after.and_then(|position| position.index_sort);
        match &list.search {
            Some(search) => {
                let found = search_for(self, list, search).await?;
                Ok(list.order.page(found, limit, after.as_deref(), false))
            }
            None => Ok(merged(self, list.partitions(), list.order, limit, after.as_deref()).await?),
        }
    }
}

/// All accounts whose name or address begins as `search` does, some of them twice.
async fn search_for(reader: &DynamoReader, list: &UserList, search: &Name) -> Result<Vec<User>, ListError> {
    let limit = u32::try_from(MAX_MATCHES).unwrap_or(u32::MAX);
    let (name, email) = (listing::name_prefix(search), search.folded());
    let queries = list.partitions().flat_map(|partition| {
        let by_name = Query::index(Index::ByName, partition.clone(), limit).beginning_with(name.clone());
        let by_email = Query::index(Index::ByOwner, partition, limit).beginning_with(email.clone());
        [by_name, by_email]
    });
    let mut found: Vec<User> = matches(reader, queries).await?;
    found.retain(|user| user.name.folded().starts_with(&email) || user.email.as_str().starts_with(&email));
    Ok(found)
}

impl Ordered for User {
    fn sort_by(&self, by: OrderBy) -> String {
        match by {
            OrderBy::CreatedAt => self.id.to_string(),
            OrderBy::Name => listing::name_sort(&self.name, &self.id.to_string()),
        }
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
}
