//! The names of a body's fields, from the body's own type: serde's derived code for reading a struct says which fields it
//! looks for, under the names that they are written by.

use std::fmt;

use serde::de::{self, DeserializeOwned, Deserializer, Visitor};

/// The names of the fields of `T`, in its order; none if it is no struct. Fields that are never read
/// (`skip_deserializing`) are not among them.
#[must_use]
pub fn field_names<T: DeserializeOwned>() -> &'static [&'static str] {
    match T::deserialize(FieldNameProbe) {
        Err(Names(names)) => names,
        Ok(_) => &[],
    }
}

/// Has nothing to read, and listens to what is asked for.
struct FieldNameProbe;

/// What was asked for, on its way back.
#[derive(Debug)]
struct Names(&'static [&'static str]);

impl<'de> Deserializer<'de> for FieldNameProbe {
    type Error = Names;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Names> {
        Err(Names(&[]))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Names> {
        Err(Names(fields))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

impl std::error::Error for Names {}

impl de::Error for Names {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self(&[])
    }
}
