//! The secrets of a stack on AWS: what they are called, who makes them, and the commands that put them into Secrets Manager.
//!
//! The template is given their names alone ([`crate::template`]). What is made here goes into files that only their owner
//! reads, and from there to AWS; no value is printed.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use crate::{
    keys::{
        SIGNING_KEY,
        command::{self, KeysError},
        folder::KeyFolder,
    },
    names, private_file,
    secrets::{PARAMETERS_OF_GATEWAY, SecretError, random},
    template::Template,
};

/// Why the secrets of a stage are not made.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// A secret cannot be made or kept.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The keys that sign tokens cannot be made or kept.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

/// A secret that is to be created on AWS, from a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Creation {
    /// Its name there.
    pub name: String,
    /// The file with its value.
    pub file: PathBuf,
    /// Whether the payment gateway gives it, and the file is yet to be written.
    pub from_gateway: bool,
}

/// The name of the secret for a parameter, as samconfig.toml has it.
#[must_use]
pub fn secret_name(stage: &str, parameter: &str) -> String {
    format!("agora/{stage}/{}", names::kebab(parameter))
}

/// The name of the secret with a key that signs tokens: each has its own, so that a rotation is another name.
#[must_use]
pub fn signing_key_name(stage: &str, kid: &str) -> String {
    format!("{}/{kid}", secret_name(stage, SIGNING_KEY))
}

/// Makes whatever secrets of a new stage Agora makes itself, and says what is to be created. Said again, it makes only what is
/// missing.
///
/// # Errors
/// [`StageError`].
pub fn first_secrets(template: &Template, stages: &Path, stage: &str) -> Result<Vec<Creation>, StageError> {
    let keys = KeyFolder::of_stage(stages, stage);
    if keys.ring().map_err(KeysError::from)?.is_none() {
        command::init(&keys, None)?;
    }
    let mut creations: Vec<Creation> = keys.creation().map_err(KeysError::from)?.into_iter().collect();
    let others = template.secret_parameters().into_iter().filter(|parameter| parameter != SIGNING_KEY);
    for parameter in others {
        let file = stages.join(stage).join(format!("{}.secret", names::kebab(&parameter)));
        let from_gateway = PARAMETERS_OF_GATEWAY.contains(&parameter.as_str());
        if !from_gateway && !file.exists() {
            let value = random().map_err(SecretError::from)?;
            private_file::write(&file, value.as_bytes())
                .map_err(|source| SecretError::File { path: file.clone(), source })?;
        }
        creations.push(Creation { name: secret_name(stage, &parameter), file, from_gateway });
    }
    creations.sort_by_key(|creation| creation.from_gateway);
    Ok(creations)
}

/// The command that creates it.
impl fmt::Display for Creation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, file, .. } = self;
        let file = file.display();
        write!(f, "aws secretsmanager create-secret --name {name} --secret-string file://{file} && rm {file}")
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    #[test]
    fn a_new_stage_gets_its_secrets_in_files_and_the_gateways_are_asked_for() {
        let root = std::env::temp_dir().join(format!("local-stage-{}", crate::ids::uuid()));
        let template =
            Template::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml")).unwrap();
        let creations = first_secrets(&template, &root, "prod").unwrap();
        let (asked, made): (Vec<_>, Vec<_>) = creations.iter().partition(|creation| creation.from_gateway);
        let names: Vec<&str> = asked.iter().map(|creation| creation.name.as_str()).collect();
        assert_eq!(names, ["agora/prod/payment-gateway-key", "agora/prod/payment-webhook-secret"]);
        assert_eq!(made.len(), 4);
        let mut values = Vec::new();
        for creation in &made {
            assert_eq!(fs::metadata(&creation.file).unwrap().permissions().mode() & 0o777, 0o600);
            values.push(fs::read_to_string(&creation.file).unwrap());
            assert!(!creation.to_string().contains(values.last().unwrap()), "a value is printed");
        }
        assert!(asked.iter().all(|creation| !creation.file.exists()));
        assert_eq!(
            first_secrets(&template, &root, "prod").unwrap(),
            creations,
            "said again, it makes nothing new"
        );
        let again: Vec<String> = made.iter().map(|made| fs::read_to_string(&made.file).unwrap()).collect();
        assert_eq!(again, values);
        fs::remove_dir_all(root).unwrap();
    }
}
