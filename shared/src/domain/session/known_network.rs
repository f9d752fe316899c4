//! Networks from which an account has been used.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::user::UserId;
use crate::kit::command::Change;
use crate::kit::system::clock::Timestamp;

/// Time for which a network is known after it was last recorded.
const LIFETIME: Duration = Duration::from_hours(24 * 90);

/// Remaining lifetime at which a login records the network again, so that few logins cause a write.
const RENEWAL: Duration = Duration::from_hours(24 * 60);

/// Client network from which the owner of an account has logged in or reset the password. Failed logins from
/// other networks do not lock the owner out of this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KnownNetwork {
    /// Time from which the network is no longer known.
    pub expires_at: Timestamp,
}

/// Key of a [`KnownNetwork`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownNetworkKey {
    /// Id of the account.
    pub user_id: UserId,
    /// Digest of the network.
    pub network: NetworkDigest,
}

/// Keyed digest of a client network, so that the record does not reveal the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkDigest(pub String);

impl KnownNetwork {
    /// Returns true if the network is still known.
    #[must_use]
    pub fn is_live(self, now: Timestamp) -> bool {
        now < self.expires_at
    }

    /// Returns true if the next login has to record the network again.
    #[must_use]
    pub fn is_due(self, now: Timestamp) -> bool {
        self.expires_at <= now.saturating_add(RENEWAL)
    }
}

/// Records the network in `change`.
#[must_use]
pub fn record<T, E>(change: Change<T, E>, key: &KnownNetworkKey, now: Timestamp) -> Change<T, E> {
    let expires_at = now.saturating_add(LIFETIME);
    change.put_until(key, &KnownNetwork { expires_at }, expires_at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::{at, user};
    use crate::kit::command::Operation;

    #[test]
    fn network_is_known_for_90_days_and_renewed_after_30() {
        let key = KnownNetworkKey { user_id: user().id, network: NetworkDigest("n".to_owned()) };
        let recorded: Change<(), ()> = record(Change::of(()), &key, at(0));
        let ((), writes, _) = recorded.into_parts().unwrap();
        let Operation::Put { expires_at: Some(expires_at), .. } = writes[0].operation else {
            panic!("the record has no time to live")
        };
        let network = KnownNetwork { expires_at };
        let day = |days: i64| at(days * 24 * 60 * 60 * 1_000);
        let known = |days| (network.is_live(day(days)), network.is_due(day(days)));
        assert_eq!([known(0), known(29)], [(true, false); 2]);
        assert_eq!([known(30), known(89)], [(true, true); 2]);
        assert_eq!(known(90), (false, true));
    }
}
