//! Pages of lists, by cursor: stable while items are added, bound to the list and to the caller.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::code::Code;
use super::error::ApiError;
use super::seal::Seal;
use crate::command::Key;
use crate::dynamodb::query::Position;

/// How many items a page has unless the caller says otherwise.
pub const DEFAULT_LIMIT: u32 = 20;
/// How many items a page has at most.
pub const MAX_LIMIT: u32 = 100;
/// The longest text that can be a cursor.
const MAX_CURSOR: usize = 1024;

/// Which page of a list is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// How many items at most.
    pub limit: Option<Limit>,
    /// Where an earlier page ended.
    pub cursor: Option<String>,
}

impl PageRequest {
    /// How many items at most.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.limit.map_or(DEFAULT_LIMIT, |limit| limit.0)
    }
}

/// A number of items from 1 to [`MAX_LIMIT`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(u32);

/// A number that is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an integer from 1 to {MAX_LIMIT}")]
pub struct LimitError;

impl std::str::FromStr for Limit {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, LimitError> {
        text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit)).map(Self).ok_or(LimitError)
    }
}

/// Makes and reads cursors.
#[derive(Debug, Clone, Copy)]
pub struct Cursors<'a> {
    seal: &'a Seal,
    list: &'a str,
    caller: &'a str,
}

impl<'a> Cursors<'a> {
    /// Cursors of `list`, which includes all that selects and orders its items, for `caller`.
    #[must_use]
    pub const fn new(seal: &'a Seal, list: &'a str, caller: &'a str) -> Self {
        Self { seal, list, caller }
    }

    /// The cursor of the page that begins after `position`.
    #[must_use]
    pub fn seal(&self, position: &Position) -> String {
        let sort = position.index_sort.as_deref().unwrap_or_default();
        let place = URL_SAFE_NO_PAD.encode(format!("{}\n{}\n{sort}", position.key.pk, position.key.sk));
        let digest = self.digest(&place);
        format!("{place}.{digest}")
    }

    /// Where the page of this cursor begins.
    ///
    /// # Errors
    /// [`Code::InvalidCursor`] unless it was made here, for this list and this caller.
    pub fn open(&self, cursor: Option<&str>) -> Result<Option<Position>, ApiError> {
        cursor.map(|cursor| self.position(cursor).ok_or_else(invalid)).transpose()
    }

    fn position(&self, cursor: &str) -> Option<Position> {
        let (place, digest) = Some(cursor).filter(|cursor| cursor.len() <= MAX_CURSOR)?.split_once('.')?;
        let parts = [self.list.as_bytes(), self.caller.as_bytes(), place.as_bytes()];
        if !self.seal.verifies("cursor", &parts, digest) {
            return None;
        }
        let place = String::from_utf8(URL_SAFE_NO_PAD.decode(place).ok()?).ok()?;
        let mut parts = place.splitn(3, '\n').map(str::to_owned);
        let key = Key { pk: parts.next()?, sk: parts.next()? };
        let index_sort = parts.next().filter(|sort| !sort.is_empty());
        Some(Position { key, index_sort })
    }

    fn digest(&self, place: &str) -> String {
        self.seal.digest("cursor", &[self.list.as_bytes(), self.caller.as_bytes(), place.as_bytes()])
    }
}

fn invalid() -> ApiError {
    ApiError::new(Code::InvalidCursor, "the cursor does not belong to this list and this caller")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_only_for_its_list_and_caller_and_unchanged() {
        let seal = Seal::new(&[1; 32]);
        let mine = Cursors::new(&seal, "orders", "usr_a");
        let key = Key { pk: "order#1".to_owned(), sk: "order".to_owned() };
        let position = Position { key, index_sort: Some("ord_1".to_owned()) };
        let cursor = mine.seal(&position);
        assert_eq!(mine.open(Some(&cursor)).unwrap(), Some(position));
        assert!(Cursors::new(&seal, "orders", "usr_b").open(Some(&cursor)).is_err());
        assert!(Cursors::new(&seal, "markets", "usr_a").open(Some(&cursor)).is_err());
        for at in 0..cursor.len() {
            let mut flipped = cursor.clone().into_bytes();
            flipped[at] ^= 1;
            let flipped = String::from_utf8_lossy(&flipped).into_owned();
            assert!(mine.open(Some(&flipped)).is_err(), "byte {at}");
        }
        assert!(mine.open(Some(&"a".repeat(8_192))).is_err());
    }
}
