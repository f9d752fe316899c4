//! Fields of an answer's body: `fields=id,name`.

mod field_names;
mod serializer;

use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use crate::kit::error::field_errors::FieldErrors;
use crate::kit::http::request::name_list;
use crate::kit::http::request::query::RawQuery;
pub use field_names::field_names;
pub use serializer::WithFields;

/// The fields of a `T` that a caller wants to see: exactly those, in the order of the body; all of them if none is named.
/// What `include` adds is not among them, and is always shown.
pub struct SparseFields<T> {
    /// The wanted ones, and those that there are.
    chosen: Option<FieldSelection>,
    of: PhantomData<fn() -> T>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct FieldSelection {
    wanted: Vec<&'static str>,
    known: &'static [&'static str],
}

impl<T> SparseFields<T> {
    /// All of them.
    #[must_use]
    pub const fn all() -> Self {
        Self { chosen: None, of: PhantomData }
    }

    /// `body` with these fields only.
    #[must_use]
    pub fn of<'a>(&'a self, body: &'a T) -> WithFields<'a, T> {
        WithFields::new(body, self)
    }

    /// Whether the field is to be seen.
    fn shows(&self, field: &str) -> bool {
        self.chosen
            .as_ref()
            .is_none_or(|FieldSelection { wanted, known }| wanted.contains(&field) || !known.contains(&field))
    }
}

impl<T: DeserializeOwned> SparseFields<T> {
    /// The parameter that they are named in.
    pub const PARAMETER: &'static str = "fields";

    /// Reads the parameter.
    ///
    /// # Errors
    /// [`FieldErrors`] with the names that the body does not have, or that are there twice.
    pub fn read(given: &mut RawQuery) -> Result<Self, FieldErrors> {
        let known = field_names::<T>();
        let wanted =
            given.read(Self::PARAMETER)?.map(|names: String| name_list::parse_name_list(known, &names));
        let wanted = wanted.transpose().map_err(|rule| FieldErrors::one(Self::PARAMETER, rule))?;
        let chosen = wanted.map(|places| FieldSelection {
            wanted: places.into_iter().filter_map(|place| known.get(place).copied()).collect(),
            known,
        });
        Ok(Self { chosen, of: PhantomData })
    }
}

impl<T> Clone for SparseFields<T> {
    fn clone(&self) -> Self {
        Self { chosen: self.chosen.clone(), of: PhantomData }
    }
}

impl<T> fmt::Debug for SparseFields<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Fields").field(&self.chosen).finish()
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

    fn shown(query: &str, mug: &Mug) -> String {
        serde_json::to_string(&read(query).unwrap().of(mug)).unwrap()
    }

    #[test]
    fn a_body_is_shown_with_the_fields_that_are_named_in_its_own_order() {
        let all = r#"{"id":1,"madeIn":"Meissen","price":{"amount":5,"id":6}}"#;
        assert_eq!(shown("", &mug(None)), all);
        assert_eq!(shown("fields=price,colour,madeIn,id", &mug(None)), all);
        assert_eq!(shown("fields=madeIn,id", &mug(None)), r#"{"id":1,"madeIn":"Meissen"}"#);
        assert_eq!(shown("fields=price", &mug(None)), r#"{"price":{"amount":5,"id":6}}"#);
        assert_eq!(shown("fields=colour", &mug(None)), "{}");
    }

    #[test]
    fn what_is_included_is_shown_whatever_fields_are_named_and_cannot_be_named_among_them() {
        assert_eq!(shown("fields=id", &mug(Some("Ada"))), r#"{"id":1,"potter":"Ada"}"#);
        assert_eq!(
            read("fields=potter").unwrap_err(),
            FieldErrors::one("fields", "`potter` is not one of id, madeIn, colour, price")
        );
    }

    #[test]
    fn names_that_are_unknown_or_there_twice_are_refused_all_at_once() {
        let rule = "`made_in` is not one of id, madeIn, colour, price; `id` is named twice; \
                    `` is not one of id, madeIn, colour, price";
        assert_eq!(read("fields=id,made_in,id,").unwrap_err(), FieldErrors::one("fields", rule));
        assert!(read("fields=").is_err());
    }

    #[test]
    fn an_item_that_is_no_struct_is_shown_as_it_is_refused() {
        let fields: SparseFields<serde_json::Value> = SparseFields::all();
        assert_eq!(serde_json::to_value(fields.of(&json!({ "a": 1 }))).unwrap(), json!({ "a": 1 }));
        assert!(field_names::<u32>().is_empty());
    }
}
