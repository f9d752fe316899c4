//! Starting a session at login.

use std::convert::Infallible;

use super::known_network::{self, KnownNetworkKey};
use super::{SESSION_LIFETIME, Session, SessionKey, TokenHash};
use crate::domain::user::SessionEpoch;
use crate::kit::command::{Change, Command, NoEvents, ReadSet, Version};
use crate::kit::system::clock::Timestamp;

/// Starts a session with its first refresh token.
#[derive(Debug, Clone)]
pub struct StartSession {
    /// Account and id of the new session.
    pub id: SessionKey,
    /// Session epoch of the account, read when its credentials were verified.
    pub epoch: SessionEpoch,
    /// Hash of the first refresh token.
    pub token: TokenHash,
    /// Client network of the login; `None` if it need not be recorded.
    pub network: Option<KnownNetworkKey>,
}

impl Command for StartSession {
    type State = ();
    type Output = ();
    type Error = Infallible;

    fn reads(&self) -> ReadSet<()> {
        ReadSet::empty()
    }

    fn decide(&self, (): (), now: Timestamp) -> Result<Change<(), Infallible>, Infallible> {
        let session = Session {
            id: self.id,
            version: Version::FIRST,
            epoch: self.epoch,
            current: self.token.clone(),
            previous: None,
            rotated_at: now,
            ended: None,
            expires_at: now.saturating_add(SESSION_LIFETIME),
        };
        let change = Change::of(()).save(&session, NoEvents);
        Ok(match &self.network {
            Some(network) => known_network::record(change, network, now),
            None => change,
        })
    }
}
