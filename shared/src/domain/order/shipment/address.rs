//! Postal addresses, and the address to which an order is delivered.

pub mod erase;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::order::{Order, OrderId};
use crate::domain::values::country::{Country, Place, Region};
use crate::domain::values::text::{Name, Text};
use crate::kit::command::Version;
use crate::kit::system::clock::Timestamp;

/// Line of an address.
pub type AddressLine = Text<100>;

/// Number of days for which the address of an order is stored after its last change, unless the operator sets
/// another.
pub const DEFAULT_RETENTION_DAYS: u16 = 400;

/// Time after the end of the retention at which the table deletes the address.
const EXAMINATION_PERIOD: Duration = Duration::from_hours(30 * 24);

/// Address of a person. It is personal data: `Debug` shows only the country.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    deny_unknown_fields,
    extend("examples" = [{
        "name": "Ada Lovelace",
        "line1": "Torstrasse 1",
        "city": "Berlin",
        "postalCode": "10119",
        "country": "DE",
    }]),
)]
pub struct PostalAddress {
    /// Name of the recipient.
    pub name: Name,
    /// Street and number.
    pub line1: AddressLine,
    /// Further line, for example a floor or a company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line2: Option<AddressLine>,
    /// City.
    pub city: AddressLine,
    /// Region of the country. Tax rates can depend on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// Postal code; required in countries that use postal codes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<PostalCode>,
    /// Country.
    pub country: Country,
    /// Phone number, for the carrier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<PhoneNumber>,
}

impl PostalAddress {
    /// Country and region.
    #[must_use]
    pub fn place(&self) -> Place {
        Place { country: self.country, region: self.region.clone() }
    }
}

impl fmt::Debug for PostalAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostalAddress").field("country", &self.country).finish_non_exhaustive()
    }
}

/// Address to which an order is delivered. It is stored apart from the order, so that it can be erased, and so
/// that nothing else that contains the order contains it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryAddress {
    /// Id of the order.
    pub order_id: OrderId,
    /// Version for optimistic locking.
    pub version: Version,
    /// The address.
    pub address: PostalAddress,
    /// Number of days for which the address is stored after the last change of the order.
    pub retention_days: u16,
    /// Time at which is examined whether the address is to be erased.
    pub examined_at: Timestamp,
    /// True if the account of the buyer was deleted: the address is erased as soon as the order is final.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_account_deleted: bool,
}

impl DeliveryAddress {
    /// Address of an order that is placed `now`.
    #[must_use]
    pub fn new(order_id: OrderId, address: PostalAddress, retention_days: u16, now: Timestamp) -> Self {
        let examined_at = now.saturating_add(days(retention_days));
        Self {
            order_id,
            version: Version::FIRST,
            address,
            retention_days,
            examined_at,
            is_account_deleted: false,
        }
    }

    /// Time until which the address of `order` is stored.
    #[must_use]
    pub fn kept_until(&self, order: &Order) -> Timestamp {
        order.updated_at.saturating_add(days(self.retention_days))
    }

    /// Time after which the table deletes the address, even if it was never examined.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.examined_at.saturating_add(EXAMINATION_PERIOD)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
const fn is_false(value: &bool) -> bool {
    !*value
}

fn days(days: u16) -> Duration {
    Duration::from_hours(24 * u64::from(days))
}

/// Postal code: 2 to 10 characters of `A-Z 0-9`, spaces and hyphens. Lower case is converted.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PostalCode(String);

/// The text is not a postal code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 2 to 10 characters of A-Z 0-9, spaces and hyphens")]
pub struct PostalCodeError;

impl PostalCode {
    /// Allowed codes, as a regular expression.
    pub const PATTERN: &str = "^ *[A-Za-z0-9]([A-Za-z0-9 -]{0,8}[A-Za-z0-9]) *$";
}

impl FromStr for PostalCode {
    type Err = PostalCodeError;

    fn from_str(text: &str) -> Result<Self, PostalCodeError> {
        let code = text.trim_matches(' ').to_ascii_uppercase();
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b" -".contains(&byte);
        let has_ends = [code.as_bytes().first(), code.as_bytes().last()]
            .into_iter()
            .all(|end| end.is_some_and(u8::is_ascii_alphanumeric));
        let valid = (2..=10).contains(&code.len()) && code.bytes().all(is_allowed) && has_ends;
        if valid { Ok(Self(code)) } else { Err(PostalCodeError) }
    }
}

/// Phone number in international form (E.164): `+` and 7 to 15 digits.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(String);

/// The text is not a phone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an international phone number of + and 7 to 15 digits, like +4930123456")]
pub struct PhoneNumberError;

impl PhoneNumber {
    /// Allowed numbers, as a regular expression.
    pub const PATTERN: &str = "^\\+[1-9][0-9]{6,14}$";
}

impl FromStr for PhoneNumber {
    type Err = PhoneNumberError;

    fn from_str(text: &str) -> Result<Self, PhoneNumberError> {
        let digits = text.strip_prefix('+').ok_or(PhoneNumberError)?;
        let is_number = digits.bytes().all(|digit| digit.is_ascii_digit()) && !digits.starts_with('0');
        let valid = is_number && (7..=15).contains(&digits.len());
        if valid { Ok(Self(text.to_owned())) } else { Err(PhoneNumberError) }
    }
}

/// Implements the conversions from and to text.
macro_rules! text_conversions {
    ($($type:ident: $error:ident),+) => {$(
        impl TryFrom<String> for $type {
            type Error = $error;

            fn try_from(text: String) -> Result<Self, $error> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(text: $type) -> Self {
                text.0
            }
        }
    )+};
}

text_conversions!(PostalCode: PostalCodeError, PhoneNumber: PhoneNumberError);

/// Countries in which an address can have no postal code: they have none, or hardly use them (Universal Postal
/// Union, "Addressing solutions").
const WITHOUT_POSTAL_CODE: &str = "AE AG AO AW BF BI BJ BO BQ BS BW BZ CD CF CG CI CK CM CW DJ DM ER FJ GA GD GH GM \
                                   GQ GY HK JM KI KM KN KP LY ML MO MR MW NR NU PA QA RW SB SC SL SR SS ST SX SY TD \
                                   TF TG TK TL TO TT TV TZ UG VU YE ZW";

/// Returns true if an address in this country needs a postal code.
#[must_use]
pub fn needs_postal_code(country: Country) -> bool {
    !WITHOUT_POSTAL_CODE.split_ascii_whitespace().any(|code| code == country.as_str())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Address in Germany.
    pub(crate) fn address() -> PostalAddress {
        PostalAddress {
            name: "Ada Lovelace".parse().unwrap(),
            line1: "Torstrasse 1".parse().unwrap(),
            line2: None,
            city: "Berlin".parse().unwrap(),
            region: Some("BE".parse().unwrap()),
            postal_code: Some("10119".parse().unwrap()),
            country: "DE".parse().unwrap(),
            phone: Some("+4930123456".parse().unwrap()),
        }
    }

    #[test]
    fn debug_output_contains_only_the_country() {
        assert_eq!(format!("{:?}", address()), "PostalAddress { country: DE, .. }");
        let place = Place { country: "DE".parse().unwrap(), region: Some("BE".parse().unwrap()) };
        assert_eq!(address().place(), place);
    }

    #[test]
    fn postal_code_is_normalised_and_bounded() {
        for (text, code) in [("10119", "10119"), (" sw1a 1aa ", "SW1A 1AA"), ("00-950", "00-950")] {
            let parsed: PostalCode = text.parse().unwrap();
            assert_eq!(serde_json::to_value(&parsed).unwrap(), code);
        }
        for text in ["", "1", "12345678901", "1_2", "-12", "12-", "Ä1", "1\n2"] {
            assert!(text.parse::<PostalCode>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn phone_number_is_international() {
        for text in ["+4930123456", "+1234567", "+123456789012345"] {
            assert_eq!(serde_json::to_value(text.parse::<PhoneNumber>().unwrap()).unwrap(), text);
        }
        for text in ["", "+", "4930123456", "+0930123456", "+123456", "+1234567890123456", "+49 30 123"] {
            assert!(text.parse::<PhoneNumber>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn most_countries_need_a_postal_code() {
        for code in WITHOUT_POSTAL_CODE.split_ascii_whitespace() {
            assert!(!needs_postal_code(code.parse().unwrap()), "{code}");
        }
        for code in ["DE", "US", "GB", "JP", "BR", "IE"] {
            assert!(needs_postal_code(code.parse().unwrap()), "{code}");
        }
    }
}
