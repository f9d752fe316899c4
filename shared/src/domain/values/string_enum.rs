//! String spelling of enums in the API and in the table.

/// Implements the string form of an enum that is serialised in `snake_case`: the list of its values, `as_str`
/// and `FromStr`. The named error type lists the valid values.
macro_rules! string_enum {
    ($type:ident, $(#[$doc:meta])+ $error:ident: $($value:ident = $text:literal),+ $(,)?) => {
        impl $type {
            /// All values.
            pub const ALL: &'static [Self] = &[$(Self::$value),+];

            /// Spelling of the value in the API.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $text,)+
                }
            }
        }

        $(#[$doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $error;

        impl std::error::Error for $error {}

        impl std::fmt::Display for $error {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "must be one of {}", [$($text),+].join(", "))
            }
        }

        impl std::str::FromStr for $type {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, $error> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text).ok_or($error)
            }
        }

        #[cfg(test)]
        mod spelling {
            use super::*;

            #[test]
            fn string_form_matches_serialised_form() {
                for value in $type::ALL {
                    assert_eq!(value.as_str().parse(), Ok(*value));
                    assert_eq!(serde_json::to_value(value).unwrap(), value.as_str());
                }
            }
        }
    };
}

pub(crate) use string_enum;
