//! Public profiles of accounts.

use std::collections::{HashMap, HashSet};
use std::future::Future;

use serde::{Deserialize, Serialize};

use crate::domain::user::{User, UserId};
use crate::domain::values::text::Name;
use crate::kit::aws::dynamodb::expression::Projection;
use crate::kit::aws::dynamodb::schema::{PK, SK, VERSION};
use crate::kit::aws::dynamodb::{Consistency, DynamoReader};
use crate::kit::command::read_set::{Parsed, parsed_or_reported};
use crate::kit::command::{Key, ReadSet, Record, StoreError, Version};

/// Public part of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Id of the user.
    pub id: UserId,
    /// Name of the user.
    pub name: Name,
    /// Version of the account.
    pub version: Version,
}

/// The only attributes of the account that are read.
const ATTRIBUTES: Projection<'static> = Projection(&[PK, SK, "id", "name", VERSION]);

/// Queries of profiles. Implementations return [`StoreError`] only if the table does not respond; a deleted
/// account has no profile.
pub trait ProfileReader: Clone + Send + Sync + 'static {
    /// Loads the profiles of users together. Duplicate ids are read once.
    fn profiles(
        &self,
        users: &[UserId],
    ) -> impl Future<Output = Result<HashMap<UserId, Profile>, StoreError>> + Send;
}

impl Record for Profile {
    const KIND: &'static str = User::KIND;
    type Id = UserId;

    fn key(id: &UserId) -> Key {
        User::key(id)
    }
}

impl ProfileReader for DynamoReader {
    async fn profiles(&self, users: &[UserId]) -> Result<HashMap<UserId, Profile>, StoreError> {
        let distinct: HashSet<&UserId> = users.iter().collect();
        let reads: ReadSet<Vec<Option<Parsed<Profile>>>> = ReadSet::get_each(distinct);
        let found = self.get_attributes(reads, Consistency::Eventual, &ATTRIBUTES).await?;
        let found = found.into_iter().flatten().filter_map(parsed_or_reported);
        Ok(found.map(|profile| (profile.id, profile)).collect())
    }
}
