//! Reading users.

pub mod list;
pub mod profile;

use std::future::Future;

use crate::domain::user::{Credentials, EmailClaim, User, UserId};
use crate::domain::values::email::Email;
use crate::kit::aws::dynamodb::{Consistency, DynamoReader};
use crate::kit::command::{Reads, StoreError};

/// What can be asked about users. Implementations return [`StoreError`] when the table does not answer, and nothing
/// else: an absent user is `None`.
pub trait UserReader: Clone + Send + Sync + 'static {
    /// The user as of now, if there is one: roles and status are decided on.
    fn current_user(&self, id: UserId) -> impl Future<Output = Result<Option<User>, StoreError>> + Send;

    /// The account with what its password is checked against, as of now.
    fn account_of(
        &self,
        id: UserId,
    ) -> impl Future<Output = Result<Option<(User, Credentials)>, StoreError>> + Send;

    /// The account that an address belongs to, with what its password is checked against; as of now.
    fn account(
        &self,
        email: &Email,
    ) -> impl Future<Output = Result<Option<(User, Credentials)>, StoreError>> + Send;
}

/// An id that nobody has.
const NOBODY: UserId = UserId::of_digest(0);

impl UserReader for DynamoReader {
    async fn current_user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.get(Reads::one(&id), Consistency::Strong).await
    }

    async fn account_of(&self, id: UserId) -> Result<Option<(User, Credentials)>, StoreError> {
        let reads = Reads::<Option<User>>::one(&id).and(Reads::<Option<Credentials>>::one(&id));
        let (user, credentials) = self.get(reads, Consistency::Strong).await?;
        Ok(user.zip(credentials))
    }

    async fn account(&self, email: &Email) -> Result<Option<(User, Credentials)>, StoreError> {
        let claim: Option<EmailClaim> = self.get(Reads::one(email), Consistency::Strong).await?;
        // Nobody's account is looked up as well: how long the answer takes must not tell who has one.
        let user_id = claim.map_or(NOBODY, |claim| claim.user_id);
        self.account_of(user_id).await
    }
}
