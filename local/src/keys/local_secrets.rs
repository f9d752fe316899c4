//! The secrets of a local stack: generated once, kept in the state folder, never part of the repository. Each stands under
//! the parameter that holds its name on AWS.

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

use crate::keys::{KeyRing, PUBLIC_KEYS, Pair, SIGNING_KEY};
use crate::system::private_file;
use crate::template::{Parameters, Template};

/// Secret key of the payment sandbox.
pub(crate) const PAYMENT_KEY: &str = "PaymentGatewayKey";

/// Secret that the payment sandbox signs its webhooks with.
pub(crate) const WEBHOOK_SECRET: &str = "PaymentWebhookSecret";

/// The parameters whose secrets the payment gateway gives.
pub const PARAMETERS_OF_GATEWAY: [&str; 2] = [PAYMENT_KEY, WEBHOOK_SECRET];

/// Why there are no secrets.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The random generator failed.
    #[error("cannot generate secrets: no random numbers")]
    Random(#[from] Unspecified),
    /// The file cannot be read or written.
    #[error("cannot keep secrets in {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The file is damaged.
    #[error("the secrets in {path} are damaged ({source}); delete the file to get new ones")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
}

/// Values for the template's secret parameters, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets {
    values: Parameters,
}

impl Secrets {
    /// New secrets for every secret parameter of a template.
    ///
    /// # Errors
    /// [`SecretError::Random`] if the operating system has no random numbers.
    pub fn generate(template: &Template) -> Result<Self, SecretError> {
        let mut secrets = Self::default();
        secrets.complete(template)?;
        Ok(secrets)
    }

    /// The secrets kept in a file; what is missing there is generated and added. Only its owner may read the file.
    ///
    /// # Errors
    /// [`SecretError`] if the file cannot be read, understood or written.
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

    /// The value of a parameter.
    #[must_use]
    pub fn get(&self, parameter: &str) -> Option<&str> {
        self.values.get(parameter).map(String::as_str)
    }

    /// All values that the template declares parameters for.
    #[must_use]
    pub fn parameters(&self, template: &Template) -> Parameters {
        let declared = self.values.iter().filter(|(name, _)| template.declares(name));
        declared.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// Generates what is missing; says whether anything was.
    fn complete(&mut self, template: &Template) -> Result<bool, SecretError> {
        let before = self.values.len();
        if !self.values.contains_key(SIGNING_KEY) || !self.values.contains_key(PUBLIC_KEYS) {
            // The private key and the set with its public half are made together.
            self.values.extend(KeyRing::first(Pair::generate()?).parameters());
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

/// A secret for a parameter; the payment gateway's in the forms that Stripe gives its own.
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
/// The operating system provides no random numbers.
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
    fn the_public_key_belongs_to_the_signing_key() {
        let secrets = Secrets::generate(&template()).unwrap();
        let public = SigningKey::public_half(secrets.get("JwtSigningKey").unwrap());
        let set: serde_json::Value = serde_json::from_str(secrets.get("JwtPublicKeys").unwrap()).unwrap();
        assert_eq!(set["keys"][0]["x"], public.unwrap());
        assert_eq!(STANDARD.decode(secrets.get("CursorKey").unwrap()).unwrap().len(), 32);
        assert!(secrets.get("PaymentGatewayKey").unwrap().starts_with("sk_test_"));
        assert!(!secrets.parameters(&template()).contains_key(WEBHOOK_SECRET));
    }

    #[test]
    fn a_function_gets_the_secret_and_not_its_name() {
        let secrets = Secrets::generate(&template()).unwrap();
        let deployment = template().resolve(&secrets.parameters(&template()), "http://localhost").unwrap();
        let environment = &deployment.function("api-x").unwrap().environment;
        assert_eq!(environment["CURSOR"], secrets.get("CursorKey").unwrap());
        assert_eq!(environment["GATEWAY"], secrets.get("PaymentGatewayKey").unwrap());
    }

    #[test]
    fn secrets_are_kept_in_a_file_that_only_the_owner_reads() {
        let path = std::env::temp_dir().join(format!("local-secrets-{}", crate::system::aws_ids::uuid()));
        let first = Secrets::load_or_generate(&path, &template()).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(Secrets::load_or_generate(&path, &template()).unwrap(), first);
        fs::write(&path, "oops").unwrap();
        assert!(matches!(Secrets::load_or_generate(&path, &template()), Err(SecretError::Damaged { .. })));
        fs::remove_file(&path).unwrap();
    }
}
