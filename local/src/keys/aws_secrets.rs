//! Names of a stack's secrets in AWS Secrets Manager, and the command that creates each.

use std::fmt;
use std::path::PathBuf;

use super::SIGNING_KEY;
use crate::system::arn;

/// Secret to create in AWS Secrets Manager from a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretToCreate {
    /// Name in Secrets Manager.
    pub name: String,
    /// File with the value.
    pub file: PathBuf,
    /// True if the payment gateway issues the value and the operator writes the file.
    pub from_gateway: bool,
}

/// Name of the secret of a parameter, as in samconfig.toml.
#[must_use]
pub fn secret_name(stage: &str, parameter: &str) -> String {
    format!("agora/{stage}/{}", arn::kebab(parameter))
}

/// Name of the secret with a signing key. Each key has a secret of its own, so that a rotation changes the
/// name.
#[must_use]
pub fn signing_key_name(stage: &str, kid: &str) -> String {
    format!("{}/{kid}", secret_name(stage, SIGNING_KEY))
}

/// Formats the command that creates the secret.
impl fmt::Display for SecretToCreate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, file, .. } = self;
        let file = file.display();
        write!(f, "aws secretsmanager create-secret --name {name} --secret-string file://{file} && rm {file}")
    }
}
