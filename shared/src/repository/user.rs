//! Queries of users.

pub mod account_data;
pub mod list;
pub mod profile;

use std::future::Future;

use crate::domain::session::known_network::{KnownNetwork, KnownNetworkKey, NetworkDigest};
use crate::domain::user::{Credentials, EmailClaim, User, UserId};
use crate::domain::values::email::Email;
use crate::kit::aws::dynamodb::{Consistency, DynamoReader};
use crate::kit::command::{ReadSet, StoreError};

/// Queries of users. Implementations return [`StoreError`] only if the table does not respond; an absent user
/// is `None`.
pub trait UserReader: Clone + Send + Sync + 'static {
    /// Loads a user with strong consistency, because permissions depend on role and status.
    fn user(&self, id: UserId) -> impl Future<Output = Result<Option<User>, StoreError>> + Send;

    /// Loads a user with eventual consistency, to display it.
    fn displayed_user(&self, id: UserId) -> impl Future<Output = Result<Option<User>, StoreError>> + Send;

    /// Loads an account with its credentials, with strong consistency.
    fn account_by_id(
        &self,
        id: UserId,
    ) -> impl Future<Output = Result<Option<(User, Credentials)>, StoreError>> + Send;

    /// Loads the account of an address with its credentials, with strong consistency.
    fn account_by_email(
        &self,
        email: &Email,
    ) -> impl Future<Output = Result<Option<(User, Credentials)>, StoreError>> + Send;
}

/// Id that no user has.
const NIL_USER_ID: UserId = UserId::of_digest(0);

impl UserReader for DynamoReader {
    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.get(ReadSet::get(&id), Consistency::Strong).await
    }

    async fn displayed_user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.get(ReadSet::get(&id), Consistency::Eventual).await
    }

    async fn account_by_id(&self, id: UserId) -> Result<Option<(User, Credentials)>, StoreError> {
        let reads = ReadSet::<Option<User>>::get(&id).and(ReadSet::<Option<Credentials>>::get(&id));
        let (user, credentials) = self.get(reads, Consistency::Strong).await?;
        Ok(user.zip(credentials))
    }

    async fn account_by_email(&self, email: &Email) -> Result<Option<(User, Credentials)>, StoreError> {
        let claim: Option<EmailClaim> = self.get(ReadSet::get(email), Consistency::Strong).await?;
        // An absent account is looked up, too, so that the response time does not reveal whether an account
        // exists.
        let user_id = claim.map_or(NIL_USER_ID, |claim| claim.user_id);
        self.account_by_id(user_id).await
    }
}

impl DynamoReader {
    /// Loads the record of a client network, if the account has been used from it, with strong consistency. The
    /// request is the same without an account, so that the response time does not reveal whether one exists.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn known_network(
        &self,
        user: Option<UserId>,
        network: NetworkDigest,
    ) -> Result<Option<KnownNetwork>, StoreError> {
        let key = KnownNetworkKey { user_id: user.unwrap_or(NIL_USER_ID), network };
        self.get(ReadSet::get(&key), Consistency::Strong).await
    }
}
