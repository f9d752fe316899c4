//! Implementation of `ops keys`. The output contains key ids only; private halves are in files that only
//! their owner can read.

use std::{fs, io, path::Path};

use aws_lc_rs::error::Unspecified;
use jiff::Timestamp;

use super::rotation::{KeyRing, RotationBlocked, RotationStage};
use super::store::{KeyStore, KeyStoreError};
use super::{KeyPair, KeySet};

/// Failure of an `ops keys` command.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A file cannot be read or written.
    #[error(transparent)]
    Store(#[from] KeyStoreError),
    /// The random generator failed.
    #[error("cannot generate a key: no random numbers")]
    Random(#[from] Unspecified),
    /// There is no key ring.
    #[error("no keys found; create them with `ops keys init`, or with `make dev` for the local stack")]
    NoKeys,
    /// There is a key ring already.
    #[error("keys exist already; `ops keys status` shows them")]
    KeysExist,
    /// The published key set does not have exactly one key.
    #[error(
        "the published key set must contain exactly one key, because the signing key is unknown otherwise"
    )]
    Ambiguous,
    /// The published key set cannot be read.
    #[error("cannot read the published key set: {0}")]
    ReadPublished(#[from] io::Error),
    /// The next step is not safe yet.
    #[error(transparent)]
    NotYet(#[from] RotationBlocked),
}

/// Creates a key ring from the set that a deployment publishes, or with a first key for a new deployment.
///
/// # Errors
/// [`KeysError`] if there is a ring already, the published set is not usable, or a file cannot be written.
pub fn init(store: &KeyStore, published: Option<&Path>) -> Result<KeyRing, KeysError> {
    if store.ring()?.is_some() {
        return Err(KeysError::KeysExist);
    }
    let ring = match published {
        Some(path) => {
            let set: KeySet = serde_json::from_slice(&fs::read(path)?).map_err(io::Error::from)?;
            KeyRing::of_published(set).ok_or(KeysError::Ambiguous)?
        }
        None => KeyRing::first(KeyPair::generate()?),
    };
    store.save(&ring)?;
    Ok(ring)
}

/// Takes the next step if it is safe. If it is not, only writes the values of the last step again.
///
/// # Errors
/// [`KeysError::NotYet`] if the step is not safe. Other variants if there is no ring, or a file cannot be
/// read or written.
pub fn rotate(store: &KeyStore, now: Timestamp) -> Result<KeyRing, KeysError> {
    let ring = store.ring()?.ok_or(KeysError::NoKeys)?;
    match ring.rotate(store.deployed_keys()?.as_ref(), now, KeyPair::generate()?) {
        Ok(next) => {
            store.save(&next)?;
            Ok(next)
        }
        Err(blocked) => {
            store.save(&ring)?;
            Err(blocked.into())
        }
    }
}

/// Records that the values of the last step are deployed everywhere.
///
/// # Errors
/// [`KeysError`] if there is no ring, or a file cannot be read or written.
pub fn deployed(store: &KeyStore, now: Timestamp) -> Result<KeyRing, KeysError> {
    let ring = store.ring()?.ok_or(KeysError::NoKeys)?;
    store.record_deployed(&ring.deployed_since(now))?;
    Ok(ring)
}

/// The key ring, and the earliest time of its next step.
///
/// # Errors
/// [`KeysError`] if there is no ring, or a file cannot be read.
pub fn status(store: &KeyStore) -> Result<(KeyRing, Result<Timestamp, RotationBlocked>), KeysError> {
    let ring = store.ring()?.ok_or(KeysError::NoKeys)?;
    let ready = ring.ready_at(store.deployed_keys()?.as_ref());
    Ok((ring, ready))
}

/// Describes a key ring in one sentence.
#[must_use]
pub fn describe(ring: &KeyRing) -> String {
    let all: Vec<&str> = ring.published().collect();
    let (signing, all) = (ring.signing(), all.join(", "));
    match ring.stage() {
        RotationStage::Steady => format!("{signing} signs, and no other key is accepted"),
        RotationStage::Introduced => format!("{signing} signs; the next key is published: {all}"),
        RotationStage::Overlapping => {
            format!("{signing} signs; tokens of the previous key are still accepted: {all}")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, os::unix::fs::PermissionsExt};

    use super::*;
    use crate::keys::SIGNING_KEY;
    use crate::system::aws_ids;

    fn scratch() -> std::path::PathBuf {
        std::env::temp_dir().join(format!("local-keys-{}", aws_ids::uuid()))
    }

    #[test]
    fn rotation_writes_files_readable_by_their_owner_only() {
        let root = scratch();
        let store = KeyStore::of_stage(&root, "prod");
        let now = crate::system::clock::now();
        assert!(matches!(rotate(&store, now), Err(KeysError::NoKeys)));
        let first = init(&store, None).unwrap();
        assert!(matches!(init(&store, None), Err(KeysError::KeysExist)));
        assert!(matches!(rotate(&store, now), Err(KeysError::NotYet(RotationBlocked::NotDeployed))));
        deployed(&store, now).unwrap();
        assert_eq!(rotate(&store, now).unwrap().stage(), RotationStage::Introduced);
        let values = fs::read(store.parameters_file()).unwrap();
        let values: BTreeMap<String, String> = serde_json::from_slice(&values).unwrap();
        assert_eq!(values[SIGNING_KEY], format!("agora/prod/jwt-signing-key/{}", first.signing()));
        assert!(values[super::super::PUBLIC_KEYS].contains(first.signing()));
        assert_eq!(store.secret_to_create().unwrap(), None, "the signing key is on AWS already");
        for file in fs::read_dir(root.join("prod")).unwrap() {
            let mode = file.unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn private_key_is_in_its_own_file_and_never_in_parameters() {
        let root = scratch();
        let store = KeyStore::of_stage(&root, "prod");
        let mut now = crate::system::clock::now();
        let mut ring = init(&store, None).unwrap();
        let mut has_secret_file = Vec::new();
        for _ in 0..4 {
            let parameters = fs::read_to_string(store.parameters_file()).unwrap();
            let name = format!("agora/prod/jwt-signing-key/{}", ring.signing());
            assert!(parameters.contains(&name));
            let creation = store.secret_to_create().unwrap();
            if let Some(creation) = &creation {
                let key = fs::read_to_string(&creation.file).unwrap();
                assert_eq!(ring.published.kid_of(&key).as_deref(), Some(ring.signing()));
                assert!(creation.name == name && !parameters.contains(&key));
            }
            assert_eq!(root.join("prod/jwt-signing-key.secret").exists(), creation.is_some());
            has_secret_file.push(creation.is_some());
            deployed(&store, now).unwrap();
            now = status(&store).unwrap().1.unwrap();
            ring = rotate(&store, now).unwrap();
        }
        assert_eq!(has_secret_file, [true, false, true, false], "first, introduced, signing, retired");
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn rotating_too_early_only_rewrites_the_last_step() {
        let root = scratch();
        let store = KeyStore::of_stage(&root, "prod");
        init(&store, None).unwrap();
        let now = crate::system::clock::now();
        deployed(&store, now).unwrap();
        let introduced = rotate(&store, now).unwrap();
        fs::remove_file(store.parameters_file()).unwrap();
        assert!(rotate(&store, now).is_err());
        assert!(store.parameters_file().exists());
        assert_eq!(status(&store).unwrap(), (introduced, Err(RotationBlocked::NotDeployed)));
        fs::remove_dir_all(root).unwrap();
    }
}
