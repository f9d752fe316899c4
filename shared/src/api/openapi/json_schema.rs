//! JSON Schemas of the domain types, with the rules that `deserialize` enforces.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::api::deserialize::{Bounded, InitialStock, MAX_COUNTRIES, NonNull, Patch, StockDelta};
use crate::domain::job::output::chunk::Part;
use crate::domain::ledger::EntryId;
use crate::domain::market::settings::shipping::{ShippingOptionId, ZoneCountries};
use crate::domain::order::payment::{ClientSecret, DeclineCode, GatewayId, PaymentMethod};
use crate::domain::order::shipment::address::{PhoneNumber, PostalCode};
use crate::domain::product::create::MAX_UNITS;
use crate::domain::values::country::{Country, Region};
use crate::domain::values::date::Date;
use crate::domain::values::email::{Email, MAX_LENGTH, UnicodeEmail};
use crate::domain::values::id::{Id, Identified};
use crate::domain::values::money::tax::BasisPoints;
use crate::domain::values::money::{Amount, Currency, Money, Quantity};
use crate::domain::values::text::{Sku, Text};
use crate::kit::auth::password::{MAX_CHARACTERS, MIN_CHARACTERS, Password};
use crate::kit::command::Version;
use crate::kit::http::Included;
use crate::kit::http::list::paging::{DEFAULT_LIMIT, Limit, MAX_LIMIT};
use crate::kit::system::clock::Timestamp;

/// Implements `JsonSchema` for types. A type with a name is defined once and referenced.
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
        "description": "Number of minor units of the currency, for example cents. The maximum is \
                        999999999999 in IDR, 999999999 in INR, and 99999999 in other currencies.",
        "examples": [1999]
    };
    Currency: "Currency" = {
        "type": "string", "enum": Currency::all(),
        "description": "Currency code (ISO 4217).", "examples": ["EUR"]
    };
    Quantity = {
        "type": "integer", "minimum": 1, "maximum": 1000,
        "description": "Number of units of a product.", "examples": [2]
    };
    BasisPoints = {
        "type": "integer", "minimum": 0, "maximum": 10_000,
        "description": "Rate in basis points (hundredths of a percent).", "examples": [1900]
    };
    EntryId = {
        "type": "string", "pattern": "^ord_[0-9A-HJKMNP-TV-Z]{26}\\.[1-9][0-9]*$",
        "description": "Id of a journal entry: the order that caused it, and the version of the order after the change.",
        "examples": ["ord_01J8Z3K5V0ABCDEFGHJKMNPQRS.3"]
    };
    ShippingOptionId = {
        "type": "string", "pattern": ShippingOptionId::PATTERN,
        "description": "Id of a shipping option, which the seller chooses.", "examples": ["standard"]
    };
    Country = {
        "type": "string", "pattern": "^[A-Z]{2}$",
        "description": "Country code (ISO 3166-1 alpha-2).", "examples": ["DE"]
    };
    Region = {
        "type": "string", "pattern": Region::PATTERN,
        "description": "Region: the part of its ISO 3166-2 code after the hyphen, like `CA` for US-CA.",
        "examples": ["CA"]
    };
    PostalCode = {
        "type": "string", "pattern": PostalCode::PATTERN,
        "description": "Postal code: 2 to 10 letters, digits, spaces and hyphens. Lower case is converted.",
        "examples": ["10119"]
    };
    PhoneNumber = {
        "type": "string", "pattern": PhoneNumber::PATTERN,
        "description": "Phone number in international form (E.164).", "examples": ["+4930123456"]
    };
    ZoneCountries = {
        "anyOf": [
            { "const": "*" },
            {
                "type": "array", "minItems": 1, "maxItems": MAX_COUNTRIES,
                "items": { "type": "string", "pattern": "^[A-Z]{2}$" }
            }
        ],
        "description": "Country codes (ISO 3166-1 alpha-2), or `*` for all countries that are in no other zone.",
        "examples": [["DE", "AT"], "*"]
    };
    InitialStock = {
        "type": "integer", "minimum": 0, "maximum": MAX_UNITS,
        "description": "Number of units in stock at first.", "examples": [10]
    };
    StockDelta = {
        "type": "integer", "minimum": -MAX_UNITS, "maximum": MAX_UNITS, "not": { "const": 0 },
        "description": "Number of units to add to the stock, or to remove if negative.", "examples": [-3]
    };
    Email = {
        "type": "string", "format": "idn-email", "maxLength": MAX_LENGTH,
        "description": "E-mail address. Only ASCII characters are allowed before the @, at most 64. The \
                        domain can be in Unicode or in ASCII (`xn--`); both are the same address.",
        "examples": ["ada@example.com"]
    };
    UnicodeEmail = {
        "type": "string", "format": "idn-email",
        "description": "E-mail address, in lower case, with the domain in Unicode.",
        "examples": ["ada@example.com"]
    };
    Password = {
        "type": "string", "format": "password", "minLength": MIN_CHARACTERS, "maxLength": MAX_CHARACTERS,
        "description": "Password: 8 to 128 characters and at most 1024 bytes in UTF-8, without control \
                        characters. It is prepared as in RFC 8265 (OpaqueString): equivalent Unicode forms \
                        are the same password.",
        "examples": ["correct horse battery"]
    };
    PaymentMethod = {
        "type": "string", "pattern": PaymentMethod::PATTERN,
        "description": "Payment method token of the payment gateway.", "examples": ["pm_card_visa"]
    };
    Sku = {
        "type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$",
        "description": "Stock-keeping unit (SKU), unique in its market.", "examples": ["TEA-100"]
    };
    GatewayId = {
        "type": "string", "description": "Id assigned by the payment gateway.",
        "examples": ["pi_3MtwBwLkdIwHu7ix28a3tqPa"]
    };
    ClientSecret = {
        "type": "string",
        "description": "Secret with which the buyer's browser pays at the payment gateway. Do not log it.",
        "examples": ["<client secret>"]
    };
    DeclineCode = {
        "type": "string", "description": "Reason code of the payment gateway for a declined payment.",
        "examples": ["card_declined"]
    };
    Timestamp = {
        "type": "string", "format": "date-time",
        "description": "Time (RFC 3339). Responses are in UTC, with milliseconds.",
        "examples": ["2027-01-15T08:00:00.000Z"]
    };
    Limit = {
        "type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT,
        "description": "Maximum number of items."
    };
    Part = {
        "type": "integer", "minimum": 1, "default": 1, "description": "Number of a part of a result, from 1."
    };
    Date = {
        "type": "string", "format": "date", "description": "Day (UTC).", "examples": ["2027-01-15"]
    };
    Version = {
        "type": "integer", "minimum": 1,
        "description": "Version of the resource, from 1. Each change increments it.", "examples": [1]
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
            "description": "Amount of money in minor units of its currency, for example 1999 for 19.99 EUR.",
            "examples": [{ "amount": 1999, "currency": "EUR" }],
            "required": ["amount", "currency"],
            "additionalProperties": false,
            "properties": { "amount": amount, "currency": currency }
        })
    }
}

/// Name of a type without its module path.
fn type_name<T>() -> &'static str {
    let path = std::any::type_name::<T>();
    path.rsplit("::").next().unwrap_or(path)
}

/// Converts `DeadLetter` to `dead letter`.
fn words(name: &str) -> String {
    let separated =
        name.chars().flat_map(|c| c.is_uppercase().then_some(' ').into_iter().chain(c.to_lowercase()));
    separated.collect::<String>().trim_start().to_owned()
}

impl<T: Identified> JsonSchema for Id<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}Id", type_name::<T>()).into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        // Crockford's base 32, the alphabet of ULIDs.
        json_schema!({
            "type": "string",
            "description": format!("Id of the {}.", words(type_name::<T>())),
            "pattern": format!("^{}_[0-7][0-9A-HJKMNP-TV-Z]{{25}}$", T::PREFIX),
            "examples": [format!("{}_01J8Z3K5V0ABCDEFGHJKMNPQRS", T::PREFIX)]
        })
    }
}

impl<const MAX: usize, const MULTILINE: bool> JsonSchema for Text<MAX, MULTILINE> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}{MAX}", if MULTILINE { "MultilineText" } else { "Text" }).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let refused =
            if MULTILINE { "Control characters other than line feeds" } else { "Control characters" };
        let rule = format!(
            "Text of 1 to {MAX} characters in Unicode normalisation form C (NFC), with at least one visible \
             character. Leading and trailing white space is removed. {refused}, line separators and \
             invisible characters (zero-width and bidirectional controls outside of words and emoji) are \
             not allowed."
        );
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

/// The field can be absent, but not null.
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

/// Null if the related resource does not exist any more.
impl<T: JsonSchema> JsonSchema for Included<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Included{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(schemas: &mut SchemaGenerator) -> Schema {
        let resource = schemas.subschema_for::<T>();
        json_schema!({ "oneOf": [resource, { "type": "null" }] })
    }
}

/// The field can be absent, null or a value.
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
