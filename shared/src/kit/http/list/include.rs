//! Related resources in a response: `include=creator`.

use std::fmt::Debug;

use serde::{Serialize, Serializer};

use crate::kit::error::field_errors::FieldErrors;
use crate::kit::http::request::name_list;
use crate::kit::http::request::query::RawQuery;

/// Closed list of the relations that can be included with a resource.
pub trait Relation: Copy + Eq + Debug + Send + 'static {
    /// All relations by name. The name is used in the query parameter and in the body.
    const ALL: &'static [(&'static str, Self)];
}

/// Relations of a resource that has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoRelations {}

impl Relation for NoRelations {
    const ALL: &'static [(&'static str, Self)] = &[];
}

/// Relations that the caller requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Include<R>(Vec<R>);

impl<R: Relation> Include<R> {
    /// Name of the query parameter.
    pub const PARAMETER: &'static str = "include";

    /// Reads the parameter. It does not exist for resources without relations.
    ///
    /// # Errors
    /// [`FieldErrors`] with the unknown and repeated names.
    pub fn read(query: &mut RawQuery) -> Result<Self, FieldErrors> {
        if R::ALL.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let Some(names): Option<String> = query.read(Self::PARAMETER)? else { return Ok(Self(Vec::new())) };
        let known: Vec<&str> = R::ALL.iter().map(|(name, _)| *name).collect();
        let positions = name_list::parse_name_list(&known, &names)
            .map_err(|rule| FieldErrors::new(Self::PARAMETER, rule))?;
        Ok(Self(
            positions
                .into_iter()
                .filter_map(|position| R::ALL.get(position))
                .map(|(_, relation)| *relation)
                .collect(),
        ))
    }

    /// Returns true if the relation is requested.
    #[must_use]
    pub fn has(&self, relation: R) -> bool {
        self.0.contains(&relation)
    }
}

/// Field of a body that is present only on request.
///
/// It needs two serde attributes: `skip_deserializing`, so that it is not a selectable field of the body, and
/// `skip_serializing_if = "Included::is_not_requested"`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Included<T> {
    /// Not requested: the field is absent.
    #[default]
    NotRequested,
    /// The related resource does not exist any more: `null`.
    Null,
    /// The related resource.
    Value(T),
}

impl<T> Included<T> {
    /// Returns true if it was not requested.
    pub const fn is_not_requested(&self) -> bool {
        matches!(self, Self::NotRequested)
    }
}

impl<T: Serialize> Serialize for Included<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::NotRequested | Self::Null => serializer.serialize_none(),
            Self::Value(value) => value.serialize(serializer),
        }
    }
}
