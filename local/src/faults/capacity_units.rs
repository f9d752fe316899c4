//! Capacity units: what DynamoDB counts reads and writes in.

use std::{fmt, iter::Sum, ops::Add};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What an answer of DynamoDB calls them.
const MARK: &[u8] = b"\"ConsumedCapacity\"";

/// Capacity units, counted in halves: the least that a read takes is one half.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Units {
    halves: u64,
}

impl Units {
    /// So many halves of a unit.
    #[must_use]
    pub const fn halves(halves: u64) -> Self {
        Self { halves }
    }

    /// How many halves of a unit.
    #[must_use]
    pub const fn in_halves(self) -> u64 {
        self.halves
    }

    /// What an answer says that it took, if it does: one table, or a list of them.
    pub(super) fn consumed(answer: &[u8]) -> Option<Self> {
        // Most answers of other services are not worth reading.
        answer.windows(MARK.len()).any(|window| window == MARK).then_some(())?;
        let answer: Value = serde_json::from_slice(answer).ok()?;
        let said = &answer["ConsumedCapacity"];
        let tables = said.as_array().map_or(std::slice::from_ref(said), Vec::as_slice);
        Some(tables.iter().filter_map(|table| Self::read(&table["CapacityUnits"])).sum())
    }

    /// A number of units as it is written: `2`, `2.0`, `0.5`.
    fn read(number: &Value) -> Option<Self> {
        let text = number.as_number()?.to_string();
        let (whole, part) = text.split_once('.').unwrap_or((&text, "0"));
        let half = u64::from(part.starts_with('5'));
        Some(Self { halves: whole.parse::<u64>().ok()?.checked_mul(2)? + half })
    }
}

impl Add for Units {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { halves: self.halves + other.halves }
    }
}

impl Sum for Units {
    fn sum<I: Iterator<Item = Self>>(units: I) -> Self {
        units.fold(Self::default(), Add::add)
    }
}

impl fmt::Display for Units {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let half = if self.halves.is_multiple_of(2) { "" } else { ".5" };
        write!(f, "{}{half}", self.halves / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_answer_took_is_read_for_one_table_and_for_several() {
        let consumed = |answer: &str| Units::consumed(answer.as_bytes()).map(|units| units.to_string());
        assert_eq!(
            consumed(r#"{"Items":[],"ConsumedCapacity":{"CapacityUnits":2.5}}"#).as_deref(),
            Some("2.5")
        );
        let two = r#"{"ConsumedCapacity":[{"CapacityUnits":0.5},{"CapacityUnits":12}]}"#;
        assert_eq!(consumed(two).as_deref(), Some("12.5"));
        assert_eq!(consumed(r#"{"Item":{}}"#), None);
        assert_eq!(consumed("ConsumedCapacity"), None);
    }
}
