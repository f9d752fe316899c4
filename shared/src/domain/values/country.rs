//! Countries and their regions (ISO 3166).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Country code in upper case (ISO 3166-1 alpha-2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country([u8; 2]);

/// Officially assigned codes of ISO 3166-1.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ \
                         BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM \
                         DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS \
                         GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN \
                         KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ \
                         MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM \
                         PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV \
                         SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI \
                         VN VU WF WS YE YT ZA ZM ZW";

/// The text is not a country code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an ISO 3166-1 alpha-2 country code in upper case, like DE")]
pub struct CountryError;

impl Country {
    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for Country {
    type Err = CountryError;

    fn from_str(text: &str) -> Result<Self, CountryError> {
        let code: [u8; 2] = text.as_bytes().try_into().map_err(|_| CountryError)?;
        if COUNTRIES.split_ascii_whitespace().any(|known| known == text) {
            Ok(Self(code))
        } else {
            Err(CountryError)
        }
    }
}

/// Subdivision of a country in upper case: the part of its ISO 3166-2 code after the hyphen, for example `CA`
/// for US-CA.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region(String);

/// The text is not a code of a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be the part of an ISO 3166-2 code after the hyphen: 1 to 3 characters of A-Z 0-9, like CA for US-CA"
)]
pub struct RegionError;

impl Region {
    /// Allowed codes, as a regular expression.
    pub const PATTERN: &str = "^[A-Z0-9]{1,3}$";
}

impl FromStr for Region {
    type Err = RegionError;

    fn from_str(text: &str) -> Result<Self, RegionError> {
        let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        let valid = (1..=3).contains(&text.len()) && text.bytes().all(allowed);
        if valid { Ok(Self(text.to_owned())) } else { Err(RegionError) }
    }
}

impl TryFrom<String> for Country {
    type Error = CountryError;

    fn try_from(text: String) -> Result<Self, CountryError> {
        text.parse()
    }
}

impl TryFrom<String> for Region {
    type Error = RegionError;

    fn try_from(text: String) -> Result<Self, RegionError> {
        text.parse()
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.as_str().to_owned()
    }
}

impl From<Region> for String {
    fn from(region: Region) -> Self {
        region.0
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Country, with the region if it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Country.
    pub country: Country,
    /// Region of the country.
    pub region: Option<Region>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_assigned_upper_case_codes_are_countries() {
        let codes: Vec<&str> = COUNTRIES.split_ascii_whitespace().collect();
        assert_eq!(codes.len(), 249);
        assert!(codes.is_sorted());
        for code in codes {
            let country: Country = code.parse().unwrap();
            assert_eq!((country.as_str(), format!("{country:?}").as_str()), (code, code));
            assert_eq!(serde_json::to_value(country).unwrap(), code);
        }
        for text in ["de", "UK", "EU", "XX", "DEU", "D", "", "E "] {
            assert_eq!(text.parse::<Country>(), Err(CountryError), "{text}");
        }
    }

    #[test]
    fn region_has_one_to_three_upper_case_characters() {
        for text in ["CA", "9", "BY", "ABC", "75C"] {
            let region: Region = text.parse().unwrap();
            assert_eq!(
                (serde_json::to_value(&region).unwrap(), format!("{region:?}")),
                (text.into(), text.into())
            );
        }
        for text in ["", "ca", "US-CA", "ABCD", "Ü"] {
            assert_eq!(text.parse::<Region>(), Err(RegionError), "{text}");
        }
    }
}
