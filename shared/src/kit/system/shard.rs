//! Distribution of texts over shards.

use std::hash::Hasher as _;

use fnv::FnvHasher;

/// Assigns a text to one of `shards`, evenly. The number is stored: it must be the same in every release
/// (64-bit FNV-1a).
#[must_use]
pub fn shard_of(text: &str, shards: u32) -> u32 {
    let mut hasher = FnvHasher::default();
    hasher.write(text.as_bytes());
    u32::try_from(hasher.finish() % u64::from(shards)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shard_sizes_differ_by_at_most_ten_percent() {
        let mut counts = [0_i32; 16];
        for n in 0..16_000 {
            counts[shard_of(&format!("ord_{n:026}"), 16) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (900..=1_100).contains(count)), "{counts:?}");
    }
}
