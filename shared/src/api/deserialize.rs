//! Deserialisation of domain types from requests. All invalid fields of a request are reported together, each
//! with its rule.

mod address;
mod integer;

use std::fmt::Display;
use std::str::FromStr;

use deserr::{DeserializeError, Deserr, ErrorKind, IntoValue, Value, ValuePointerRef, take_cf_content};

use crate::domain::job::job_type::JobType;
use crate::domain::job::output::chunk::Part;
use crate::domain::job::{JobStatus, Priority};
use crate::domain::ledger::reconciliation::discrepancy::DiscrepancyStatus;
use crate::domain::market::settings::shipping::{ShippingOptionId, ZoneCountries};
use crate::domain::market::settings::tax::TaxClass;
use crate::domain::order::OrderStatus;
use crate::domain::order::payment::PaymentMethod;
use crate::domain::product::ProductStatus;
use crate::domain::values::country::{Country, Region};
use crate::domain::values::date::Date;
use crate::domain::values::email::Email;
use crate::domain::values::id::{Id, Identified};
use crate::domain::values::money::tax::BasisPoints;
use crate::domain::values::money::{Amount, Currency, Money, Quantity};
use crate::domain::values::text::{Sku, Text};
use crate::kit::auth::password::Password;
use crate::kit::error::FieldErrors;
use crate::kit::http::list::paging::Limit;
use crate::kit::system::clock::Timestamp;
use crate::messaging::dead_letter::DeadLetterStatus;
use crate::messaging::event_catalogue::{EventSubject, EventType};
use crate::messaging::event_routing::Subscriber;
use integer::convert_integer;
pub use integer::{InitialStock, InitialStockError, QueryInteger, StockDelta, StockDeltaError};

/// Parses a string.
fn parse_text<T: FromStr, V: IntoValue>(value: Value<V>, location: ValuePointerRef) -> Result<T, FieldErrors>
where
    T::Err: Display,
{
    let text = String::deserialize_from_value(value, location)?;
    text.parse().map_err(|rule: T::Err| invalid(rule, location))
}

fn invalid(rule: impl Display, location: ValuePointerRef) -> FieldErrors {
    let msg = rule.to_string();
    take_cf_content(FieldErrors::error::<serde_json::Value>(None, ErrorKind::Unexpected { msg }, location))
}

/// Implements `Deserr` with one of the functions above.
macro_rules! deserialize_with {
    ($function:ident: $($type:ty),+) => {$(
        impl Deserr<FieldErrors> for $type {
            fn deserialize_from_value<V: IntoValue>(
                value: Value<V>,
                at: ValuePointerRef,
            ) -> Result<Self, FieldErrors> {
                $function(value, at)
            }
        }
    )+};
}

deserialize_with!(parse_text: Currency, Date, DeadLetterStatus, DiscrepancyStatus, Email, JobStatus, JobType);
deserialize_with!(parse_text: Limit, OrderStatus, Part, Password, PaymentMethod, Priority, Sku, Subscriber);
deserialize_with!(parse_text: Country, EventSubject, EventType, Region, ShippingOptionId, TaxClass, Timestamp);
deserialize_with!(parse_text: ProductStatus);
deserialize_with!(convert_integer: Amount, BasisPoints, Quantity, StockDelta, InitialStock);

impl<T: Identified> Deserr<FieldErrors> for Id<T> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        at: ValuePointerRef,
    ) -> Result<Self, FieldErrors> {
        parse_text(value, at)
    }
}

impl<const MAX: usize, const MULTILINE: bool> Deserr<FieldErrors> for Text<MAX, MULTILINE> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        at: ValuePointerRef,
    ) -> Result<Self, FieldErrors> {
        parse_text(value, at)
    }
}

#[derive(Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct MoneyFields {
    amount: Amount,
    currency: Currency,
}

impl Deserr<FieldErrors> for Money {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        at: ValuePointerRef,
    ) -> Result<Self, FieldErrors> {
        let MoneyFields { amount, currency } = MoneyFields::deserialize_from_value(value, at)?;
        Self::chargeable(amount, currency).map_err(|rule| invalid(rule, at.push_key("amount")))
    }
}

impl Deserr<FieldErrors> for ZoneCountries {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        at: ValuePointerRef,
    ) -> Result<Self, FieldErrors> {
        match value {
            Value::String(text) if text == "*" => Ok(Self::All),
            value @ Value::Sequence(_) => {
                let countries = Bounded::<Country, 1, MAX_COUNTRIES>::deserialize_from_value(value, at)?;
                Ok(Self::Some(countries.0))
            }
            _ => Err(invalid("must be an array of country codes, or *", at)),
        }
    }
}

/// Maximum number of countries in a zone: all that exist.
pub(crate) const MAX_COUNTRIES: usize = 249;

/// Field of a merge patch (RFC 7396) that cannot be removed: absent or a value, but not null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NonNull<T>(pub Option<T>);

impl<T> Default for NonNull<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Deserr<FieldErrors>> Deserr<FieldErrors> for NonNull<T> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        at: ValuePointerRef,
    ) -> Result<Self, FieldErrors> {
        match value {
            Value::Null => Err(invalid("must not be null", at)),
            value => T::deserialize_from_value(value, at).map(|value| Self(Some(value))),
        }
    }
}

/// Field of a merge patch (RFC 7396) that can be removed: absent, null or a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Absent: the value remains.
    #[default]
    Keep,
    /// Null: the value is removed.
    Clear,
    /// New value.
    Set(T),
}

impl<T> Patch<T> {
    /// Converts the change for a command: `None` keeps the value, `Some(None)` removes it.
    pub fn into_change(self) -> Option<Option<T>> {
        match self {
            Self::Keep => None,
            Self::Clear => Some(None),
            Self::Set(value) => Some(Some(value)),
        }
    }

    /// Applies the change to the current value.
    pub fn applied_to(self, current: Option<T>) -> Option<T> {
        match self {
            Self::Keep => current,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }
}

impl<T: Deserr<FieldErrors>> Deserr<FieldErrors> for Patch<T> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        at: ValuePointerRef,
    ) -> Result<Self, FieldErrors> {
        match value {
            Value::Null => Ok(Self::Clear),
            value => T::deserialize_from_value(value, at).map(Self::Set),
        }
    }
}

/// Array of `MIN` to `MAX` elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounded<T, const MIN: usize, const MAX: usize>(pub Vec<T>);

impl<T, const MAX: usize> Default for Bounded<T, 0, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Deserr<FieldErrors>, const MIN: usize, const MAX: usize> Deserr<FieldErrors>
    for Bounded<T, MIN, MAX>
{
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        at: ValuePointerRef,
    ) -> Result<Self, FieldErrors> {
        if let Value::Sequence(sequence) = &value
            && !(MIN..=MAX).contains(&deserr::Sequence::len(sequence))
        {
            return Err(invalid(format!("must have {MIN} to {MAX} elements"), at));
        }
        Vec::deserialize_from_value(value, at).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::product::Product;

    #[derive(Debug, Deserr)]
    #[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
    struct TestItem {
        #[expect(dead_code, reason = "only deserialised")]
        product_id: Id<Product>,
        #[expect(dead_code, reason = "only deserialised")]
        quantity: Quantity,
        #[expect(dead_code, reason = "only deserialised")]
        #[deserr(default)]
        expected_price: Option<Money>,
    }

    fn errors(value: serde_json::Value) -> FieldErrors {
        deserr::deserialize::<Bounded<TestItem, 1, 3>, _, FieldErrors>(value).unwrap_err()
    }

    fn quantity_errors(quantity: serde_json::Value) -> String {
        let value = json!([{ "productId": "prd_01J8Z3K5V0ABCDEFGHJKMNPQRS", "quantity": quantity }]);
        format!("{:?}", errors(value))
    }

    #[test]
    fn all_invalid_fields_are_reported_with_their_paths() {
        let reported = format!(
            "{:?}",
            errors(json!([
                { "productId": "ord_01J8Z3K5V0ABCDEFGHJKMNPQRS", "quantity": 0, "price": 1 },
                { "quantity": 1, "expectedPrice": { "amount": -1, "currency": "eur" } },
            ]))
        );
        for path in [
            "[0].productId",
            "[0].quantity",
            "[0].price",
            "[1].productId",
            "[1].expectedPrice.amount",
            "[1].expectedPrice.currency",
        ] {
            assert!(reported.contains(&format!("\"{path}\"")), "{path} in {reported}");
        }
    }

    #[derive(Debug, Deserr)]
    #[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
    struct TestPeriod {
        #[expect(dead_code, reason = "only deserialised")]
        #[deserr(default)]
        from: Option<Timestamp>,
    }

    #[test]
    fn invalid_rfc_3339_time_is_reported_with_field_and_rule() {
        let read = |from| deserr::deserialize::<TestPeriod, _, FieldErrors>(json!({ "from": from }));
        assert!(read("2025-01-02T03:04:05+23:59").is_ok());
        let rule = "must be an RFC 3339 time, like 2027-01-15T08:00:00.000Z";
        assert_eq!(read("2025-01-02T03:04:05+25:00").unwrap_err(), FieldErrors::new("from", rule));
    }

    #[test]
    fn quantity_must_be_an_integer_from_1_to_1000() {
        for invalid in [json!(-1), json!(0), json!(1001), json!(9_007_199_254_740_993_i64), json!(u64::MAX)] {
            assert!(quantity_errors(invalid.clone()).contains("from 1 to 1000"), "{invalid}");
        }
        for invalid in [json!(1.5), json!("1"), json!(true), json!([1])] {
            assert!(quantity_errors(invalid.clone()).contains("must be an integer"), "{invalid}");
        }
    }

    #[test]
    fn array_length_must_be_within_its_bounds() {
        assert_eq!(errors(json!([])), FieldErrors::new("body", "must have 1 to 3 elements"));
        assert_eq!(errors(json!({})), FieldErrors::new("body", "must be an array"));
    }
}
