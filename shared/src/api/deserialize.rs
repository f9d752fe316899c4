//! How the domain's own types are read from requests: each states its rule, and all broken rules are reported at
//! once.

use std::fmt::Display;
use std::str::FromStr;

use deserr::{DeserializeError, Deserr, ErrorKind, IntoValue, Value, ValuePointerRef, take_cf_content};

use crate::domain::job::job_type::JobType;
use crate::domain::job::output::chunk::Part;
use crate::domain::job::{JobStatus, Priority};
use crate::domain::order::OrderStatus;
use crate::domain::payment::PaymentMethod;
use crate::domain::reconciliation::discrepancy::DiscrepancyStatus;
use crate::domain::values::date::Date;
use crate::domain::values::email::Email;
use crate::domain::values::id::{Id, Identified};
use crate::domain::values::money::{Amount, Currency, Money, Quantity};
use crate::domain::values::text::{Sku, Text};
use crate::kit::auth::password::Password;
use crate::kit::error::FieldErrors;
use crate::kit::http::list::paging::Limit;
use crate::kit::system::clock::Timestamp;
use crate::messaging::dead_letter::DeadLetterStatus;
use crate::messaging::event_routing::Subscriber;

/// Reads text as what it stands for.
fn from_text<T: FromStr, V: IntoValue>(value: Value<V>, location: ValuePointerRef) -> Result<T, FieldErrors>
where
    T::Err: Display,
{
    let text = String::deserialize_from_value(value, location)?;
    text.parse().map_err(|rule: T::Err| broken(rule, location))
}

/// Reads an integer as what it stands for.
fn from_integer<T: TryFrom<i64>, V: IntoValue>(
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
    T::try_from(integer).map_err(|rule| broken(rule, location))
}

fn broken(rule: impl Display, location: ValuePointerRef) -> FieldErrors {
    let msg = rule.to_string();
    take_cf_content(FieldErrors::error::<serde_json::Value>(None, ErrorKind::Unexpected { msg }, location))
}

macro_rules! read_from {
    ($how:ident: $($type:ty),+) => {$(
        impl Deserr<FieldErrors> for $type {
            fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, FieldErrors> {
                $how(value, at)
            }
        }
    )+};
}

read_from!(from_text: Currency, Date, DeadLetterStatus, DiscrepancyStatus, Email, JobStatus, JobType, Limit, OrderStatus);
read_from!(from_text: Part, Password, PaymentMethod, Priority, Sku, Subscriber, Timestamp);
read_from!(from_integer: Amount, Quantity, StockDelta, InitialStock);

impl<T: Identified> Deserr<FieldErrors> for Id<T> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        at: ValuePointerRef,
    ) -> Result<Self, FieldErrors> {
        from_text(value, at)
    }
}

impl<const MAX: usize> Deserr<FieldErrors> for Text<MAX> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        at: ValuePointerRef,
    ) -> Result<Self, FieldErrors> {
        from_text(value, at)
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
        MoneyFields::deserialize_from_value(value, at)
            .map(|MoneyFields { amount, currency }| Self::new(amount, currency))
    }
}

/// How many pieces a stock can hold or move at once.
const MAX_UNITS: i64 = crate::domain::product::create::MAX_UNITS;

/// A number of pieces that a stock begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InitialStock(pub i64);

/// A number that no stock can begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an integer from 0 to {MAX_UNITS}")]
pub struct OpeningStockError;

impl TryFrom<i64> for InitialStock {
    type Error = OpeningStockError;

    fn try_from(pieces: i64) -> Result<Self, OpeningStockError> {
        if (0..=MAX_UNITS).contains(&pieces) { Ok(Self(pieces)) } else { Err(OpeningStockError) }
    }
}

/// A number of pieces that come to a stock, or leave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StockDelta(pub i64);

/// A number of pieces that cannot come or leave at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an integer from -{MAX_UNITS} to {MAX_UNITS}, and not 0")]
pub struct PiecesError;

impl TryFrom<i64> for StockDelta {
    type Error = PiecesError;

    fn try_from(pieces: i64) -> Result<Self, PiecesError> {
        if pieces != 0 && (-MAX_UNITS..=MAX_UNITS).contains(&pieces) {
            Ok(Self(pieces))
        } else {
            Err(PiecesError)
        }
    }
}

/// A field of a merge patch that cannot be taken away (RFC 7396): given or not, but not null.
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
            Value::Null => Err(broken("must not be null", at)),
            value => T::deserialize_from_value(value, at).map(|given| Self(Some(given))),
        }
    }
}

/// A field of a merge patch that can be taken away (RFC 7396): not mentioned, null, or given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It goes.
    Clear,
    /// It becomes this.
    Set(T),
}

impl<T> Patch<T> {
    /// The change as commands have it: `None` leaves it, the inner `None` takes it away.
    pub fn into_change(self) -> Option<Option<T>> {
        match self {
            Self::Keep => None,
            Self::Clear => Some(None),
            Self::Set(given) => Some(Some(given)),
        }
    }

    /// What becomes of `present`.
    pub fn applied_to(self, present: Option<T>) -> Option<T> {
        match self {
            Self::Keep => present,
            Self::Clear => None,
            Self::Set(given) => Some(given),
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

/// A list of `MIN` to `MAX` elements.
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
            return Err(broken(format!("must have {MIN} to {MAX} elements"), at));
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
    struct Wish {
        #[expect(dead_code, reason = "read for its rules")]
        product_id: Id<Product>,
        #[expect(dead_code, reason = "read for its rules")]
        quantity: Quantity,
        #[expect(dead_code, reason = "read for its rules")]
        #[deserr(default)]
        expected_price: Option<Money>,
    }

    fn errors(value: serde_json::Value) -> FieldErrors {
        deserr::deserialize::<Bounded<Wish, 1, 3>, _, FieldErrors>(value).unwrap_err()
    }

    fn rule_of(quantity: serde_json::Value) -> String {
        let value = json!([{ "productId": "prd_01J8Z3K5V0ABCDEFGHJKMNPQRS", "quantity": quantity }]);
        format!("{:?}", errors(value))
    }

    #[test]
    fn every_failing_field_is_reported_at_once_by_its_path() {
        let found = format!(
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
            assert!(found.contains(&format!("\"{path}\"")), "{path} in {found}");
        }
    }

    #[test]
    fn a_quantity_is_an_integer_from_1_to_1000() {
        for bad in [json!(-1), json!(0), json!(1001), json!(9_007_199_254_740_993_i64), json!(u64::MAX)] {
            assert!(rule_of(bad.clone()).contains("from 1 to 1000"), "{bad}");
        }
        for bad in [json!(1.5), json!("1"), json!(true), json!([1])] {
            assert!(rule_of(bad.clone()).contains("must be an integer"), "{bad}");
        }
    }

    #[test]
    fn a_list_keeps_to_its_bounds() {
        assert_eq!(errors(json!([])), FieldErrors::one("body", "must have 1 to 3 elements"));
        assert_eq!(errors(json!({})), FieldErrors::one("body", "must be an array"));
    }
}
