//! Deserialisation of postal addresses.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};

use super::{invalid, parse_text};
use crate::domain::order::shipment::address::{
    AddressLine, PhoneNumber, PostalAddress, PostalCode, needs_postal_code,
};
use crate::domain::values::country::{Country, Region};
use crate::domain::values::text::Name;
use crate::kit::error::FieldErrors;

#[derive(Deserr)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
struct AddressFields {
    name: Name,
    line1: AddressLine,
    #[deserr(default)]
    line2: Option<AddressLine>,
    city: AddressLine,
    #[deserr(default)]
    region: Option<Region>,
    #[deserr(default)]
    postal_code: Option<PostalCode>,
    country: Country,
    #[deserr(default)]
    phone: Option<PhoneNumber>,
}

impl Deserr<FieldErrors> for PostalAddress {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        at: ValuePointerRef,
    ) -> Result<Self, FieldErrors> {
        let fields = AddressFields::deserialize_from_value(value, at)?;
        let AddressFields { name, line1, line2, city, region, postal_code, country, phone } = fields;
        if postal_code.is_none() && needs_postal_code(country) {
            return Err(invalid("is required in this country", at.push_key("postalCode")));
        }
        Ok(Self { name, line1, line2, city, region, postal_code, country, phone })
    }
}

impl Deserr<FieldErrors> for PostalCode {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        at: ValuePointerRef,
    ) -> Result<Self, FieldErrors> {
        parse_text(value, at)
    }
}

impl Deserr<FieldErrors> for PhoneNumber {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        at: ValuePointerRef,
    ) -> Result<Self, FieldErrors> {
        parse_text(value, at)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn parse(changes: &Value) -> Result<PostalAddress, FieldErrors> {
        let mut address = json!({
            "name": "Ada Lovelace",
            "line1": "Torstrasse 1",
            "city": "Berlin",
            "postalCode": "10119",
            "country": "DE",
        });
        for (name, value) in changes.as_object().into_iter().flatten() {
            address[name] = value.clone();
        }
        deserr::deserialize(address)
    }

    #[test]
    fn address_is_parsed_with_and_without_optional_fields() {
        let address =
            parse(&json!({ "line2": "3rd floor", "region": "BE", "phone": "+4930123456" })).unwrap();
        let stored = serde_json::to_value(&address).unwrap();
        assert_eq!((&stored["line2"], &stored["region"]), (&json!("3rd floor"), &json!("BE")));
        assert_eq!(serde_json::from_value::<PostalAddress>(stored).unwrap(), address);
        assert!(parse(&json!({})).is_ok());
        assert!(parse(&json!({ "country": "HK", "postalCode": null })).is_ok());
    }

    #[test]
    fn invalid_address_is_reported_with_field_and_rule() {
        let missing = parse(&json!({ "postalCode": null })).unwrap_err();
        assert_eq!(missing, FieldErrors::new("postalCode", "is required in this country"));
        for (field, value) in [
            ("name", json!("")),
            ("line1", json!("a\nb")),
            ("line2", json!("x".repeat(101))),
            ("city", json!(5)),
            ("region", json!("US-CA")),
            ("postalCode", json!("1")),
            ("country", json!("UK")),
            ("phone", json!("030 123456")),
            ("street", json!("Torstrasse")),
        ] {
            let errors = format!("{:?}", parse(&json!({ field: value })).unwrap_err());
            assert!(errors.contains(&format!("{{\"{field}\": ")), "{field}: {errors}");
        }
    }
}
