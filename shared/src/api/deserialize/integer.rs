//! Integers in requests.

use std::borrow::Cow;
use std::fmt::Display;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::invalid;
use crate::domain::product::create::MAX_UNITS;
use crate::kit::error::FieldErrors;

/// Converts an integer.
pub(super) fn convert_integer<T: TryFrom<i64>, V: IntoValue>(
    value: Value<V>,
    location: ValuePointerRef,
) -> Result<T, FieldErrors>
where
    T::Error: Display,
{
    let integer = match value {
        Value::Integer(integer) => i64::try_from(integer).unwrap_or(i64::MAX),
        Value::NegativeInteger(integer) => integer,
        other => i64::deserialize_from_value(other, location)?,
    };
    T::try_from(integer).map_err(|rule| invalid(rule, location))
}

/// Number of units in stock of a new product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InitialStock(pub i64);

/// The number is not a valid initial stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an integer from 0 to {MAX_UNITS}")]
pub struct InitialStockError;

impl TryFrom<i64> for InitialStock {
    type Error = InitialStockError;

    fn try_from(units: i64) -> Result<Self, InitialStockError> {
        if (0..=MAX_UNITS).contains(&units) { Ok(Self(units)) } else { Err(InitialStockError) }
    }
}

/// Number of units to add to a stock, or to remove if negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StockDelta(pub i64);

/// The number is not a valid stock adjustment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an integer from -{MAX_UNITS} to {MAX_UNITS}, and not 0")]
pub struct StockDeltaError;

impl TryFrom<i64> for StockDelta {
    type Error = StockDeltaError;

    fn try_from(units: i64) -> Result<Self, StockDeltaError> {
        if units != 0 && (-MAX_UNITS..=MAX_UNITS).contains(&units) {
            Ok(Self(units))
        } else {
            Err(StockDeltaError)
        }
    }
}

/// Integer in a query string, where every value is a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryInteger<T>(pub T);

impl<T: TryFrom<i64, Error: Display>> Deserr<FieldErrors> for QueryInteger<T> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        at: ValuePointerRef,
    ) -> Result<Self, FieldErrors> {
        let text = String::deserialize_from_value(value, at)?;
        // A text that is not an integer breaks the same rule as one that is out of bounds.
        let integer = text.parse().unwrap_or(i64::MIN);
        T::try_from(integer).map(Self).map_err(|rule| invalid(rule, at))
    }
}

impl<T: JsonSchema> JsonSchema for QueryInteger<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::values::money::Amount;

    #[derive(Debug, Deserr)]
    #[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
    struct TestQuery {
        #[deserr(default)]
        min_price: Option<QueryInteger<Amount>>,
    }

    fn read(text: &str) -> Result<Option<i64>, FieldErrors> {
        let query: TestQuery = deserr::deserialize(json!({ "minPrice": text }))?;
        Ok(query.min_price.map(|QueryInteger(amount)| amount.get()))
    }

    #[test]
    fn integer_in_a_query_is_read_or_reported_with_its_rule() {
        assert_eq!(read("0"), Ok(Some(0)));
        assert_eq!(read("999999999999"), Ok(Some(999_999_999_999)));
        let rule = "must be an integer of minor units from 0 to 999999999999";
        for text in ["", "-1", "1.5", "ten", "1000000000000", "99999999999999999999", " 1", "1e3"] {
            assert_eq!(read(text), Err(FieldErrors::new("minPrice", rule)), "{text}");
        }
    }
}
