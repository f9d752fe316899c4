//! Cursors: positions in lists. They stay valid while items are added, and are bound to the list and the
//! caller.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::kit::auth::hmac_key::HmacKey;
use crate::kit::error::ApiError;
use crate::kit::error::error_code::ErrorCode;

/// Maximum length of a cursor, in bytes.
const MAX_CURSOR_LENGTH: usize = 1024;

/// Encodes and decodes cursors.
#[derive(Debug, Clone, Copy)]
pub struct CursorCodec<'a> {
    key: &'a HmacKey,
    list: &'a str,
    caller: &'a str,
}

impl<'a> CursorCodec<'a> {
    /// Codec for cursors of `list` for `caller`. The text `list` contains everything that selects and sorts
    /// the items.
    #[must_use]
    pub const fn new(key: &'a HmacKey, list: &'a str, caller: &'a str) -> Self {
        Self { key, list, caller }
    }

    /// Cursor of the page that begins after `position`.
    #[must_use]
    pub fn encode(&self, position: &str) -> String {
        let position = URL_SAFE_NO_PAD.encode(position);
        let digest = self.digest(&position);
        format!("{position}.{digest}")
    }

    /// Position after which the page of this cursor begins.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidCursor`] if the cursor was not issued for this list and this caller.
    pub fn decode(&self, cursor: &str) -> Result<String, ApiError> {
        self.position(cursor).ok_or_else(invalid)
    }

    fn position(&self, cursor: &str) -> Option<String> {
        let (position, digest) =
            Some(cursor).filter(|cursor| cursor.len() <= MAX_CURSOR_LENGTH)?.split_once('.')?;
        let parts = [self.list.as_bytes(), self.caller.as_bytes(), position.as_bytes()];
        if !self.key.verify("cursor", &parts, digest) {
            return None;
        }
        String::from_utf8(URL_SAFE_NO_PAD.decode(position).ok()?).ok()
    }

    fn digest(&self, position: &str) -> String {
        self.key.mac("cursor", &[self.list.as_bytes(), self.caller.as_bytes(), position.as_bytes()])
    }
}

fn invalid() -> ApiError {
    ApiError::new(ErrorCode::InvalidCursor, "the cursor is not valid for this list and this caller")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursor_is_valid_only_unchanged_for_its_list_and_caller() {
        let key = HmacKey::new(&[1; 32]);
        let codec = CursorCodec::new(&key, "orders", "usr_a");
        let cursor = codec.encode("mugs\u{0}ord_1");
        assert_eq!(codec.decode(&cursor).unwrap(), "mugs\u{0}ord_1");
        assert!(CursorCodec::new(&key, "orders", "usr_b").decode(&cursor).is_err());
        assert!(CursorCodec::new(&key, "markets", "usr_a").decode(&cursor).is_err());
        for index in 0..cursor.len() {
            let mut flipped = cursor.clone().into_bytes();
            flipped[index] ^= 1;
            let flipped = String::from_utf8_lossy(&flipped).into_owned();
            assert!(codec.decode(&flipped).is_err(), "byte {index}");
        }
        assert!(codec.decode(&"a".repeat(8_192)).is_err());
    }
}
