//! Keys that sign access tokens, and the other secrets of a stack.
//!
//! [`rotation`] is the state machine of a key rotation, without I/O. [`store`] keeps its state in files, and
//! [`commands`] implements the commands of operators.

pub mod aws_secrets;
pub mod commands;
mod key_pair;
pub mod local_secrets;
pub mod rotation;
pub mod store;

pub use key_pair::{KeyPair, KeySet, PublicKey, SigningKey};

/// Template parameter that names the private key that signs access tokens.
pub const SIGNING_KEY: &str = "JwtSigningKey";

/// Template parameter with the public halves of all keys whose tokens are accepted.
pub const PUBLIC_KEYS: &str = "JwtPublicKeys";
