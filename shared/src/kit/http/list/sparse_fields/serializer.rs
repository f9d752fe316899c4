//! Writes some fields of a struct, and leaves the others out.

use serde::ser::{Error, Impossible, Serialize, SerializeStruct, Serializer};

use super::SparseFields;

/// A body with some of its fields.
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
        if self.fields.chosen.is_none() {
            return self.body.serialize(serializer);
        }
        self.body.serialize(FieldFilterSerializer { into: serializer, fields: self.fields })
    }
}

/// Takes a struct, and hands on the fields that are to be seen. What is within a field passes untouched.
struct FieldFilterSerializer<'a, S, T> {
    into: S,
    fields: &'a SparseFields<T>,
}

struct PickingStruct<'a, W, T> {
    into: W,
    fields: &'a SparseFields<T>,
}

impl<W: SerializeStruct, T> SerializeStruct for PickingStruct<'_, W, T> {
    type Ok = W::Ok;
    type Error = W::Error;

    fn serialize_field<V: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &V,
    ) -> Result<(), W::Error> {
        if self.fields.shows(key) { self.into.serialize_field(key, value) } else { self.into.skip_field(key) }
    }

    fn skip_field(&mut self, key: &'static str) -> Result<(), W::Error> {
        self.into.skip_field(key)
    }

    fn end(self) -> Result<W::Ok, W::Error> {
        self.into.end()
    }
}

/// Only structs have fields to choose from, so nothing else comes here.
macro_rules! nothing_but_structs {
    ($($method:ident($($argument:ty),*) -> $ok:ty;)+) => {$(
        fn $method(self, $(_: $argument),*) -> Result<$ok, S::Error> {
            Err(S::Error::custom("only a struct has fields to choose from"))
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
    type SerializeStruct = PickingStruct<'a, S::SerializeStruct, T>;
    type SerializeStructVariant = Impossible<S::Ok, S::Error>;

    fn serialize_struct(self, name: &'static str, len: usize) -> Result<Self::SerializeStruct, S::Error> {
        // The length is a hint; JSON asks only whether there is anything at all.
        Ok(PickingStruct { into: self.into.serialize_struct(name, len)?, fields: self.fields })
    }

    nothing_but_structs! {
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
