//! Reading users.

pub mod list;
pub mod profile;

use std::future::Future;

use crate::domain::user::{Credentials, EmailClaim, User, UserId};
use crate::domain::values::email::Email;
use crate::kit::aws::dynamodb::{Consistency, DynamoReader};
use crate::kit::command::{ReadSet, StoreError};

/// What can be asked about users. Implementations return [`StoreError`] when the table does not answer, and nothing
/// else: an absent user is `None`.
pub trait UserReader: Clone + Send + Sync + 'static {
    /// The user as of now, if there is one: roles and status are decided on.
    fn user(&self, id: UserId) -> impl Future<Output = Result<Option<User>, StoreError>> + Send;

    /// The account with what its password is checked against, as of now.
    fn account_by_id(
        &self,
        id: UserId,
    ) -> impl Future<Output = Result<Option<(User, Credentials)>, StoreError>> + Send;

    /// The account that an address belongs to, with what its password is checked against; as of now.
    fn account_by_email(
        &self,
        email: &Email,
    ) -> impl Future<Output = Result<Option<(User, Credentials)>, StoreError>> + Send;
}

/// An id that nobody has.
const NIL_USER_ID: UserId = UserId::of_digest(0);

impl UserReader for DynamoReader {
    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.get(ReadSet::get(&id), Consistency::Strong).await
    }

    async fn account_by_id(&self, id: UserId) -> Result<Option<(User, Credentials)>, StoreError> {
        let reads = ReadSet::<Option<User>>::get(&id).and(ReadSet::<Option<Credentials>>::get(&id));
        let (user, credentials) = self.get(reads, Consistency::Strong).await?;
        Ok(user.zip(credentials))
    }

    async fn account_by_email(&self, email: &Email) -> Result<Option<(User, Credentials)>, StoreError> {
        let claim: Option<EmailClaim> = self.get(ReadSet::get(email), Consistency::Strong).await?;
        // Nobody's account is looked up as well: how long the answer takes must not tell who has one.
        let user_id = claim.map_or(NIL_USER_ID, |claim| claim.user_id);
        self.account_by_id(user_id).await
    }
}
