//! Validation errors of all fields of a request, reported together.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;

use deserr::{DeserializeError, ErrorKind, IntoValue, MergeWithError, ValueKind, ValuePointerRef};

use crate::kit::error::ApiError;

/// Invalid fields by path (such as `items[0].quantity`), each with the rule that it breaks.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct FieldErrors(BTreeMap<String, String>);

impl FieldErrors {
    /// Error of a single field.
    pub fn new(path: impl Into<String>, rule: impl ToString) -> Self {
        Self(BTreeMap::from([(path.into(), rule.to_string())]))
    }

    /// Merges two sets of errors. If both contain a path, the rule of `self` is kept.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        for (path, rule) in other.0 {
            self.0.entry(path).or_insert(rule);
        }
        self
    }
}

/// Combines two parse results, collecting the errors of both.
///
/// # Errors
/// [`FieldErrors`] of `a`, `b` or both.
pub fn combine<A, B>(a: Result<A, FieldErrors>, b: Result<B, FieldErrors>) -> Result<(A, B), FieldErrors> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (Err(a), Err(b)) => Err(a.merge(b)),
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
        previous: Option<Self>,
        error: ErrorKind<V>,
        location: ValuePointerRef,
    ) -> ControlFlow<Self, Self> {
        let errors = match error {
            ErrorKind::MissingField { field } => Self::new(child_path(location, field), "is required"),
            ErrorKind::UnknownKey { key, .. } => Self::new(child_path(location, key), "is not a known field"),
            ErrorKind::IncorrectValueKind { accepted, .. } => {
                Self::new(path_or_body(location), ExpectedKinds(accepted))
            }
            ErrorKind::UnknownValue { accepted, .. } => {
                Self::new(path_or_body(location), format!("must be one of {}", accepted.join(", ")))
            }
            ErrorKind::BadSequenceLen { expected, .. } => {
                Self::new(path_or_body(location), format!("must have {expected} elements"))
            }
            ErrorKind::Unexpected { msg } => Self::new(path_or_body(location), msg),
        };
        ControlFlow::Continue(previous.unwrap_or_default().merge(errors))
    }
}

impl MergeWithError<FieldErrors> for FieldErrors {
    fn merge(previous: Option<Self>, other: Self, _: ValuePointerRef) -> ControlFlow<Self, Self> {
        ControlFlow::Continue(previous.unwrap_or_default().merge(other))
    }
}

/// Uses the error message of a domain type as the rule.
impl<E: std::error::Error> MergeWithError<E> for FieldErrors {
    fn merge(previous: Option<Self>, rule: E, location: ValuePointerRef) -> ControlFlow<Self, Self> {
        ControlFlow::Continue(previous.unwrap_or_default().merge(Self::new(path_or_body(location), rule)))
    }
}

/// Path of a field; `body` for the whole body.
fn path_or_body(location: ValuePointerRef) -> String {
    let path = path(location);
    if path.is_empty() { "body".to_owned() } else { path }
}

fn path(location: ValuePointerRef) -> String {
    match location {
        ValuePointerRef::Origin => String::new(),
        ValuePointerRef::Key { key, prev } => child_path(*prev, key),
        ValuePointerRef::Index { index, prev } => format!("{}[{index}]", path(*prev)),
    }
}

fn child_path(location: ValuePointerRef, field: &str) -> String {
    let parent = path(location);
    if parent.is_empty() { field.to_owned() } else { format!("{parent}.{field}") }
}

/// Kinds of JSON value that a field accepts, as text.
struct ExpectedKinds<'a>(&'a [ValueKind]);

impl fmt::Display for ExpectedKinds<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names: Vec<&str> = self
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
        names.dedup();
        write!(f, "must be {}", names.join(" or "))
    }
}
