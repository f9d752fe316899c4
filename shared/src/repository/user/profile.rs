//! What others see of an account.

use std::collections::{HashMap, HashSet};
use std::future::Future;

use serde::{Deserialize, Serialize};

use crate::domain::user::{User, UserId};
use crate::domain::values::text::Name;
use crate::kit::aws::dynamodb::expression::Projection;
use crate::kit::aws::dynamodb::schema::{PK, SK, VERSION};
use crate::kit::aws::dynamodb::{Consistency, DynamoReader};
use crate::kit::command::{Key, ReadSet, Record, StoreError, Version};

/// An account, as far as others see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Whose it is.
    pub id: UserId,
    /// What they are called.
    pub name: Name,
    /// The account's version: what is shown of it is as old as that.
    pub version: Version,
}

/// Nothing else of the account is read.
const ATTRIBUTES: Projection<'static> = Projection(&[PK, SK, "id", "name", VERSION]);

/// Knows what everybody may see of accounts. Implementations return [`StoreError`] when the table does not answer, and
/// nothing else: an account that was removed has no profile.
pub trait ProfileReader: Clone + Send + Sync + 'static {
    /// The profiles of these people, read together, each once however often it is asked for.
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
        let reads: ReadSet<Vec<Option<Profile>>> = ReadSet::get_all(distinct);
        let found = self.get_only(reads, Consistency::Eventual, &ATTRIBUTES).await?;
        Ok(found.into_iter().flatten().map(|profile| (profile.id, profile)).collect())
    }
}
