//! Closed lists of words: how each value of an enum is spelled, for the API and for the table.

/// Spells the values of an enum that is stored in `snake_case`, and reads them back. Text that is none of them is the error
/// that is named, which says what there is.
macro_rules! spelled {
    ($type:ident, $(#[$doc:meta])+ $error:ident: $($value:ident = $text:literal),+ $(,)?) => {
        impl $type {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$value),+];

            /// The value as the API writes it.
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
            fn a_value_reads_as_it_is_stored() {
                for value in $type::ALL {
                    assert_eq!(value.as_str().parse(), Ok(*value));
                    assert_eq!(serde_json::to_value(value).unwrap(), value.as_str());
                }
            }
        }
    };
}

pub(crate) use spelled;
