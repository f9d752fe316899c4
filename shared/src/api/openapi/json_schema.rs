//! What the domain's own types look like in requests and answers: the rules that `parse` keeps, in JSON Schema.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::api::deserialize::{Bounded, InitialStock, NonNull, Patch, StockDelta};
use crate::domain::job::output::chunk::Part;
use crate::domain::payment::{ClientSecret, DeclineCode, GatewayId, PaymentMethod};
use crate::domain::product::create::MAX_UNITS;
use crate::domain::values::date::Date;
use crate::domain::values::email::Email;
use crate::domain::values::id::{Id, Identified};
use crate::domain::values::money::{Amount, Currency, Money, Quantity};
use crate::domain::values::text::{Sku, Text};
use crate::kit::auth::password::Password;
use crate::kit::command::Version;
use crate::kit::http::Included;
use crate::kit::http::list::paging::{DEFAULT_LIMIT, Limit, MAX_LIMIT};
use crate::kit::system::clock::Timestamp;

/// Says what types look like; a named one is described once, and referred to.
macro_rules! schema {
    ($($type:ty $(: $name:literal)? = $schema:tt;)+) => {$(
        impl JsonSchema for $type {
            schema!(@name $($name)?);

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )+};
    (@name $name:literal) => {
        fn schema_name() -> Cow<'static, str> {
            $name.into()
        }
    };
    (@name) => {
        fn schema_name() -> Cow<'static, str> {
            std::any::type_name::<Self>().into()
        }

        fn inline_schema() -> bool {
            true
        }
    };
}

schema! {
    Amount = {
        "type": "integer", "minimum": 0, "maximum": Amount::MAX,
        "description": "Minor units of the currency, like cents.", "examples": [1999]
    };
    Currency: "Currency" = {
        "type": "string", "enum": Currency::all(), "description": "An ISO 4217 code.", "examples": ["EUR"]
    };
    Quantity = { "type": "integer", "minimum": 1, "maximum": 1000, "examples": [2] };
    InitialStock = {
        "type": "integer", "minimum": 0, "maximum": MAX_UNITS,
        "description": "How many pieces there are to begin with.", "examples": [10]
    };
    StockDelta = {
        "type": "integer", "minimum": -MAX_UNITS, "maximum": MAX_UNITS, "not": { "const": 0 },
        "description": "How many pieces come; negative: leave.", "examples": [-3]
    };
    Email = {
        "type": "string", "format": "email", "maxLength": 254, "examples": ["ada@example.com"]
    };
    Password = {
        "type": "string", "format": "password", "minLength": 8, "maxLength": 128,
        "description": "8 to 128 bytes in UTF-8.", "examples": ["correct horse battery"]
    };
    PaymentMethod = {
        "type": "string", "pattern": PaymentMethod::PATTERN,
        "description": "The payment gateway's token for a means of payment.", "examples": ["pm_card_visa"]
    };
    Sku = {
        "type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$",
        "description": "A stock-keeping unit, unique in its market.", "examples": ["TEA-100"]
    };
    GatewayId = { "type": "string", "examples": ["pi_3MtwBwLkdIwHu7ix28a3tqPa"] };
    ClientSecret = { "type": "string" };
    DeclineCode = { "type": "string", "examples": ["card_declined"] };
    Timestamp = {
        "type": "string", "format": "date-time", "description": "RFC 3339, UTC, with milliseconds.",
        "examples": ["2027-01-15T08:00:00.000Z"]
    };
    Limit = {
        "type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT
    };
    Part = { "type": "integer", "minimum": 1, "default": 1 };
    Date = {
        "type": "string", "format": "date", "description": "A day of UTC.", "examples": ["2027-01-15"]
    };
    Version = {
        "type": "integer", "minimum": 1, "description": "How often it was changed, from 1.", "examples": [1]
    };
}

impl JsonSchema for Money {
    fn schema_name() -> Cow<'static, str> {
        "Money".into()
    }

    fn json_schema(schemas: &mut SchemaGenerator) -> Schema {
        let (amount, currency) = (schemas.subschema_for::<Amount>(), schemas.subschema_for::<Currency>());
        json_schema!({
            "type": "object",
            "required": ["amount", "currency"],
            "additionalProperties": false,
            "properties": { "amount": amount, "currency": currency }
        })
    }
}

impl<T: Identified> JsonSchema for Id<T> {
    fn schema_name() -> Cow<'static, str> {
        let path = std::any::type_name::<T>();
        format!("{}Id", path.rsplit("::").next().unwrap_or(path)).into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        // Crockford's base 32, as ULIDs have it.
        json_schema!({
            "type": "string",
            "pattern": format!("^{}_[0-7][0-9A-HJKMNP-TV-Z]{{25}}$", T::PREFIX),
            "examples": [format!("{}_01J8Z3K5V0ABCDEFGHJKMNPQRS", T::PREFIX)]
        })
    }
}

impl<const MAX: usize> JsonSchema for Text<MAX> {
    fn schema_name() -> Cow<'static, str> {
        format!("Text{MAX}").into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let rule = "Not nothing but space; no control character but line feed and tab, and none that reverses the \
                    direction of what follows it.";
        json_schema!({ "type": "string", "minLength": 1, "maxLength": MAX, "description": rule })
    }
}

impl<T: JsonSchema, const MIN: usize, const MAX: usize> JsonSchema for Bounded<T, MIN, MAX> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}To{}Of{}", MIN, MAX, T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(schemas: &mut SchemaGenerator) -> Schema {
        let item = schemas.subschema_for::<T>();
        json_schema!({ "type": "array", "items": item, "minItems": MIN, "maxItems": MAX })
    }
}

/// Given or not, but never null.
impl<T: JsonSchema> JsonSchema for NonNull<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(schemas: &mut SchemaGenerator) -> Schema {
        schemas.subschema_for::<T>()
    }
}

/// There, null because it is gone, or not asked for.
impl<T: JsonSchema> JsonSchema for Included<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Included{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(schemas: &mut SchemaGenerator) -> Schema {
        let there = schemas.subschema_for::<T>();
        json_schema!({ "oneOf": [there, { "type": "null" }] })
    }
}

/// Given, null or not mentioned.
impl<T: JsonSchema> JsonSchema for Patch<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Nullable{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(schemas: &mut SchemaGenerator) -> Schema {
        schemas.subschema_for::<Option<T>>()
    }
}
