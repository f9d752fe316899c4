//! Typed access to the properties of a resource. Every error names the resource and the property.

use serde_json::{Map, Value};

use super::{Place, TemplateError, parameter::scalar};

/// Map of properties and its place in the template.
pub(super) struct Props<'a> {
    place: Place,
    map: &'a Map<String, Value>,
}

impl<'a> Props<'a> {
    pub(super) fn of(value: &'a Value, place: Place) -> Result<Self, TemplateError> {
        match value.as_object() {
            Some(map) => Ok(Self { place, map }),
            None => Err(TemplateError::Type { place, expected: "a map" }),
        }
    }

    pub(super) fn place(&self, key: &str) -> Place {
        self.place.child(key)
    }

    pub(super) fn get(&self, key: &str) -> Option<&'a Value> {
        self.map.get(key)
    }

    pub(super) fn missing(&self, key: &str) -> TemplateError {
        TemplateError::Missing { place: self.place(key) }
    }

    fn wrong(&self, key: &str, expected: &'static str) -> TemplateError {
        TemplateError::Type { place: self.place(key), expected }
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<String>, TemplateError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        scalar(value).map(Some).ok_or_else(|| self.wrong(key, "a string"))
    }

    pub(super) fn required_text(&self, key: &str) -> Result<String, TemplateError> {
        self.text(key)?.ok_or_else(|| self.missing(key))
    }

    pub(super) fn number<T: TryFrom<i64>>(&self, key: &str) -> Result<Option<T>, TemplateError> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        let number = text.parse::<i64>().ok().and_then(|number| T::try_from(number).ok());
        number.map(Some).ok_or_else(|| self.wrong(key, "an integer in the allowed range"))
    }

    pub(super) fn flag(&self, key: &str) -> Result<Option<bool>, TemplateError> {
        match self.text(key)?.as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(self.wrong(key, "true or false")),
        }
    }

    pub(super) fn list(&self, key: &str) -> Result<&'a [Value], TemplateError> {
        match self.get(key) {
            None => Ok(&[]),
            Some(Value::Array(items)) => Ok(items),
            Some(_) => Err(self.wrong(key, "a list")),
        }
    }

    pub(super) fn texts(&self, key: &str) -> Result<Vec<String>, TemplateError> {
        let texts: Option<Vec<_>> = self.list(key)?.iter().map(scalar).collect();
        texts.ok_or_else(|| self.wrong(key, "a list of strings"))
    }

    pub(super) fn map(&self, key: &str) -> Result<Option<Props<'a>>, TemplateError> {
        self.get(key).map(|value| Props::of(value, self.place(key))).transpose()
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
        self.map.iter()
    }

    /// Rejects properties that are not in `known`. Ignoring a property that AWS supports would silently make
    /// the local stack behave differently.
    pub(super) fn reject_unknown(&self, known: &[&str]) -> Result<(), TemplateError> {
        match self.map.keys().find(|key| !known.contains(&key.as_str())) {
            None => Ok(()),
            Some(key) => {
                Err(TemplateError::Unsupported { place: self.place(key), what: "this property".to_owned() })
            }
        }
    }
}
