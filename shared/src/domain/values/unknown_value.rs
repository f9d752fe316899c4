//! Error of a text that is not a value of an enum.

use std::fmt::Display;

use strum::VariantArray;

/// The text is not a value of the enum.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be one of {0}")]
pub struct UnknownValue(String);

impl UnknownValue {
    /// Error that lists the values of `T`, for `parse_err_fn` of [`strum::EnumString`].
    pub(crate) fn of<T: VariantArray + Display>(_: &str) -> Self {
        Self(T::VARIANTS.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
    }
}
