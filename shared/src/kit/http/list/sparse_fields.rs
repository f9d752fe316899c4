//! Sparse fields of a response body: `fields=id,name`.

mod field_names;

use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde::ser::{Error as _, Serialize, Serializer};
use serde_json::Value;

use crate::kit::error::field_errors::FieldErrors;
use crate::kit::http::request::name_list;
use crate::kit::http::request::query::RawQuery;
pub use field_names::field_names;

/// Fields of a `T` that the caller requests; without a selection, all fields are returned. Fields that
/// `include` adds are not selectable and always returned.
pub struct SparseFields<T> {
    /// Requested fields; `None` for all.
    selection: Option<FieldSelection>,
    marker: PhantomData<fn() -> T>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct FieldSelection {
    requested: Vec<&'static str>,
    known: &'static [&'static str],
}

impl<T> SparseFields<T> {
    /// Selects all fields.
    #[must_use]
    pub const fn all() -> Self {
        Self { selection: None, marker: PhantomData }
    }

    /// Returns true if the caller names one of these fields.
    #[must_use]
    pub fn names_any_of(&self, fields: &[&str]) -> bool {
        self.selection
            .as_ref()
            .is_some_and(|selection| fields.iter().any(|field| selection.requested.contains(field)))
    }

    /// Restricts `body` to these fields.
    #[must_use]
    pub fn of<'a>(&'a self, body: &'a T) -> WithFields<'a, T> {
        WithFields { body, fields: self }
    }
}

impl FieldSelection {
    /// Returns true if the field is requested, or not selectable at all.
    fn includes(&self, field: &str) -> bool {
        self.requested.contains(&field) || !self.known.contains(&field)
    }
}

/// Body restricted to the selected fields. Nested objects are not restricted.
#[derive(Debug)]
pub struct WithFields<'a, T> {
    body: &'a T,
    fields: &'a SparseFields<T>,
}

impl<T: Serialize> Serialize for WithFields<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(selection) = &self.fields.selection else { return self.body.serialize(serializer) };
        let mut body = serde_json::to_value(self.body).map_err(S::Error::custom)?;
        if let Value::Object(fields) = &mut body {
            fields.retain(|field, _| selection.includes(field));
        }
        body.serialize(serializer)
    }
}

impl<T: DeserializeOwned> SparseFields<T> {
    /// Name of the query parameter.
    pub const PARAMETER: &'static str = "fields";

    /// Reads the parameter.
    ///
    /// # Errors
    /// [`FieldErrors`] with the unknown and repeated names.
    pub fn read(query: &mut RawQuery) -> Result<Self, FieldErrors> {
        let known = field_names::<T>();
        let requested =
            query.read(Self::PARAMETER)?.map(|names: String| name_list::parse_name_list(known, &names));
        let requested = requested.transpose().map_err(|rule| FieldErrors::new(Self::PARAMETER, rule))?;
        let selection = requested.map(|positions| FieldSelection {
            requested: positions.into_iter().filter_map(|position| known.get(position).copied()).collect(),
            known,
        });
        Ok(Self { selection, marker: PhantomData })
    }
}

impl<T> Clone for SparseFields<T> {
    fn clone(&self) -> Self {
        Self { selection: self.selection.clone(), marker: PhantomData }
    }
}

impl<T> fmt::Debug for SparseFields<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SparseFields").field(&self.selection).finish()
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};
    use serde_json::json;

    use super::*;

    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Mug {
        id: u32,
        made_in: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        colour: Option<String>,
        price: Price,
        #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
        potter: Option<&'static str>,
    }

    #[derive(Serialize, Deserialize)]
    struct Price {
        amount: u32,
        id: u32,
    }

    fn mug(potter: Option<&'static str>) -> Mug {
        Mug { id: 1, made_in: "Meissen".to_owned(), colour: None, price: Price { amount: 5, id: 6 }, potter }
    }

    fn read(query: &str) -> Result<SparseFields<Mug>, FieldErrors> {
        let (parts, ()) = http::Request::get(format!("/?{query}")).body(()).unwrap().into_parts();
        SparseFields::read(&mut RawQuery::of(&parts).unwrap())
    }

    fn render(query: &str, mug: &Mug) -> String {
        serde_json::to_string(&read(query).unwrap().of(mug)).unwrap()
    }

    #[test]
    fn only_selected_fields_are_returned() {
        let all = r#"{"id":1,"madeIn":"Meissen","price":{"amount":5,"id":6}}"#;
        assert_eq!(render("", &mug(None)), all);
        assert_eq!(render("fields=price,colour,madeIn,id", &mug(None)), all);
        assert_eq!(render("fields=madeIn,id", &mug(None)), r#"{"id":1,"madeIn":"Meissen"}"#);
        assert_eq!(render("fields=price", &mug(None)), r#"{"price":{"amount":5,"id":6}}"#);
        assert_eq!(render("fields=colour", &mug(None)), "{}");
    }

    #[test]
    fn included_relation_is_always_returned_and_not_selectable() {
        assert_eq!(render("fields=id", &mug(Some("Ada"))), r#"{"id":1,"potter":"Ada"}"#);
        assert_eq!(
            read("fields=potter").unwrap_err(),
            FieldErrors::new("fields", "`potter` is not one of id, madeIn, colour, price")
        );
    }

    #[test]
    fn unknown_and_repeated_names_are_reported_together() {
        let rule = "`made_in` is not one of id, madeIn, colour, price; `id` is named twice; \
                    `` is not one of id, madeIn, colour, price";
        assert_eq!(read("fields=id,made_in,id,").unwrap_err(), FieldErrors::new("fields", rule));
        assert!(read("fields=").is_err());
    }

    #[test]
    fn value_that_is_not_a_struct_is_returned_unchanged() {
        let fields: SparseFields<serde_json::Value> = SparseFields::all();
        assert_eq!(serde_json::to_value(fields.of(&json!({ "a": 1 }))).unwrap(), json!({ "a": 1 }));
        assert!(field_names::<u32>().is_empty());
    }
}
