//! What jobs write, chunk by chunk.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::job::JobId;

/// How many chunks are read together, as a part of a result. A chunk has 250 rows at most and a row less than 200 bytes, so
/// that a part stays below half of the 6 MB that Lambda answers with.
pub const CHUNKS_PER_PART: u32 = 50;

/// A piece of a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// The piece.
    pub text: String,
}

/// Which piece of which result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkKey {
    /// Whose.
    pub job: JobId,
    /// Which, from 1.
    pub number: u32,
}

/// Which part of a result, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part(u32);

/// Text that is the number of no part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 on")]
pub struct PartError;

impl Part {
    /// The first.
    pub const FIRST: Self = Self(1);

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The part after this one, if there is one in a result of so many chunks.
    #[must_use]
    pub fn next(self, chunks: u32) -> Option<Self> {
        (self.0 < parts(chunks)).then_some(Self(self.0 + 1))
    }
}

impl FromStr for Part {
    type Err = PartError;

    fn from_str(text: &str) -> Result<Self, PartError> {
        text.parse().ok().filter(|number| *number > 0).map(Self).ok_or(PartError)
    }
}

/// How many parts a result of so many chunks has.
#[must_use]
pub const fn parts(chunks: u32) -> u32 {
    chunks.div_ceil(CHUNKS_PER_PART)
}

/// The chunks of a part of a result of so many; none, if it has no such part.
pub fn places(job: JobId, part: Part, chunks: u32) -> impl Iterator<Item = ChunkKey> {
    let last = part.0.saturating_mul(CHUNKS_PER_PART);
    let before = (part.0 - 1).saturating_mul(CHUNKS_PER_PART);
    (before.saturating_add(1)..=last.min(chunks)).map(move |number| ChunkKey { job, number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_hold_each_chunk_once_in_their_order() {
        let job: JobId = "job_01J8Z3K5V0ABCDEFGHJKMNPQRS".parse().unwrap();
        for (chunks, count) in [(0, 0), (1, 1), (50, 1), (51, 2), (100, 2), (101, 3)] {
            assert_eq!(parts(chunks), count);
            let all = (1..=count).flat_map(|part| places(job, Part(part), chunks)).map(|place| place.number);
            assert!(all.eq(1..=chunks), "{chunks}");
            assert_eq!(places(job, Part(count + 1), chunks).count(), 0);
            let followed = std::iter::successors(Some(Part::FIRST), |part| part.next(chunks));
            assert_eq!(followed.count(), usize::try_from(count.max(1)).unwrap());
        }
        assert_eq!(places(job, Part(u32::MAX), 7).count(), 0);
    }
}
