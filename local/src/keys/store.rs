//! Files that store the key ring of a deployment.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};

use super::rotation::{DeployedKeys, KeyRing};
use super::{KeySet, PUBLIC_KEYS};
use crate::keys::aws_secrets::{SecretToCreate, signing_key_name};
use crate::system::private_file;
use crate::template::Parameters;

/// File with the template parameters of the local stack.
pub(crate) const SECRETS_FILE: &str = "secrets.json";

/// A key file cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {source}")]
pub struct KeyStoreError {
    path: PathBuf,
    source: io::Error,
}

/// Folder with the key ring of a stack, its deployed keys and the parameters for its deployment. The files
/// are readable by their owner only.
#[derive(Clone, Debug)]
pub struct KeyStore {
    folder: PathBuf,
    /// Name of the stack on AWS. `None` for the local stack, whose keys are in the file of its other secrets.
    stage: Option<String>,
}

impl KeyStore {
    /// Key store in the state folder of the local stack.
    #[must_use]
    pub fn of_local_stack(state: &Path) -> Self {
        Self { folder: state.to_owned(), stage: None }
    }

    /// Key store of a stack on AWS.
    #[must_use]
    pub fn of_stage(stages: &Path, stage: &str) -> Self {
        Self { folder: stages.join(stage), stage: Some(stage.to_owned()) }
    }

    /// File with the parameters for the deployment. `sam deploy` expects YAML, of which JSON is a subset.
    #[must_use]
    pub fn parameters_file(&self) -> PathBuf {
        self.folder.join(if self.stage.is_none() { SECRETS_FILE } else { "parameters.yaml" })
    }

    /// The key ring. For a local stack without rotations, it is derived from the secrets.
    ///
    /// # Errors
    /// [`KeyStoreError`] if a file cannot be read.
    pub fn ring(&self) -> Result<Option<KeyRing>, KeyStoreError> {
        let saved = read(&self.ring_file())?;
        if saved.is_some() || self.stage.is_some() {
            return Ok(saved);
        }
        let secrets: Parameters = read(&self.parameters_file())?.unwrap_or_default();
        let set = secrets.get(PUBLIC_KEYS).and_then(|text| serde_json::from_str::<KeySet>(text).ok());
        Ok(set.and_then(KeyRing::of_published))
    }

    /// Saves a ring, then the parameters derived from it. If only the first write succeeds, the parameters
    /// are those of the previous ring, which are still valid; saving the ring again completes the write.
    ///
    /// # Errors
    /// [`KeyStoreError`] if a file cannot be written.
    pub fn save(&self, ring: &KeyRing) -> Result<(), KeyStoreError> {
        fs::create_dir_all(&self.folder)
            .map_err(|source| KeyStoreError { path: self.folder.clone(), source })?;
        write(&self.ring_file(), ring)?;
        let path = self.parameters_file();
        let Some(stage) = &self.stage else {
            let mut values: Parameters = read(&path)?.unwrap_or_default();
            values.extend(ring.parameters());
            return write(&path, &values);
        };
        self.save_signing_key(ring)?;
        write(&path, &ring.references(stage))
    }

    /// Secret of the signing key, until it is deployed.
    ///
    /// # Errors
    /// [`KeyStoreError`] if a file cannot be read.
    pub fn secret_to_create(&self) -> Result<Option<SecretToCreate>, KeyStoreError> {
        let (Some(stage), Some(ring)) = (&self.stage, self.ring()?) else { return Ok(None) };
        let creation = |_| SecretToCreate {
            name: signing_key_name(stage, ring.signing()),
            file: self.signing_key_file(),
            from_gateway: false,
        };
        Ok(ring.secret().map(creation))
    }

    /// Writes the private half of the signing key to its file, or deletes the file once the key is deployed.
    fn save_signing_key(&self, ring: &KeyRing) -> Result<(), KeyStoreError> {
        let path = self.signing_key_file();
        let saved = match ring.secret() {
            Some(key) => private_file::write(&path, key.expose().as_bytes()),
            None => match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            },
        };
        saved.map_err(|source| KeyStoreError { path, source })
    }

    fn signing_key_file(&self) -> PathBuf {
        self.folder.join("jwt-signing-key.secret")
    }

    /// Deployed keys, as last recorded.
    ///
    /// # Errors
    /// [`KeyStoreError`] if the file cannot be read.
    pub fn deployed_keys(&self) -> Result<Option<DeployedKeys>, KeyStoreError> {
        read(&self.deployed_file())
    }

    /// Records the deployed keys. If they are the recorded ones, the recorded time stays.
    ///
    /// # Errors
    /// [`KeyStoreError`] if the file cannot be written.
    pub fn record_deployed(&self, deployed_keys: &DeployedKeys) -> Result<(), KeyStoreError> {
        if self.deployed_keys()?.is_some_and(|before| before.has_keys_of(deployed_keys)) {
            return Ok(());
        }
        write(&self.deployed_file(), deployed_keys)
    }

    fn ring_file(&self) -> PathBuf {
        self.folder.join("keys.json")
    }

    fn deployed_file(&self) -> PathBuf {
        self.folder.join("keys.live.json")
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, KeyStoreError> {
    let failed = |source| KeyStoreError { path: path.to_owned(), source };
    match fs::read(path) {
        Ok(text) => serde_json::from_slice(&text).map_err(|error| failed(error.into())).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

fn write(path: &Path, value: &impl Serialize) -> Result<(), KeyStoreError> {
    let text = serde_json::to_vec_pretty(value).map_err(io::Error::from);
    let written = text.and_then(|text| private_file::write(path, &text));
    written.map_err(|source| KeyStoreError { path: path.to_owned(), source })
}
