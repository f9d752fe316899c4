//! What an answer shows besides its resource: `include=creator`.

use std::fmt::Debug;

use serde::{Serialize, Serializer};

use crate::kit::error::field_errors::FieldErrors;
use crate::kit::http::request::name_list;
use crate::kit::http::request::query::RawQuery;

/// The closed list of what can be shown besides a resource.
pub trait Relation: Copy + Eq + Debug + Send + 'static {
    /// Each, by the name that it is asked for by. It is also the name that it is shown under.
    const ALL: &'static [(&'static str, Self)];
}

/// For resources that stand by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoRelations {}

impl Relation for NoRelations {
    const ALL: &'static [(&'static str, Self)] = &[];
}

/// What a caller wants to see besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Include<R>(Vec<R>);

impl<R: Relation> Include<R> {
    /// The parameter that it is named in.
    pub const PARAMETER: &'static str = "include";

    /// Reads the parameter. Where there is nothing to include, it is not a parameter.
    ///
    /// # Errors
    /// [`FieldErrors`] with the names that are not on the list, or are there twice.
    pub fn read(given: &mut RawQuery) -> Result<Self, FieldErrors> {
        if R::ALL.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let Some(names): Option<String> = given.read(Self::PARAMETER)? else { return Ok(Self(Vec::new())) };
        let known: Vec<&str> = R::ALL.iter().map(|(name, _)| *name).collect();
        let places = name_list::parse_name_list(&known, &names)
            .map_err(|rule| FieldErrors::one(Self::PARAMETER, rule))?;
        Ok(Self(places.into_iter().filter_map(|place| R::ALL.get(place)).map(|(_, each)| *each).collect()))
    }

    /// Whether this is wanted.
    #[must_use]
    pub fn has(&self, relation: R) -> bool {
        self.0.contains(&relation)
    }
}

/// A field of a body that is there only if it was asked for. Say `skip_deserializing` of it, so that it is not one of the
/// body's own, and `skip_serializing_if = "Included::is_left_out"`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Included<T> {
    /// Nobody asked for it.
    #[default]
    NotRequested,
    /// It is gone: null.
    Null,
    /// There it is.
    Value(T),
}

impl<T> Included<T> {
    /// Whether nobody asked for it.
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
