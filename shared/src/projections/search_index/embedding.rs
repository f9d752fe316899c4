//! Embeddings: the meaning of a text as the direction of a vector.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Number of components of an embedding.
pub const DIMENSIONS: usize = 256;

/// Vector with each component quantised to a byte. Only its direction is significant. Stored as
/// [`DIMENSIONS`] bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Embedding(Box<[i8; DIMENSIONS]>);

/// Similarity of two texts, from 0 (nothing in common) to 10,000 (same direction).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Similarity(u32);

impl Similarity {
    /// Maximum similarity.
    pub const MAX: u32 = 10_000;

    /// The similarity as a number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl Embedding {
    /// Quantises `components`, scaled so that the greatest absolute value becomes 127.
    #[must_use]
    pub fn quantised(components: &[i64; DIMENSIONS]) -> Self {
        let greatest = components.iter().map(|component| component.unsigned_abs()).max().unwrap_or(0).max(1);
        let scale = |component: i64| {
            let scaled = i128::from(component) * i128::from(i8::MAX) / i128::from(greatest);
            i8::try_from(scaled).unwrap_or_default()
        };
        Self(Box::new(components.map(scale)))
    }

    /// Cosine of the angle between the two vectors; 0 if it is negative.
    #[must_use]
    pub fn similarity(&self, other: &Self) -> Similarity {
        let cosine = dot(self, other).max(0).unsigned_abs() * u64::from(Similarity::MAX);
        let lengths = dot(self, self).unsigned_abs() * dot(other, other).unsigned_abs();
        let similarity = cosine.checked_div(lengths.isqrt()).unwrap_or_default();
        Similarity(u32::try_from(similarity).unwrap_or(Similarity::MAX).min(Similarity::MAX))
    }

    fn bytes(&self) -> [u8; DIMENSIONS] {
        self.0.map(i8::cast_unsigned)
    }
}

fn dot(one: &Embedding, other: &Embedding) -> i64 {
    one.0.iter().zip(other.0.iter()).map(|(a, b)| i64::from(*a) * i64::from(*b)).sum()
}

impl fmt::Debug for Embedding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Embedding")
    }
}

impl Serialize for Embedding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.bytes())
    }
}

impl<'de> Deserialize<'de> for Embedding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(Bytes)
    }
}

/// Visitor that accepts exactly the bytes of an embedding.
struct Bytes;

impl Visitor<'_> for Bytes {
    type Value = Embedding;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{DIMENSIONS} bytes")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Embedding, E> {
        let components: [u8; DIMENSIONS] =
            bytes.try_into().map_err(|_| E::invalid_length(bytes.len(), &self))?;
        Ok(Embedding(Box::new(components.map(u8::cast_signed))))
    }

    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Embedding, E> {
        self.visit_bytes(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn along(axes: &[(usize, i64)]) -> Embedding {
        let mut components = [0; DIMENSIONS];
        for (axis, length) in axes {
            components[*axis] = *length;
        }
        Embedding::quantised(&components)
    }

    #[test]
    fn similarity_depends_only_on_the_direction() {
        let diagonal = along(&[(0, 5), (1, 5)]);
        assert_eq!(diagonal.similarity(&along(&[(0, 900_000), (1, 900_000)])).get(), Similarity::MAX);
        assert_eq!(diagonal.similarity(&along(&[(0, 3)])).get(), 7_071);
        assert_eq!(diagonal.similarity(&along(&[(2, 3)])).get(), 0);
        assert_eq!(diagonal.similarity(&along(&[(0, -3)])).get(), 0);
        assert_eq!(diagonal.similarity(&along(&[])).get(), 0);
    }

    #[test]
    fn only_stored_embeddings_can_be_read() {
        let stored: serde_dynamo::AttributeValue =
            serde_dynamo::to_attribute_value(along(&[(7, -1)])).unwrap();
        let serde_dynamo::AttributeValue::B(bytes) = &stored else { panic!("not bytes: {stored:?}") };
        assert_eq!(bytes.len(), DIMENSIONS);
        assert_eq!(serde_dynamo::from_attribute_value::<_, Embedding>(stored).unwrap(), along(&[(7, -1)]));
        let short = serde_dynamo::AttributeValue::B(vec![1; 3]);
        assert!(serde_dynamo::from_attribute_value::<_, Embedding>(short).is_err());
    }
}
