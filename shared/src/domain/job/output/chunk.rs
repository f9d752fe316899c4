//! Chunks of a job's output and the parts in which they are returned.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::job::JobId;

/// Number of chunks in a part of a result. A chunk has at most 250 rows of less than 200 bytes each, so a
/// part is smaller than half of Lambda's 6 MB response limit.
pub const CHUNKS_PER_PART: u32 = 50;

/// Chunk of a job's output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// Text of the chunk.
    pub text: String,
}

/// Key of a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkKey {
    /// Id of the job.
    pub job: JobId,
    /// Number of the chunk, from 1.
    pub number: u32,
}

/// Number of a part of a result, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part(u32);

/// The text is not a part number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number of at least 1")]
pub struct PartError;

impl Part {
    /// First part.
    pub const FIRST: Self = Self(1);

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// Next part of a result of `chunks` chunks, if there is one.
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

/// Number of parts of a result of `chunks` chunks.
#[must_use]
pub const fn parts(chunks: u32) -> u32 {
    chunks.div_ceil(CHUNKS_PER_PART)
}

/// Keys of the chunks in `part` of a result of `chunks` chunks; empty if the result has no such part.
pub fn chunk_keys(job: JobId, part: Part, chunks: u32) -> impl Iterator<Item = ChunkKey> {
    let last = part.0.saturating_mul(CHUNKS_PER_PART);
    let before = (part.0 - 1).saturating_mul(CHUNKS_PER_PART);
    (before.saturating_add(1)..=last.min(chunks)).map(move |number| ChunkKey { job, number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn part_numbers_begin_at_1() {
        for (text, number) in [("", None), ("-1", None), ("0", None), ("1", Some(1)), ("2", Some(2))] {
            assert_eq!(text.parse().ok().map(Part::get), number, "{text}");
        }
    }

    #[test]
    fn parts_contain_each_chunk_once_in_order() {
        let job: JobId = "job_01J8Z3K5V0ABCDEFGHJKMNPQRS".parse().unwrap();
        for (chunks, count) in [(0, 0), (1, 1), (50, 1), (51, 2), (100, 2), (101, 3)] {
            assert_eq!(parts(chunks), count);
            let all = (1..=count).flat_map(|part| chunk_keys(job, Part(part), chunks)).map(|key| key.number);
            assert!(all.eq(1..=chunks), "{chunks}");
            assert_eq!(chunk_keys(job, Part(count + 1), chunks).count(), 0);
            let followed = std::iter::successors(Some(Part::FIRST), |part| part.next(chunks));
            assert_eq!(followed.count(), usize::try_from(count.max(1)).unwrap());
        }
        assert_eq!(chunk_keys(job, Part(u32::MAX), 7).count(), 0);
    }
}
