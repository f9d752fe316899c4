//! What `ops keys` does. What it prints names keys; their private halves are in files that only their owner reads.

use std::{fs, io, path::Path};

use aws_lc_rs::error::Unspecified;
use jiff::Timestamp;

use super::store::{FolderError, KeyFolder};
use super::{KeyRing, KeySet, Pair, RotationBlocked, Stage};

/// Why a command does nothing.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A file fails.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The random generator failed.
    #[error("cannot make a key: no random numbers")]
    Random(#[from] Unspecified),
    /// There is no ring to work on.
    #[error("no keys are known here; `ops keys init` begins, or `make dev` for the local stack")]
    Unknown,
    /// There is one already.
    #[error("keys are known here already; `ops keys status` shows them")]
    Known,
    /// The key set cannot be adopted.
    #[error("the published key set must hold exactly one key, or nobody knows which one signs")]
    Ambiguous,
    /// The key set cannot be read.
    #[error("the published key set cannot be read: {0}")]
    Published(#[from] io::Error),
    /// It is not time yet.
    #[error(transparent)]
    NotYet(#[from] RotationBlocked),
}

/// Begins a ring: with the set that a deployment publishes, or with a first key for one that is yet to be made.
///
/// # Errors
/// [`KeysError`].
pub fn init(folder: &KeyFolder, published: Option<&Path>) -> Result<KeyRing, KeysError> {
    if folder.ring()?.is_some() {
        return Err(KeysError::Known);
    }
    let ring = match published {
        Some(path) => {
            let set: KeySet = serde_json::from_slice(&fs::read(path)?).map_err(io::Error::from)?;
            KeyRing::of_published(set).ok_or(KeysError::Ambiguous)?
        }
        None => KeyRing::first(Pair::generate()?),
    };
    folder.keep(&ring)?;
    Ok(ring)
}

/// Takes the next step, if it is safe; said again too early, it only writes the last step's values once more.
///
/// # Errors
/// [`KeysError::NotYet`] if it is not safe, and what else can fail.
pub fn rotate(folder: &KeyFolder, now: Timestamp) -> Result<KeyRing, KeysError> {
    let ring = folder.ring()?.ok_or(KeysError::Unknown)?;
    match ring.rotate(folder.live()?.as_ref(), now, Pair::generate()?) {
        Ok(next) => {
            folder.keep(&next)?;
            Ok(next)
        }
        Err(not_yet) => {
            folder.keep(&ring)?;
            Err(not_yet.into())
        }
    }
}

/// Notes that the last step's values have arrived everywhere.
///
/// # Errors
/// [`KeysError`].
pub fn deployed(folder: &KeyFolder, now: Timestamp) -> Result<KeyRing, KeysError> {
    let ring = folder.ring()?.ok_or(KeysError::Unknown)?;
    folder.note_live(&ring.live_since(now))?;
    Ok(ring)
}

/// The ring, and from when on its next step is safe.
///
/// # Errors
/// [`KeysError`].
pub fn status(folder: &KeyFolder) -> Result<(KeyRing, Result<Timestamp, RotationBlocked>), KeysError> {
    let ring = folder.ring()?.ok_or(KeysError::Unknown)?;
    let ready = ring.ready_at(folder.live()?.as_ref());
    Ok((ring, ready))
}

/// A ring in a sentence.
#[must_use]
pub fn describe(ring: &KeyRing) -> String {
    let all: Vec<&str> = ring.published().collect();
    let (signing, all) = (ring.signing(), all.join(", "));
    match ring.stage() {
        Stage::Steady => format!("{signing} signs, and no other key is accepted"),
        Stage::Introduced => format!("{signing} signs; the next key is published: {all}"),
        Stage::Overlapping => {
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
    fn a_stage_is_rotated_through_files_that_only_the_owner_reads() {
        let root = scratch();
        let folder = KeyFolder::of_stage(&root, "prod");
        let now = crate::system::clock::now();
        assert!(matches!(rotate(&folder, now), Err(KeysError::Unknown)));
        let first = init(&folder, None).unwrap();
        assert!(matches!(init(&folder, None), Err(KeysError::Known)));
        assert!(matches!(rotate(&folder, now), Err(KeysError::NotYet(RotationBlocked::NotDeployed))));
        deployed(&folder, now).unwrap();
        assert_eq!(rotate(&folder, now).unwrap().stage(), Stage::Introduced);
        let values = fs::read(folder.parameters_file()).unwrap();
        let values: BTreeMap<String, String> = serde_json::from_slice(&values).unwrap();
        assert_eq!(values[SIGNING_KEY], format!("agora/prod/jwt-signing-key/{}", first.signing()));
        assert!(values[super::super::PUBLIC_KEYS].contains(first.signing()));
        assert_eq!(folder.creation().unwrap(), None, "the key that signs is on AWS");
        for file in fs::read_dir(root.join("prod")).unwrap() {
            let mode = file.unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_private_key_is_on_its_way_in_a_file_and_never_among_the_parameters() {
        let root = scratch();
        let folder = KeyFolder::of_stage(&root, "prod");
        let mut now = crate::system::clock::now();
        let mut ring = init(&folder, None).unwrap();
        let mut on_the_way = Vec::new();
        for _ in 0..4 {
            let parameters = fs::read_to_string(folder.parameters_file()).unwrap();
            let name = format!("agora/prod/jwt-signing-key/{}", ring.signing());
            assert!(parameters.contains(&name));
            let creation = folder.creation().unwrap();
            if let Some(creation) = &creation {
                let key = fs::read_to_string(&creation.file).unwrap();
                assert_eq!(ring.published.kid_of(&key).as_deref(), Some(ring.signing()));
                assert!(creation.name == name && !parameters.contains(&key));
            }
            assert_eq!(root.join("prod/jwt-signing-key.secret").exists(), creation.is_some());
            on_the_way.push(creation.is_some());
            deployed(&folder, now).unwrap();
            now = status(&folder).unwrap().1.unwrap();
            ring = rotate(&folder, now).unwrap();
        }
        assert_eq!(on_the_way, [true, false, true, false], "first, introduced, signing, retired");
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn said_too_early_the_command_completes_the_last_step_and_takes_no_other() {
        let root = scratch();
        let folder = KeyFolder::of_stage(&root, "prod");
        init(&folder, None).unwrap();
        let now = crate::system::clock::now();
        deployed(&folder, now).unwrap();
        let introduced = rotate(&folder, now).unwrap();
        fs::remove_file(folder.parameters_file()).unwrap();
        assert!(rotate(&folder, now).is_err());
        assert!(folder.parameters_file().exists());
        assert_eq!(status(&folder).unwrap(), (introduced, Err(RotationBlocked::NotDeployed)));
        fs::remove_dir_all(root).unwrap();
    }
}
