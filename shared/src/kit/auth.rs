//! Credentials: passwords, access tokens, refresh tokens.

pub mod access_token;
pub mod hmac_key;
pub mod password;
pub mod refresh_token;
