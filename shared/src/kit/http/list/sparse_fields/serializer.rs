//! Serialises the selected fields of a struct.

use serde::ser::{Error, Impossible, Serialize, SerializeStruct, Serializer};

use super::SparseFields;

/// Body restricted to the selected fields.
#[derive(Debug)]
pub struct WithFields<'a, T> {
    body: &'a T,
    fields: &'a SparseFields<T>,
}

impl<'a, T> WithFields<'a, T> {
    pub(super) const fn new(body: &'a T, fields: &'a SparseFields<T>) -> Self {
        Self { body, fields }
    }
}

impl<T: Serialize> Serialize for WithFields<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.fields.selection.is_none() {
            return self.body.serialize(serializer);
        }
        self.body.serialize(FieldFilterSerializer { inner: serializer, fields: self.fields })
    }
}

/// Serialiser of a struct that passes on the selected fields only. Nested values are not filtered.
struct FieldFilterSerializer<'a, S, T> {
    inner: S,
    fields: &'a SparseFields<T>,
}

struct FieldFilterStruct<'a, W, T> {
    inner: W,
    fields: &'a SparseFields<T>,
}

impl<W: SerializeStruct, T> SerializeStruct for FieldFilterStruct<'_, W, T> {
    type Ok = W::Ok;
    type Error = W::Error;

    fn serialize_field<V: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &V,
    ) -> Result<(), W::Error> {
        if self.fields.includes(key) {
            self.inner.serialize_field(key, value)
        } else {
            self.inner.skip_field(key)
        }
    }

    fn skip_field(&mut self, key: &'static str) -> Result<(), W::Error> {
        self.inner.skip_field(key)
    }

    fn end(self) -> Result<W::Ok, W::Error> {
        self.inner.end()
    }
}

/// Rejects everything but structs, because only structs have selectable fields.
macro_rules! reject_non_structs {
    ($($method:ident($($argument:ty),*) -> $ok:ty;)+) => {$(
        fn $method(self, $(_: $argument),*) -> Result<$ok, S::Error> {
            Err(S::Error::custom("only structs have selectable fields"))
        }
    )+};
}

impl<'a, S: Serializer, T> Serializer for FieldFilterSerializer<'a, S, T> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Impossible<S::Ok, S::Error>;
    type SerializeTuple = Impossible<S::Ok, S::Error>;
    type SerializeTupleStruct = Impossible<S::Ok, S::Error>;
    type SerializeTupleVariant = Impossible<S::Ok, S::Error>;
    type SerializeMap = Impossible<S::Ok, S::Error>;
    type SerializeStruct = FieldFilterStruct<'a, S::SerializeStruct, T>;
    type SerializeStructVariant = Impossible<S::Ok, S::Error>;

    fn serialize_struct(self, name: &'static str, len: usize) -> Result<Self::SerializeStruct, S::Error> {
        // The length is only a hint: JSON distinguishes only zero from the rest.
        Ok(FieldFilterStruct { inner: self.inner.serialize_struct(name, len)?, fields: self.fields })
    }

    reject_non_structs! {
        serialize_bool(bool) -> S::Ok;
        serialize_i8(i8) -> S::Ok;
        serialize_i16(i16) -> S::Ok;
        serialize_i32(i32) -> S::Ok;
        serialize_i64(i64) -> S::Ok;
        serialize_u8(u8) -> S::Ok;
        serialize_u16(u16) -> S::Ok;
        serialize_u32(u32) -> S::Ok;
        serialize_u64(u64) -> S::Ok;
        serialize_f32(f32) -> S::Ok;
        serialize_f64(f64) -> S::Ok;
        serialize_char(char) -> S::Ok;
        serialize_str(&str) -> S::Ok;
        serialize_bytes(&[u8]) -> S::Ok;
        serialize_none() -> S::Ok;
        serialize_unit() -> S::Ok;
        serialize_unit_struct(&'static str) -> S::Ok;
        serialize_unit_variant(&'static str, u32, &'static str) -> S::Ok;
        serialize_seq(Option<usize>) -> Self::SerializeSeq;
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_map(Option<usize>) -> Self::SerializeMap;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }

    fn serialize_some<V: Serialize + ?Sized>(self, value: &V) -> Result<S::Ok, S::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<V: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &V,
    ) -> Result<S::Ok, S::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<V: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &V,
    ) -> Result<S::Ok, S::Error> {
        value.serialize(self)
    }
}
