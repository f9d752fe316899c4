//! Keys that sign access tokens, and their public halves.

use std::fmt;

use aws_lc_rs::{
    error::Unspecified,
    rand::{self, SystemRandom},
    signature::{Ed25519KeyPair, KeyPair as _},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde::{Deserialize, Serialize};

/// Private Ed25519 key in the format that the functions read: PKCS#8 in base64. `Debug` does not print it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SigningKey(String);

impl SigningKey {
    /// The key as text, to be written to a file.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Public half of a private key, as in the field `x` of a JSON Web Key. `None` if the text is not an
    /// Ed25519 key.
    #[must_use]
    pub fn public_half(text: &str) -> Option<String> {
        let pkcs8 = STANDARD.decode(text).ok()?;
        let pair = Ed25519KeyPair::from_pkcs8(&pkcs8).ok()?;
        Some(URL_SAFE_NO_PAD.encode(pair.public_key().as_ref()))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

/// Public half of a key, as a JSON Web Key (RFC 7517, RFC 8037).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    kty: String,
    crv: String,
    /// Public key in base64url.
    pub x: String,
    /// Key id.
    pub kid: String,
    alg: String,
    #[serde(rename = "use")]
    usage: String,
}

/// JSON Web Key Set of the published keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySet {
    /// The keys.
    pub keys: Vec<PublicKey>,
}

impl KeySet {
    /// The set as JSON text, as the functions read it.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::json!(self).to_string()
    }

    /// Id of the public half of a private key, if it is in the set.
    #[must_use]
    pub fn kid_of(&self, signing_key: &str) -> Option<String> {
        let public = SigningKey::public_half(signing_key)?;
        self.keys.iter().find(|key| key.x == public).map(|key| key.kid.clone())
    }
}

/// Private and public half of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPair {
    /// Private half.
    pub signing: SigningKey,
    /// Public half.
    pub public: PublicKey,
}

impl KeyPair {
    /// Generates a key with a random id.
    ///
    /// # Errors
    /// [`Unspecified`] if the operating system provides no random numbers.
    pub fn generate() -> Result<Self, Unspecified> {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())?;
        let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).map_err(|_| Unspecified)?;
        let mut id = [0; 8];
        rand::fill(&mut id)?;
        let public = PublicKey {
            kty: "OKP".to_owned(),
            crv: "Ed25519".to_owned(),
            x: URL_SAFE_NO_PAD.encode(pair.public_key().as_ref()),
            kid: URL_SAFE_NO_PAD.encode(id),
            alg: "EdDSA".to_owned(),
            usage: "sig".to_owned(),
        };
        Ok(Self { signing: SigningKey(STANDARD.encode(document.as_ref())), public })
    }
}
