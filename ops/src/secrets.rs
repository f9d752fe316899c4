//! `ops secrets`: generates the secrets of a new stack, and prints the commands that create them in Secrets
//! Manager.
//!
//! The template contains only the names of the secrets. Values are written to files that only their owner can
//! read, and the printed commands create the secrets from these files. No value is printed.

use std::path::Path;

use local::keys::SIGNING_KEY;
use local::keys::aws_secrets::{SecretToCreate, secret_name};
use local::keys::commands::{self, KeysError};
use local::keys::local_secrets::{PARAMETERS_OF_GATEWAY, SecretError, random};
use local::keys::store::KeyStore;
use local::system::{arn, console, private_file};
use local::template::{Template, TemplateError};

use crate::cli::SecretsArguments;

/// Failure of `ops secrets`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretsError {
    /// The template cannot be read.
    #[error("{path}: {source}")]
    Template { path: std::path::PathBuf, source: TemplateError },
    /// A secret cannot be generated or stored.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The signing keys cannot be generated or stored.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

/// Generates missing secrets and prints the commands that create them.
pub(crate) fn run(arguments: &SecretsArguments) -> Result<(), SecretsError> {
    let invalid = |source| SecretsError::Template { path: arguments.template.clone(), source };
    let template = Template::read(&arguments.template).map_err(invalid)?;
    for creation in first_secrets(&template, &arguments.deployments, &arguments.stage)? {
        if creation.from_gateway {
            let file = creation.file.display();
            console::line(format_args!("# issued by the payment gateway: write it to {file}, then run"));
        }
        console::line(creation);
    }
    Ok(())
}

/// Generates the missing secrets of a stage, and returns all secrets to create. Repeating it generates
/// nothing new.
///
/// # Errors
/// [`SecretsError`] if a secret or the signing keys cannot be generated or stored.
fn first_secrets(
    template: &Template,
    stages: &Path,
    stage: &str,
) -> Result<Vec<SecretToCreate>, SecretsError> {
    let keys = KeyStore::of_stage(stages, stage);
    if keys.ring().map_err(KeysError::from)?.is_none() {
        commands::init(&keys, None)?;
    }
    let mut creations: Vec<SecretToCreate> =
        keys.secret_to_create().map_err(KeysError::from)?.into_iter().collect();
    let others = template.secret_parameters().into_iter().filter(|parameter| parameter != SIGNING_KEY);
    for parameter in others {
        let file = stages.join(stage).join(format!("{}.secret", arn::kebab(&parameter)));
        let from_gateway = PARAMETERS_OF_GATEWAY.contains(&parameter.as_str());
        if !from_gateway && !file.exists() {
            let value = random().map_err(SecretError::from)?;
            private_file::write(&file, value.as_bytes())
                .map_err(|source| SecretError::File { path: file.clone(), source })?;
        }
        creations.push(SecretToCreate { name: secret_name(stage, &parameter), file, from_gateway });
    }
    creations.sort_by_key(|creation| creation.from_gateway);
    Ok(creations)
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    #[test]
    fn new_stage_gets_files_for_all_but_the_gateways_secrets() {
        let root = std::env::temp_dir().join(format!("local-stage-{}", local::system::aws_ids::uuid()));
        let template =
            Template::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml")).unwrap();
        let creations = first_secrets(&template, &root, "prod").unwrap();
        let (from_gateway, generated): (Vec<_>, Vec<_>) =
            creations.iter().partition(|creation| creation.from_gateway);
        let names: Vec<&str> = from_gateway.iter().map(|creation| creation.name.as_str()).collect();
        assert_eq!(names, ["agora/prod/payment-gateway-key", "agora/prod/payment-webhook-secret"]);
        assert_eq!(generated.len(), 4);
        let mut values = Vec::new();
        for creation in &generated {
            assert_eq!(fs::metadata(&creation.file).unwrap().permissions().mode() & 0o777, 0o600);
            values.push(fs::read_to_string(&creation.file).unwrap());
            assert!(!creation.to_string().contains(values.last().unwrap()), "a value is printed");
        }
        assert!(from_gateway.iter().all(|creation| !creation.file.exists()));
        assert_eq!(
            first_secrets(&template, &root, "prod").unwrap(),
            creations,
            "a repeated call generates nothing new"
        );
        let after: Vec<String> =
            generated.iter().map(|secret| fs::read_to_string(&secret.file).unwrap()).collect();
        assert_eq!(after, values);
        fs::remove_dir_all(root).unwrap();
    }
}
