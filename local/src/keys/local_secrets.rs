//! Secrets of a local stack, generated once and stored in the state folder. Each is stored under the template
//! parameter that contains its name on AWS.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    fs, io,
    path::{Path, PathBuf},
};

use aws_lc_rs::{error::Unspecified, rand};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};

use crate::keys::rotation::KeyRing;
use crate::keys::{KeyPair, PUBLIC_KEYS, SIGNING_KEY};
use crate::system::private_file;
use crate::template::{Parameters, Template};

/// Template parameter of the payment gateway's API key.
pub(crate) const PAYMENT_KEY: &str = "PaymentGatewayKey";

/// Template parameter of the secret that signs webhooks.
pub(crate) const WEBHOOK_SECRET: &str = "PaymentWebhookSecret";

/// Template parameters whose secrets the payment gateway issues.
pub const PARAMETERS_OF_GATEWAY: [&str; 2] = [PAYMENT_KEY, WEBHOOK_SECRET];

/// Failure to generate, read or write secrets.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The random generator failed.
    #[error("cannot generate secrets: no random numbers")]
    Random(#[from] Unspecified),
    /// The file cannot be read or written.
    #[error("cannot read or write secrets in {path}: {source}")]
    File {
        /// Path of the file.
        path: PathBuf,
        /// Cause.
        source: io::Error,
    },
    /// The file is not valid JSON.
    #[error("the secrets in {path} are not valid JSON ({source}); delete the file to generate new ones")]
    Damaged {
        /// Path of the file.
        path: PathBuf,
        /// Cause.
        source: serde_json::Error,
    },
}

/// Values of the template's secret parameters, by parameter name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets {
    values: Parameters,
}

impl Secrets {
    /// Generates a secret for every secret parameter of a template.
    ///
    /// # Errors
    /// [`SecretError::Random`] if the operating system provides no random numbers.
    pub fn generate(template: &Template) -> Result<Self, SecretError> {
        let mut secrets = Self::default();
        secrets.complete(template)?;
        Ok(secrets)
    }

    /// Loads the secrets from a file. Missing ones are generated and added. The file is readable by its owner
    /// only.
    ///
    /// # Errors
    /// [`SecretError`] if the file cannot be read, parsed or written.
    pub fn load_or_generate(path: &Path, template: &Template) -> Result<Self, SecretError> {
        let failed = |source| SecretError::File { path: path.to_owned(), source };
        let values = match fs::read(path) {
            Ok(text) => serde_json::from_slice(&text)
                .map_err(|source| SecretError::Damaged { path: path.to_owned(), source })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(failed(error)),
        };
        let mut secrets = Self { values };
        if secrets.complete(template)? {
            let text = serde_json::to_vec_pretty(&secrets.values).map_err(io::Error::from).map_err(failed)?;
            private_file::write(path, &text).map_err(failed)?;
        }
        Ok(secrets)
    }

    /// Value of a parameter.
    #[must_use]
    pub fn get(&self, parameter: &str) -> Option<&str> {
        self.values.get(parameter).map(String::as_str)
    }

    /// All values whose parameters the template declares.
    #[must_use]
    pub fn parameters(&self, template: &Template) -> Parameters {
        let declared = self.values.iter().filter(|(name, _)| template.declares(name));
        declared.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// Generates missing secrets. Returns true if any was missing.
    fn complete(&mut self, template: &Template) -> Result<bool, SecretError> {
        let before = self.values.len();
        if !self.values.contains_key(SIGNING_KEY) || !self.values.contains_key(PUBLIC_KEYS) {
            // The private key and the key set with its public half are generated together.
            self.values.extend(KeyRing::first(KeyPair::generate()?).parameters());
        }
        let own = [PAYMENT_KEY, WEBHOOK_SECRET].map(str::to_owned);
        for name in template.secret_parameters().into_iter().chain(own) {
            if let Entry::Vacant(entry) = self.values.entry(name) {
                let value = secret(entry.key())?;
                entry.insert(value);
            }
        }
        Ok(self.values.len() > before)
    }
}

/// Generates the secret of a parameter. The payment gateway's secrets have the format of Stripe's.
fn secret(parameter: &str) -> Result<String, Unspecified> {
    Ok(match parameter {
        PAYMENT_KEY => format!("sk_test_{}", URL_SAFE_NO_PAD.encode(bytes()?)),
        WEBHOOK_SECRET => format!("whsec_{}", URL_SAFE_NO_PAD.encode(bytes()?)),
        _ => random()?,
    })
}

/// Generates a secret: 32 random bytes, in base64.
///
/// # Errors
/// [`Unspecified`] if the operating system provides no random numbers.
pub fn random() -> Result<String, Unspecified> {
    Ok(STANDARD.encode(bytes()?))
}

fn bytes() -> Result<[u8; 32], Unspecified> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::keys::SigningKey;

    fn template() -> Template {
        let text = "
Parameters:
  JwtSigningKey: { Type: String }
  JwtPublicKeys: { Type: String }
  CursorKey: { Type: String }
  PaymentGatewayKey: { Type: String }
Resources:
  ApiX:
    Type: AWS::Serverless::Function
    Properties:
      Environment:
        Variables:
          SIGNING: !Sub '{{resolve:secretsmanager:${JwtSigningKey}}}'
          CURSOR: !Sub '{{resolve:secretsmanager:${CursorKey}}}'
          GATEWAY: !Sub '{{resolve:secretsmanager:${PaymentGatewayKey}}}'
";
        Template::parse(text).unwrap()
    }

    #[test]
    fn generated_public_key_matches_the_signing_key() {
        let secrets = Secrets::generate(&template()).unwrap();
        let public = SigningKey::public_half(secrets.get("JwtSigningKey").unwrap());
        let set: serde_json::Value = serde_json::from_str(secrets.get("JwtPublicKeys").unwrap()).unwrap();
        assert_eq!(set["keys"][0]["x"], public.unwrap());
        assert_eq!(STANDARD.decode(secrets.get("CursorKey").unwrap()).unwrap().len(), 32);
        assert!(secrets.get("PaymentGatewayKey").unwrap().starts_with("sk_test_"));
        assert!(!secrets.parameters(&template()).contains_key(WEBHOOK_SECRET));
    }

    #[test]
    fn functions_receive_secret_values_instead_of_names() {
        let secrets = Secrets::generate(&template()).unwrap();
        let deployment = template().resolve(&secrets.parameters(&template()), "http://localhost").unwrap();
        let environment = &deployment.function("api-x").unwrap().environment;
        assert_eq!(environment["CURSOR"], secrets.get("CursorKey").unwrap());
        assert_eq!(environment["GATEWAY"], secrets.get("PaymentGatewayKey").unwrap());
    }

    #[test]
    fn secrets_file_is_readable_by_its_owner_only() {
        let path = std::env::temp_dir().join(format!("local-secrets-{}", crate::system::aws_ids::uuid()));
        let first = Secrets::load_or_generate(&path, &template()).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(Secrets::load_or_generate(&path, &template()).unwrap(), first);
        fs::write(&path, "oops").unwrap();
        assert!(matches!(Secrets::load_or_generate(&path, &template()), Err(SecretError::Damaged { .. })));
        fs::remove_file(&path).unwrap();
    }
}
