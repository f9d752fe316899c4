//! Capacity units of DynamoDB.

use std::{fmt, iter::Sum, ops::Add};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Field of a DynamoDB response that contains the consumed capacity.
const CONSUMED_CAPACITY: &[u8] = b"\"ConsumedCapacity\"";

/// Capacity units in steps of 0.5: an eventually consistent read costs 0.5.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CapacityUnits {
    from_half_units: u64,
}

impl CapacityUnits {
    /// Creates a value from a number of half units.
    #[must_use]
    pub const fn from_half_units(from_half_units: u64) -> Self {
        Self { from_half_units }
    }

    /// The value as a number of half units.
    #[must_use]
    pub const fn as_half_units(self) -> u64 {
        self.from_half_units
    }

    /// Consumed capacity that a response reports for one or several tables, if any.
    pub(super) fn consumed(response: &[u8]) -> Option<Self> {
        // Responses without the field are not worth parsing.
        response.windows(CONSUMED_CAPACITY.len()).any(|window| window == CONSUMED_CAPACITY).then_some(())?;
        let response: Value = serde_json::from_slice(response).ok()?;
        let capacity = &response["ConsumedCapacity"];
        let tables = capacity.as_array().map_or(std::slice::from_ref(capacity), Vec::as_slice);
        Some(tables.iter().filter_map(|table| Self::read(&table["CapacityUnits"])).sum())
    }

    /// Parses a number of units such as `2`, `2.0` or `0.5`.
    fn read(number: &Value) -> Option<Self> {
        let text = number.as_number()?.to_string();
        let (whole, part) = text.split_once('.').unwrap_or((&text, "0"));
        let half = u64::from(part.starts_with('5'));
        Some(Self { from_half_units: whole.parse::<u64>().ok()?.checked_mul(2)? + half })
    }
}

impl Add for CapacityUnits {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { from_half_units: self.from_half_units + other.from_half_units }
    }
}

impl Sum for CapacityUnits {
    fn sum<I: Iterator<Item = Self>>(units: I) -> Self {
        units.fold(Self::default(), Add::add)
    }
}

impl fmt::Display for CapacityUnits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let half = if self.from_half_units.is_multiple_of(2) { "" } else { ".5" };
        write!(f, "{}{half}", self.from_half_units / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consumed_capacity_is_summed_over_all_tables_of_a_response() {
        let consumed =
            |response: &str| CapacityUnits::consumed(response.as_bytes()).map(|units| units.to_string());
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
