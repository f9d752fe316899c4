//! Keys that sign access tokens, and the halves of them that are published.

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

/// An Ed25519 key as the functions read it: PKCS#8 in base64. It is not shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SigningKey(String);

impl SigningKey {
    /// The key, for the file that it goes into.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The public half of a key, as a key set has it in `x`; `None` if the text is no Ed25519 key.
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

/// The public half of a key, as a JSON Web Key (RFC 7517, RFC 8037).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    kty: String,
    crv: String,
    /// The key itself, in base64url.
    pub x: String,
    /// Its name.
    pub kid: String,
    alg: String,
    #[serde(rename = "use")]
    usage: String,
}

/// Published keys, as a JSON Web Key Set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySet {
    /// The keys.
    pub keys: Vec<PublicKey>,
}

impl KeySet {
    /// The set as text, as the functions read it.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::json!(self).to_string()
    }

    /// The name of the published half of a signing key.
    #[must_use]
    pub fn kid_of(&self, signing_key: &str) -> Option<String> {
        let public = SigningKey::public_half(signing_key)?;
        self.keys.iter().find(|key| key.x == public).map(|key| key.kid.clone())
    }
}

/// Both halves of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// What signs.
    pub signing: SigningKey,
    /// What verifies.
    pub public: PublicKey,
}

impl Pair {
    /// A new key under a new name.
    ///
    /// # Errors
    /// [`Unspecified`] if the operating system has no random numbers.
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
