//! The files in which a ring of keys is kept.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};

use super::{DeployedKeys, KeyRing, KeySet, PUBLIC_KEYS};
use crate::keys::aws_secrets::{SecretToCreate, signing_key_name};
use crate::system::private_file;
use crate::template::Parameters;

/// Values for the template's parameters, as the local stack keeps them.
pub(crate) const SECRETS: &str = "secrets.json";

/// Why keys cannot be read or kept.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {source}")]
pub struct FolderError {
    path: PathBuf,
    source: io::Error,
}

/// A folder with a ring, with what is live, and with the values that the deployment is to be given. Only its owner may
/// read the files.
#[derive(Clone, Debug)]
pub struct KeyFolder {
    folder: PathBuf,
    /// The stack on AWS that it is about; in the local stack's own folder, the keys are among its other secrets.
    stage: Option<String>,
}

impl KeyFolder {
    /// The state folder of the local stack.
    #[must_use]
    pub fn of_local_stack(state: &Path) -> Self {
        Self { folder: state.to_owned(), stage: None }
    }

    /// The folder of a stack on AWS.
    #[must_use]
    pub fn of_stage(stages: &Path, stage: &str) -> Self {
        Self { folder: stages.join(stage), stage: Some(stage.to_owned()) }
    }

    /// The file with the values that the deployment is to be given. `sam deploy` takes YAML, which JSON is.
    #[must_use]
    pub fn parameters_file(&self) -> PathBuf {
        self.folder.join(if self.stage.is_none() { SECRETS } else { "parameters.yaml" })
    }

    /// The ring; that of a local stack which has never rotated is read off its secrets.
    ///
    /// # Errors
    /// [`FolderError`] if a file cannot be read.
    pub fn ring(&self) -> Result<Option<KeyRing>, FolderError> {
        let kept = read(&self.ring_file())?;
        if kept.is_some() || self.stage.is_some() {
            return Ok(kept);
        }
        let secrets: Parameters = read(&self.parameters_file())?.unwrap_or_default();
        let set = secrets.get(PUBLIC_KEYS).and_then(|text| serde_json::from_str::<KeySet>(text).ok());
        Ok(set.and_then(KeyRing::of_published))
    }

    /// Keeps a ring, and then the values that follow from it: in between, the values are those of the ring before, which
    /// do no harm, and keeping the ring again completes it.
    ///
    /// # Errors
    /// [`FolderError`] if a file cannot be written.
    pub fn keep(&self, ring: &KeyRing) -> Result<(), FolderError> {
        fs::create_dir_all(&self.folder)
            .map_err(|source| FolderError { path: self.folder.clone(), source })?;
        write(&self.ring_file(), ring)?;
        let path = self.parameters_file();
        let Some(stage) = &self.stage else {
            let mut values: Parameters = read(&path)?.unwrap_or_default();
            values.extend(ring.parameters());
            return write(&path, &values);
        };
        self.keep_signing_key(ring)?;
        write(&path, &ring.references(stage))
    }

    /// The secret with the key that signs, if it might not be on AWS yet.
    ///
    /// # Errors
    /// [`FolderError`] if a file cannot be read.
    pub fn creation(&self) -> Result<Option<SecretToCreate>, FolderError> {
        let (Some(stage), Some(ring)) = (&self.stage, self.ring()?) else { return Ok(None) };
        let creation = |_| SecretToCreate {
            name: signing_key_name(stage, ring.signing()),
            file: self.signing_key_file(),
            from_gateway: false,
        };
        Ok(ring.secret().map(creation))
    }

    /// The private half of the key that signs, as it goes to AWS; or nothing, once it must be there.
    fn keep_signing_key(&self, ring: &KeyRing) -> Result<(), FolderError> {
        let path = self.signing_key_file();
        let kept = match ring.secret() {
            Some(key) => private_file::write(&path, key.expose().as_bytes()),
            None => match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            },
        };
        kept.map_err(|source| FolderError { path, source })
    }

    fn signing_key_file(&self) -> PathBuf {
        self.folder.join("jwt-signing-key.secret")
    }

    /// What is live, as far as anybody has said.
    ///
    /// # Errors
    /// [`FolderError`] if the file cannot be read.
    pub fn live(&self) -> Result<Option<DeployedKeys>, FolderError> {
        read(&self.live_file())
    }

    /// Notes what is live. If the same keys have been live before, they have been so since then.
    ///
    /// # Errors
    /// [`FolderError`] if the file cannot be written.
    pub fn note_live(&self, live: &DeployedKeys) -> Result<(), FolderError> {
        if self.live()?.is_some_and(|before| before.has_keys_of(live)) {
            return Ok(());
        }
        write(&self.live_file(), live)
    }

    fn ring_file(&self) -> PathBuf {
        self.folder.join("keys.json")
    }

    fn live_file(&self) -> PathBuf {
        self.folder.join("keys.live.json")
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, FolderError> {
    let failed = |source| FolderError { path: path.to_owned(), source };
    match fs::read(path) {
        Ok(text) => serde_json::from_slice(&text).map_err(|error| failed(error.into())).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

fn write(path: &Path, value: &impl Serialize) -> Result<(), FolderError> {
    let text = serde_json::to_vec_pretty(value).map_err(io::Error::from);
    let written = text.and_then(|text| private_file::write(path, &text));
    written.map_err(|source| FolderError { path: path.to_owned(), source })
}
