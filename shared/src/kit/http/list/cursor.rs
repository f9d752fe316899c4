//! Cursors: places in lists, stable while items are added, bound to the list and to the caller.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::kit::auth::hmac_key::HmacKey;
use crate::kit::error::ApiError;
use crate::kit::error::error_code::ErrorCode;

/// The longest text that can be a cursor.
const MAX_CURSOR: usize = 1024;

/// Makes and reads cursors.
#[derive(Debug, Clone, Copy)]
pub struct CursorCodec<'a> {
    encode: &'a HmacKey,
    list: &'a str,
    caller: &'a str,
}

impl<'a> CursorCodec<'a> {
    /// Cursors of `list`, which includes all that selects and orders its items, for `caller`.
    #[must_use]
    pub const fn new(encode: &'a HmacKey, list: &'a str, caller: &'a str) -> Self {
        Self { encode, list, caller }
    }

    /// The cursor of the page that begins behind `place`.
    #[must_use]
    pub fn encode(&self, place: &str) -> String {
        let place = URL_SAFE_NO_PAD.encode(place);
        let digest = self.digest(&place);
        format!("{place}.{digest}")
    }

    /// The place behind which the page of this cursor begins.
    ///
    /// # Errors
    /// [`Code::InvalidCursor`] unless it was made here, for this list and this caller.
    pub fn decode(&self, cursor: &str) -> Result<String, ApiError> {
        self.place(cursor).ok_or_else(invalid)
    }

    fn place(&self, cursor: &str) -> Option<String> {
        let (place, digest) = Some(cursor).filter(|cursor| cursor.len() <= MAX_CURSOR)?.split_once('.')?;
        let parts = [self.list.as_bytes(), self.caller.as_bytes(), place.as_bytes()];
        if !self.encode.verify("cursor", &parts, digest) {
            return None;
        }
        String::from_utf8(URL_SAFE_NO_PAD.decode(place).ok()?).ok()
    }

    fn digest(&self, place: &str) -> String {
        self.encode.mac("cursor", &[self.list.as_bytes(), self.caller.as_bytes(), place.as_bytes()])
    }
}

fn invalid() -> ApiError {
    ApiError::new(ErrorCode::InvalidCursor, "the cursor does not belong to this list and this caller")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_only_for_its_list_and_caller_and_unchanged() {
        let seal = HmacKey::new(&[1; 32]);
        let mine = CursorCodec::new(&seal, "orders", "usr_a");
        let cursor = mine.encode("mugs\u{0}ord_1");
        assert_eq!(mine.decode(&cursor).unwrap(), "mugs\u{0}ord_1");
        assert!(CursorCodec::new(&seal, "orders", "usr_b").decode(&cursor).is_err());
        assert!(CursorCodec::new(&seal, "markets", "usr_a").decode(&cursor).is_err());
        for at in 0..cursor.len() {
            let mut flipped = cursor.clone().into_bytes();
            flipped[at] ^= 1;
            let flipped = String::from_utf8_lossy(&flipped).into_owned();
            assert!(mine.decode(&flipped).is_err(), "byte {at}");
        }
        assert!(mine.decode(&"a".repeat(8_192)).is_err());
    }
}
