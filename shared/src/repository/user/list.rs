//! Queries of lists of accounts. Each combination of role and status has its own partition.

use strum::VariantArray as _;

use crate::domain::user::{Role, User, UserId, UserStatus, UserSummary};
use crate::domain::values::email::Email;
use crate::domain::values::text::Name;
use crate::kit::aws::dynamodb::DynamoReader;
use crate::kit::aws::dynamodb::read::query::Query;
use crate::kit::aws::dynamodb::schema::Index;
use crate::kit::command::page::{ListPage, PageRequest};
use crate::kit::command::{Key, Record};
use crate::projections::list_total::ListKey;
use crate::projections::name_index::Words;
use crate::repository::table_layout::partitions;
use crate::repository::table_layout::sorted_list::{
    ListError, MAX_MATCHES, SortKey, SortOrder, Sortable, matches, name_query,
};

/// Filter and sort order of a list of accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserList {
    /// Status; `None` for all statuses.
    pub status: Option<UserStatus>,
    /// Role; `None` for all roles.
    pub role: Option<Role>,
    /// Words, each of which must be the beginning of a word of the name; or a prefix of the address.
    pub search: Option<Name>,
    /// Sort order.
    pub order: SortOrder,
}

impl DynamoReader {
    /// Loads a page of a list of accounts.
    ///
    /// # Errors
    /// [`ListError::TooManyMatches`] if a search matches more than [`MAX_MATCHES`] accounts;
    /// [`ListError::Store`] if the table does not respond.
    pub async fn users(
        &self,
        list: &UserList,
        slice: &PageRequest,
    ) -> Result<ListPage<UserSummary>, ListError> {
        if let Some(search) = &list.search {
            let found = search_for(self, list, search).await?;
            return Ok(list.order.slice(found, slice));
        }
        let partitions: Vec<Query> = list.partitions().map(|partition| list.order.query(partition)).collect();
        Ok(self.page(&partitions, slice).await?)
    }
}

/// Loads all accounts whose name or address matches `search`; the result may contain duplicates.
async fn search_for(
    reader: &DynamoReader,
    list: &UserList,
    search: &Name,
) -> Result<Vec<UserSummary>, ListError> {
    let limit = u32::try_from(MAX_MATCHES).unwrap_or(u32::MAX);
    let (words, address) = (Words::of(search), search.case_folded());
    let email_prefix = Email::stored_prefix(&address);
    let queries = list.partitions().flat_map(|partition| {
        let by_name = name_query(&partition, &words, MAX_MATCHES);
        let by_email = email_prefix
            .map(|prefix| Query::index(Index::SummariesByOwner, partition, limit).beginning_with(prefix));
        by_name.into_iter().chain(by_email)
    });
    let has_address =
        |email: &Email| email.as_str().starts_with(&address) || email.to_unicode().starts_with(&address);
    let keep = |user: &UserSummary| words.match_name(&user.name) || has_address(&user.email);
    matches(reader, queries, MAX_MATCHES, keep).await
}

/// Loaded from an index of summaries or from a name term.
impl Record for UserSummary {
    const KIND: &'static str = User::KIND;
    type Id = UserId;

    fn key(id: &UserId) -> Key {
        User::key(id)
    }
}

impl Sortable for UserSummary {
    fn sort_by(&self, by: SortKey) -> String {
        match by {
            SortKey::CreatedAt => self.id.to_string(),
            SortKey::Name => partitions::name_sort(&self.name, &self.id.to_string()),
        }
    }
}

impl UserList {
    /// Keys of the totals that add up to the total of this list; empty for a search, which is counted when it
    /// is read.
    #[must_use]
    pub fn totals(&self) -> Vec<ListKey> {
        match self.search {
            Some(_) => Vec::new(),
            None => self.partitions().map(ListKey::of).collect(),
        }
    }

    fn partitions(&self) -> impl Iterator<Item = String> {
        let (role, status) = (self.role, self.status);
        let roles = Role::VARIANTS.iter().copied().filter(move |each| role.is_none_or(|role| role == *each));
        roles.flat_map(move |role| {
            let statuses = UserStatus::VARIANTS.iter().copied();
            statuses
                .filter(move |each| status.is_none_or(|status| status == *each))
                .map(move |status| partitions::accounts(role, status))
        })
    }
}
