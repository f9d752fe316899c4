//! Keeping up with the times: the same password under another hash.

use super::{Credentials, UserId};
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Stores a new hash of the password that `replacing` is a hash of, unless the password has been changed since.
#[derive(Clone)]
pub struct RehashPassword {
    /// Whose.
    pub id: UserId,
    /// The hash that the password was checked against.
    pub replacing: Credentials,
    /// What takes its place.
    pub credentials: Credentials,
}

/// Why it is not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RehashError {
    /// The account has another password or hash by now.
    #[error("the password has changed")]
    Changed,
}

impl Command for RehashPassword {
    type State = ();
    type Output = ();
    type Error = RehashError;

    fn reads(&self) -> ReadSet<()> {
        ReadSet::empty()
    }

    /// # Errors
    /// [`RehashError::Changed`], from the condition on what is replaced.
    fn decide(&self, (): (), _: Timestamp) -> Result<Change<(), RehashError>, RehashError> {
        let old = (Credentials::PASSWORD_HASH, self.replacing.password_hash.as_str());
        Ok(Change::of(()).replace(&self.id, &self.credentials, old, RehashError::Changed))
    }
}
