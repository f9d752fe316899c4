//! Rotation of the keys that sign access tokens. No valid token is rejected during a rotation.
//!
//! A new configuration reaches the functions one after the other, so old and new instances serve requests at
//! the same time, and a token outlives the request that issued it. A rotation therefore consists of three
//! deployments. Each starts only after the previous one has reached every function:
//!
//! 1. **Introduce** the next key: its public half is published, while the current key continues to sign.
//! 2. **Sign** with the next key, once the clients that cache the key set have had time to fetch it again.
//! 3. **Retire** the previous key, once the last token that it signed has expired.
//!
//! [`KeyRing`] is the state machine, without I/O. Its waiting times are in [`KeyRing::ready_at`].

#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::kit::auth::access_token;

use super::{KeyPair, KeySet, PUBLIC_KEYS, SIGNING_KEY, SigningKey, aws_secrets};
use crate::template::Parameters;

/// Keys of one deployment and the progress of their rotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRing {
    /// Keys whose tokens are accepted.
    pub(super) published: KeySet,
    /// Id of the key that signs.
    signing: String,
    /// Private half of the signing key, until it is deployed.
    secret: Option<SigningKey>,
    /// Key that is published and will sign next.
    next: Option<KeyPair>,
}

/// Progress of a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotationStage {
    /// One key is published, and it signs.
    Steady,
    /// The next key is published. The current key signs.
    Introduced,
    /// The next key signs. Tokens of the previous key are still accepted.
    Overlapping,
}

/// Key ids that every instance of every function uses, and the time of their deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeployedKeys {
    published: BTreeSet<String>,
    signing: String,
    since: Timestamp,
}

/// Reason why the next step is refused. The keys are unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RotationBlocked {
    /// The last step is not recorded as deployed.
    #[error("the last step is not recorded as deployed")]
    NotDeployed,
    /// Copies of the key set, or tokens of the previous key, are still valid.
    #[error("the next step is not safe before {0}")]
    TooEarly(Timestamp),
}

impl KeyRing {
    /// Creates the ring of a new deployment with its first key.
    #[must_use]
    pub fn first(KeyPair { signing, public }: KeyPair) -> Self {
        let kid = public.kid.clone();
        Self { published: KeySet { keys: vec![public] }, signing: kid, secret: Some(signing), next: None }
    }

    /// Creates the ring of a deployment that publishes this set. `None` unless the set has exactly one key.
    #[must_use]
    pub fn of_published(published: KeySet) -> Option<Self> {
        let [only] = published.keys.as_slice() else { return None };
        Some(Self { signing: only.kid.clone(), published, secret: None, next: None })
    }

    /// Progress of the rotation.
    #[must_use]
    pub fn stage(&self) -> RotationStage {
        match (&self.next, self.published.keys.len()) {
            (Some(_), _) => RotationStage::Introduced,
            (None, 1) => RotationStage::Steady,
            (None, _) => RotationStage::Overlapping,
        }
    }

    /// Id of the key that signs.
    #[must_use]
    pub fn signing(&self) -> &str {
        &self.signing
    }

    /// Ids of the keys whose tokens are accepted.
    pub fn published(&self) -> impl Iterator<Item = &str> {
        self.published.keys.iter().map(|key| key.kid.as_str())
    }

    /// Parameters for the local stack. Without the private half of the signing key, the stack keeps its
    /// current one.
    #[must_use]
    pub fn parameters(&self) -> Parameters {
        let secret = self.secret.as_ref().map(|key| (SIGNING_KEY.to_owned(), key.expose().to_owned()));
        secret.into_iter().chain([(PUBLIC_KEYS.to_owned(), self.published.text())]).collect()
    }

    /// Parameters for a stack on AWS: the name of the secret with the signing key, and the published key set.
    /// They contain no secret values.
    #[must_use]
    pub fn references(&self, stage: &str) -> Parameters {
        let signing = (SIGNING_KEY.to_owned(), aws_secrets::signing_key_name(stage, &self.signing));
        [signing, (PUBLIC_KEYS.to_owned(), self.published.text())].into()
    }

    /// Private half of the signing key, until it is deployed.
    #[must_use]
    pub fn secret(&self) -> Option<&SigningKey> {
        self.secret.as_ref()
    }

    /// Keys of this ring as deployed everywhere at `since`.
    #[must_use]
    pub fn deployed_since(&self, since: Timestamp) -> DeployedKeys {
        let published = self.published().map(str::to_owned).collect();
        DeployedKeys { published, signing: self.signing.clone(), since }
    }

    /// Earliest time of the next step, if `deployed` are the keys of this ring.
    ///
    /// # Errors
    /// [`RotationBlocked::NotDeployed`] if they are not.
    pub fn ready_at(&self, deployed: Option<&DeployedKeys>) -> Result<Timestamp, RotationBlocked> {
        let deployed =
            deployed.filter(|deployed| deployed.matches_ring(self)).ok_or(RotationBlocked::NotDeployed)?;
        let wait = match self.stage() {
            RotationStage::Steady => Duration::ZERO,
            RotationStage::Introduced => access_token::KEY_SET_MAX_AGE,
            RotationStage::Overlapping => access_token::MAX_ACCEPTED_AGE,
        };
        Ok(deployed.since.saturating_add(wait).unwrap_or(Timestamp::MAX))
    }

    /// Takes the next step of the rotation. `fresh` is introduced if the next step introduces a key.
    ///
    /// # Errors
    /// [`RotationBlocked`] if the step is too early.
    pub fn rotate(
        &self,
        deployed: Option<&DeployedKeys>,
        now: Timestamp,
        fresh: KeyPair,
    ) -> Result<Self, RotationBlocked> {
        let ready = self.ready_at(deployed)?;
        if now < ready {
            return Err(RotationBlocked::TooEarly(ready));
        }
        let mut ring = self.clone();
        match ring.next.take() {
            Some(next) => {
                ring.signing = next.public.kid;
                ring.secret = Some(next.signing);
            }
            None if self.stage() == RotationStage::Overlapping => {
                ring.published.keys.retain(|key| key.kid == ring.signing);
                ring.secret = None;
            }
            None => {
                ring.published.keys.push(fresh.public.clone());
                ring.secret = None;
                ring.next = Some(fresh);
            }
        }
        Ok(ring)
    }
}

impl DeployedKeys {
    /// Reads the keys from the parameters of a stack. `None` if the parameters contain no keys.
    #[must_use]
    pub fn of_parameters(parameters: &Parameters, since: Timestamp) -> Option<Self> {
        let set: KeySet = serde_json::from_str(parameters.get(PUBLIC_KEYS)?).ok()?;
        let signing = set.kid_of(parameters.get(SIGNING_KEY)?)?;
        let published = set.keys.into_iter().map(|key| key.kid).collect();
        Some(Self { published, signing, since })
    }

    /// Returns true if both describe the same keys, regardless of the time.
    #[must_use]
    pub fn has_keys_of(&self, other: &Self) -> bool {
        self.published == other.published && self.signing == other.signing
    }

    fn matches_ring(&self, ring: &KeyRing) -> bool {
        self.has_keys_of(&ring.deployed_since(self.since))
    }
}
