//! Session epoch of an account.

use serde::{Deserialize, Serialize};

/// Number of times that all sessions of an account were ended at once.
///
/// A session is valid only in the epoch in which it was started. So a single write to the account ends all
/// its sessions, independent of the clocks of the instances that started them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionEpoch(u64);

impl SessionEpoch {
    /// Next epoch, which ends all sessions of the current one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_next_epoch_is_another_one() {
        let epochs: Vec<_> = std::iter::successors(Some(SessionEpoch::default()), |epoch| Some(epoch.next()))
            .take(4)
            .collect();
        assert_eq!(epochs, [0, 1, 2, 3].map(SessionEpoch));
    }
}
