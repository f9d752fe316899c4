//! Rotating the keys that sign access tokens, without refusing a single valid one.
//!
//! Functions take on a new configuration one after the other, so for a while old and new instances serve at once; and a
//! token outlives the request that it was signed in. A rotation is therefore three deployments, each of which begins only
//! when the one before has arrived everywhere:
//!
//! 1. **Introduce** the next key: its public half is published beside the present one's, which goes on signing.
//! 2. **Sign** with it, once those who keep a copy of the key set have had time to fetch it again.
//! 3. **Retire** the previous key, once the last token that it signed has expired.
//!
//! [`KeyRing`] decides, and touches nothing; [`folder`] keeps it in files, [`command`] is what the command line does.

mod key_pair;
pub mod rotation;
pub mod store;

use std::{collections::BTreeSet, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::kit::auth::access_token;

pub use key_pair::{KeySet, Pair, PublicKey, SigningKey};

use crate::template::Parameters;

/// The parameter of the template that names the private key that signs access tokens.
pub const SIGNING_KEY: &str = "JwtSigningKey";

/// The parameter of the template with the public halves of all keys whose tokens are accepted.
pub const PUBLIC_KEYS: &str = "JwtPublicKeys";

/// The keys of one deployment, and how far their rotation has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRing {
    /// Every key whose tokens are accepted.
    published: KeySet,
    /// Name of the key that signs.
    signing: String,
    /// The private half of the key that signs, while the deployment might not have it yet.
    secret: Option<SigningKey>,
    /// The key that is published and is to sign next.
    next: Option<Pair>,
}

/// How far a rotation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// One key is published, and signs.
    Steady,
    /// The next key is published; the present one signs.
    Introduced,
    /// The next key signs; the tokens of the previous one are still accepted.
    Overlapping,
}

/// What every instance of every function goes by, and since when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeployedKeys {
    published: BTreeSet<String>,
    signing: String,
    since: Timestamp,
}

/// Why the next step is not taken. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RotationBlocked {
    /// The last step is not known to have arrived everywhere.
    #[error("the last step is not known to be deployed everywhere")]
    NotDeployed,
    /// Something that goes by the last step's keys is still valid.
    #[error("the next step is safe from {0} on")]
    TooEarly(Timestamp),
}

impl KeyRing {
    /// The ring of a deployment that is yet to be made, with its first key.
    #[must_use]
    pub fn first(Pair { signing, public }: Pair) -> Self {
        let kid = public.kid.clone();
        Self { published: KeySet { keys: vec![public] }, signing: kid, secret: Some(signing), next: None }
    }

    /// The ring of a deployment that publishes this set; `None` if it is not known which of its keys signs.
    #[must_use]
    pub fn of_published(published: KeySet) -> Option<Self> {
        let [only] = published.keys.as_slice() else { return None };
        Some(Self { signing: only.kid.clone(), published, secret: None, next: None })
    }

    /// How far the rotation has come.
    #[must_use]
    pub fn stage(&self) -> Stage {
        match (&self.next, self.published.keys.len()) {
            (Some(_), _) => Stage::Introduced,
            (None, 1) => Stage::Steady,
            (None, _) => Stage::Overlapping,
        }
    }

    /// Name of the key that signs.
    #[must_use]
    pub fn signing(&self) -> &str {
        &self.signing
    }

    /// Names of the keys whose tokens are accepted.
    pub fn published(&self) -> impl Iterator<Item = &str> {
        self.published.keys.iter().map(|key| key.kid.as_str())
    }

    /// What the local stack is to be given. Without a signing key it keeps the one that it has.
    #[must_use]
    pub fn parameters(&self) -> Parameters {
        let secret = self.secret.as_ref().map(|key| (SIGNING_KEY.to_owned(), key.expose().to_owned()));
        secret.into_iter().chain([(PUBLIC_KEYS.to_owned(), self.published.text())]).collect()
    }

    /// What a stack on AWS is to be given: the name of the secret with the key that signs, and what is published. Nothing of it
    /// is secret.
    #[must_use]
    pub fn references(&self, stage: &str) -> Parameters {
        let signing = (SIGNING_KEY.to_owned(), aws_secrets::signing_key_name(stage, &self.signing));
        [signing, (PUBLIC_KEYS.to_owned(), self.published.text())].into()
    }

    /// The private half of the key that signs, while the deployment might not have it yet.
    #[must_use]
    pub fn secret(&self) -> Option<&SigningKey> {
        self.secret.as_ref()
    }

    /// What is live once these keys have arrived everywhere, at `since`.
    #[must_use]
    pub fn live_since(&self, since: Timestamp) -> DeployedKeys {
        let published = self.published().map(str::to_owned).collect();
        DeployedKeys { published, signing: self.signing.clone(), since }
    }

    /// From when on the next step is safe, if these keys are `live`.
    ///
    /// # Errors
    /// [`NotYet::NotDeployed`] if they are not.
    pub fn ready_at(&self, live: Option<&DeployedKeys>) -> Result<Timestamp, RotationBlocked> {
        let live = live.filter(|live| live.is_of(self)).ok_or(RotationBlocked::NotDeployed)?;
        let wait = match self.stage() {
            Stage::Steady => Duration::ZERO,
            Stage::Introduced => access_token::KEY_SET_MAX_AGE,
            Stage::Overlapping => access_token::MAX_ACCEPTED_AGE,
        };
        Ok(live.since.saturating_add(wait).unwrap_or(Timestamp::MAX))
    }

    /// The next step. `fresh` is the key to introduce, if that is what comes next.
    ///
    /// # Errors
    /// [`NotYet`] if the step would be too early.
    pub fn rotate(
        &self,
        live: Option<&DeployedKeys>,
        now: Timestamp,
        fresh: Pair,
    ) -> Result<Self, RotationBlocked> {
        let ready = self.ready_at(live)?;
        if now < ready {
            return Err(RotationBlocked::TooEarly(ready));
        }
        let mut ring = self.clone();
        match ring.next.take() {
            Some(next) => {
                ring.signing = next.public.kid;
                ring.secret = Some(next.signing);
            }
            None if self.stage() == Stage::Overlapping => {
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
    /// What functions with these parameters go by; `None` if the parameters hold no keys.
    #[must_use]
    pub fn of_parameters(parameters: &Parameters, since: Timestamp) -> Option<Self> {
        let set: KeySet = serde_json::from_str(parameters.get(PUBLIC_KEYS)?).ok()?;
        let signing = set.kid_of(parameters.get(SIGNING_KEY)?)?;
        let published = set.keys.into_iter().map(|key| key.kid).collect();
        Some(Self { published, signing, since })
    }

    /// Whether it is about the same keys, whenever that was.
    #[must_use]
    pub fn has_keys_of(&self, other: &Self) -> bool {
        self.published == other.published && self.signing == other.signing
    }

    fn is_of(&self, ring: &KeyRing) -> bool {
        self.has_keys_of(&ring.live_since(self.since))
    }
}

pub mod aws_secrets;
pub mod local_secrets;
#[cfg(test)]
mod tests;
