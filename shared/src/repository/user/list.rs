//! Lists of accounts.
//!
//! Accounts are listed by role and status, each combination in a partition of its own.

use std::future::Future;

use crate::domain::user::{Role, User, UserStatus};
use crate::domain::values::text::Name;
use crate::kit::aws::dynamodb::DynamoReader;
use crate::kit::aws::dynamodb::read::query::Query;
use crate::kit::aws::dynamodb::schema::Index;
use crate::kit::command::page::{ListPage, PageRequest};
use crate::projections::list_total::ListKey;
use crate::repository::table_layout::partitions;
use crate::repository::table_layout::sorted_list::{
    ListError, MAX_MATCHES, SortKey, SortOrder, Sortable, matches,
};

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
    pub order: SortOrder,
}

/// Lists accounts.
pub trait UserListReader: Clone + Send + Sync + 'static {
    /// A slice of a list of accounts. Implementations return [`ListError::TooManyMatches`] for searches only, and
    /// [`ListError::Store`] when the table does not answer.
    fn users(
        &self,
        list: &UserList,
        slice: &PageRequest,
    ) -> impl Future<Output = Result<ListPage<User>, ListError>> + Send;
}

impl UserListReader for DynamoReader {
    async fn users(&self, list: &UserList, slice: &PageRequest) -> Result<ListPage<User>, ListError> {
        if let Some(search) = &list.search {
            let found = search_for(self, list, search).await?;
            return Ok(list.order.slice(found, slice));
        }
        let partitions: Vec<Query> = list.partitions().map(|partition| list.order.query(partition)).collect();
        Ok(self.slice(&partitions, slice).await?)
    }
}

/// All accounts whose name or address begins as `search` does, some of them twice.
async fn search_for(reader: &DynamoReader, list: &UserList, search: &Name) -> Result<Vec<User>, ListError> {
    let limit = u32::try_from(MAX_MATCHES).unwrap_or(u32::MAX);
    let (name, email) = (partitions::name_prefix(search), search.case_folded());
    let queries = list.partitions().flat_map(|partition| {
        let by_name = Query::index(Index::ByName, partition.clone(), limit).beginning_with(name.clone());
        let by_email = Query::index(Index::ByOwner, partition, limit).beginning_with(email.clone());
        [by_name, by_email]
    });
    let mut found: Vec<User> = matches(reader, queries).await?;
    found.retain(|user| {
        user.name.case_folded().starts_with(&email) || user.email.as_str().starts_with(&email)
    });
    Ok(found)
}

impl Sortable for User {
    fn sort_by(&self, by: SortKey) -> String {
        match by {
            SortKey::CreatedAt => self.id.to_string(),
            SortKey::Name => partitions::name_sort(&self.name, &self.id.to_string()),
        }
    }
}

impl UserList {
    /// The lists whose lengths make up its own; a search is counted when it is read.
    #[must_use]
    pub fn totals(&self) -> Vec<ListKey> {
        match self.search {
            Some(_) => Vec::new(),
            None => self.partitions().map(ListKey::of).collect(),
        }
    }

    fn partitions(&self) -> impl Iterator<Item = String> {
        let (role, status) = (self.role, self.status);
        let roles = Role::ALL.iter().copied().filter(move |each| role.is_none_or(|role| role == *each));
        roles.flat_map(move |role| {
            let statuses = UserStatus::ALL.iter().copied();
            statuses
                .filter(move |each| status.is_none_or(|status| status == *each))
                .map(move |status| partitions::accounts(role, status))
        })
    }
}
