//! All that is wrong with a request's fields, at once.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;

use deserr::{DeserializeError, ErrorKind, IntoValue, MergeWithError, ValueKind, ValuePointerRef};

use crate::kit::error::ApiError;

/// Which fields break which rules, by their paths, like `items[0].quantity`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct FieldErrors(BTreeMap<String, String>);

impl FieldErrors {
    /// One field that breaks a rule.
    pub fn one(path: impl Into<String>, rule: impl ToString) -> Self {
        Self(BTreeMap::from([(path.into(), rule.to_string())]))
    }

    /// These and those.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        for (path, rule) in other.0 {
            self.0.entry(path).or_insert(rule);
        }
        self
    }
}

/// Both of two readings; otherwise all that is wrong with either.
///
/// # Errors
/// [`FieldErrors`] of the one, the other, or both.
pub fn combine<A, B>(a: Result<A, FieldErrors>, b: Result<B, FieldErrors>) -> Result<(A, B), FieldErrors> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (Err(a), Err(b)) => Err(a.and(b)),
        (Err(errors), Ok(_)) | (Ok(_), Err(errors)) => Err(errors),
    }
}

impl From<FieldErrors> for ApiError {
    fn from(errors: FieldErrors) -> Self {
        Self::validation(errors.0)
    }
}

impl DeserializeError for FieldErrors {
    fn error<V: IntoValue>(
        known: Option<Self>,
        error: ErrorKind<V>,
        location: ValuePointerRef,
    ) -> ControlFlow<Self, Self> {
        let found = match error {
            ErrorKind::MissingField { field } => Self::one(below(location, field), "is required"),
            ErrorKind::UnknownKey { key, .. } => Self::one(below(location, key), "is not a known field"),
            ErrorKind::IncorrectValueKind { accepted, .. } => Self::one(named(location), Kinds(accepted)),
            ErrorKind::UnknownValue { accepted, .. } => {
                Self::one(named(location), format!("must be one of {}", accepted.join(", ")))
            }
            ErrorKind::BadSequenceLen { expected, .. } => {
                Self::one(named(location), format!("must have {expected} elements"))
            }
            ErrorKind::Unexpected { msg } => Self::one(named(location), msg),
        };
        ControlFlow::Continue(known.unwrap_or_default().and(found))
    }
}

impl MergeWithError<FieldErrors> for FieldErrors {
    fn merge(known: Option<Self>, other: Self, _: ValuePointerRef) -> ControlFlow<Self, Self> {
        ControlFlow::Continue(known.unwrap_or_default().and(other))
    }
}

/// The rules of the domain's own types, in their own words.
impl<E: std::error::Error> MergeWithError<E> for FieldErrors {
    fn merge(known: Option<Self>, rule: E, location: ValuePointerRef) -> ControlFlow<Self, Self> {
        ControlFlow::Continue(known.unwrap_or_default().and(Self::one(named(location), rule)))
    }
}

/// The path of a field; `body` for the whole.
fn named(location: ValuePointerRef) -> String {
    let path = path(location);
    if path.is_empty() { "body".to_owned() } else { path }
}

fn path(location: ValuePointerRef) -> String {
    match location {
        ValuePointerRef::Origin => String::new(),
        ValuePointerRef::Key { key, prev } => below(*prev, key),
        ValuePointerRef::Index { index, prev } => format!("{}[{index}]", path(*prev)),
    }
}

fn below(location: ValuePointerRef, field: &str) -> String {
    let above = path(location);
    if above.is_empty() { field.to_owned() } else { format!("{above}.{field}") }
}

/// The kinds of JSON value that a field may have, in words.
struct Kinds<'a>(&'a [ValueKind]);

impl fmt::Display for Kinds<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words: Vec<&str> = self
            .0
            .iter()
            .map(|kind| match kind {
                ValueKind::Null => "null",
                ValueKind::Boolean => "true or false",
                ValueKind::Integer | ValueKind::NegativeInteger => "an integer",
                ValueKind::Float => "a number",
                ValueKind::String => "a string",
                ValueKind::Sequence => "an array",
                ValueKind::Map => "an object",
            })
            .collect();
        words.dedup();
        write!(f, "must be {}", words.join(" or "))
    }
}
