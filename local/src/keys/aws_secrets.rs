//! Names of a stack's secrets on AWS, and the command that creates each.

use std::fmt;
use std::path::PathBuf;

use super::SIGNING_KEY;
use crate::system::arn;

/// A secret that is to be created on AWS, from a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretToCreate {
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
    format!("agora/{stage}/{}", arn::kebab(parameter))
}

/// The name of the secret with a key that signs tokens: each has its own, so that a rotation is another name.
#[must_use]
pub fn signing_key_name(stage: &str, kid: &str) -> String {
    format!("{}/{kid}", secret_name(stage, SIGNING_KEY))
}

/// The command that creates it.
impl fmt::Display for SecretToCreate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, file, .. } = self;
        let file = file.display();
        write!(f, "aws secretsmanager create-secret --name {name} --secret-string file://{file} && rm {file}")
    }
}
