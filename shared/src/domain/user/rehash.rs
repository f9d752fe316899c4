//! Rehashing a password with current parameters.

use super::{Credentials, UserId};
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Replaces the hash `replacing` by a new hash of the same password, unless the password was changed
/// meanwhile.
#[derive(Clone)]
pub struct RehashPassword {
    /// Id of the account.
    pub id: UserId,
    /// Hash against which the password was verified.
    pub replacing: Credentials,
    /// New hash.
    pub credentials: Credentials,
}

/// Reason why the new hash is not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RehashError {
    /// The account has another password or hash by now.
    #[error("the password was changed meanwhile")]
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
    /// [`RehashError::Changed`], from the condition on the old hash.
    fn decide(&self, (): (), _: Timestamp) -> Result<Change<(), RehashError>, RehashError> {
        let old_hash = &self.replacing.password_hash;
        Ok(Change::of(()).replace(
            &self.id,
            &self.credentials,
            Credentials::PASSWORD_HASH,
            old_hash,
            RehashError::Changed,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::{at, decide, user};
    use crate::kit::command::Condition;

    #[test]
    fn hash_is_replaced_unless_the_password_was_changed() {
        let [replacing, credentials] =
            ["old", "new"].map(|hash| Credentials { password_hash: hash.to_owned() });
        let rehashed = decide(&RehashPassword { id: user().id, replacing, credentials }, (), at(7));
        assert_eq!(rehashed.stored::<Credentials>().password_hash, "new");
        let write = rehashed.write::<Credentials>(&user().id);
        assert_eq!(write.condition, Condition::Is("passwordHash", "old".to_owned()));
        assert_eq!(write.refusal, Some(RehashError::Changed));
        assert!(rehashed.events.is_empty());
    }
}
