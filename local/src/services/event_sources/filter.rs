//! Filter patterns of event source mappings, after "Lambda event filtering" in the AWS Lambda developer
//! guide.
//!
//! A pattern is a JSON object that lists the allowed values of each field. All fields must match; one entry
//! of a list suffices. Several patterns are alternatives.

use serde_json::{Map, Number, Value};

/// Patterns of one event source mapping. Without patterns, every record matches.
#[derive(Clone, Debug, Default)]
pub struct Filters {
    patterns: Vec<Pattern>,
}

impl Filters {
    /// Filters that match a record if one of the patterns does.
    #[must_use]
    pub fn any(patterns: Vec<Pattern>) -> Self {
        Self { patterns }
    }

    /// Parses one pattern.
    ///
    /// # Errors
    /// [`PatternError`] if the text is not a JSON object or uses a comparison that Lambda does not support.
    pub fn pattern(text: &str) -> Result<Pattern, PatternError> {
        match serde_json::from_str(text)? {
            Value::Object(map) => Pattern::parse(&map),
            _ => Err(PatternError::Shape),
        }
    }

    /// Returns true if there are no patterns.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Returns true if a record matches.
    #[must_use]
    pub fn matches(&self, record: &Value) -> bool {
        self.patterns.is_empty() || self.patterns.iter().any(|pattern| pattern.matches(record))
    }
}

/// A pattern is not valid.
#[derive(Debug, thiserror::Error)]
pub enum PatternError {
    /// The pattern is not JSON.
    #[error("a filter pattern that is not JSON ({0})")]
    Json(#[from] serde_json::Error),
    /// A field has neither a list nor a nested pattern.
    #[error("a filter pattern whose fields are neither lists nor objects")]
    Shape,
    /// A comparison does not exist or has invalid arguments.
    #[error("the filter rule `{0}`")]
    Rule(String),
}

/// Filter pattern: conditions that must all be met.
#[derive(Clone, Debug)]
pub struct Pattern {
    conditions: Vec<Condition>,
}

#[derive(Clone, Debug)]
enum Condition {
    Field { name: String, test: Test },
    Or(Vec<Pattern>),
}

#[derive(Clone, Debug)]
enum Test {
    Nested(Pattern),
    Any(Vec<Rule>),
}

#[derive(Clone, Debug)]
enum Rule {
    Equals(Value),
    EqualsIgnoreCase(String),
    Prefix(String),
    Suffix(String),
    AnythingBut(Vec<Rule>),
    Numeric(Vec<(Comparison, f64)>),
    Exists(bool),
}

#[derive(Clone, Copy, Debug)]
enum Comparison {
    Equal,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Pattern {
    fn parse(map: &Map<String, Value>) -> Result<Self, PatternError> {
        let conditions =
            map.iter().map(|(name, value)| Condition::parse(name, value)).collect::<Result<_, _>>()?;
        Ok(Self { conditions })
    }

    fn matches(&self, value: &Value) -> bool {
        self.conditions.iter().all(|condition| match condition {
            Condition::Field { name, test } => test.matches(value.get(name)),
            Condition::Or(patterns) => patterns.iter().any(|pattern| pattern.matches(value)),
        })
    }
}

impl Condition {
    fn parse(name: &str, value: &Value) -> Result<Self, PatternError> {
        match value {
            Value::Array(alternatives) if name == "$or" => {
                let parse = |alternative: &Value| match alternative {
                    Value::Object(map) => Pattern::parse(map),
                    _ => Err(PatternError::Shape),
                };
                Ok(Self::Or(alternatives.iter().map(parse).collect::<Result<_, _>>()?))
            }
            Value::Array(rules) => {
                let rules = rules.iter().map(Rule::parse).collect::<Result<_, _>>()?;
                Ok(Self::Field { name: name.to_owned(), test: Test::Any(rules) })
            }
            Value::Object(map) => {
                Ok(Self::Field { name: name.to_owned(), test: Test::Nested(Pattern::parse(map)?) })
            }
            _ => Err(PatternError::Shape),
        }
    }
}

impl Test {
    fn matches(&self, value: Option<&Value>) -> bool {
        match self {
            // A nested pattern can match an absent value, too, by `exists: false`.
            Self::Nested(pattern) => pattern.matches(value.unwrap_or(&Value::Null)),
            Self::Any(rules) => rules.iter().any(|rule| rule.matches(value)),
        }
    }
}

impl Rule {
    fn parse(rule: &Value) -> Result<Self, PatternError> {
        let Value::Object(map) = rule else {
            return if rule.is_array() { Err(PatternError::Shape) } else { Ok(Self::Equals(rule.clone())) };
        };
        let unknown = || PatternError::Rule(rule.to_string());
        let mut entries = map.iter();
        let (Some((name, argument)), None) = (entries.next(), entries.next()) else { return Err(unknown()) };
        let text = argument.as_str().map(str::to_owned);
        match (name.as_str(), argument, text) {
            ("exists", Value::Bool(expected), _) => Ok(Self::Exists(*expected)),
            ("prefix", _, Some(text)) => Ok(Self::Prefix(text)),
            ("suffix", _, Some(text)) => Ok(Self::Suffix(text)),
            ("equals-ignore-case", _, Some(text)) => Ok(Self::EqualsIgnoreCase(text.to_lowercase())),
            ("anything-but", Value::Array(rules), _) => {
                Ok(Self::AnythingBut(rules.iter().map(Self::parse).collect::<Result<_, _>>()?))
            }
            ("anything-but", single, _) => Ok(Self::AnythingBut(vec![Self::parse(single)?])),
            ("numeric", Value::Array(parts), _) => numeric(parts).map(Self::Numeric).ok_or_else(unknown),
            _ => Err(unknown()),
        }
    }

    fn matches(&self, value: Option<&Value>) -> bool {
        match (self, value) {
            (Self::Exists(expected), value) => value.is_some_and(|value| !value.is_object()) == *expected,
            // A list in the record matches if one of its entries does.
            (rule, Some(Value::Array(items))) => match rule {
                Self::AnythingBut(rules) => {
                    !items.iter().any(|item| rules.iter().any(|rule| rule.matches_scalar(item)))
                }
                _ => items.iter().any(|item| rule.matches_scalar(item)),
            },
            (rule, Some(value)) => rule.matches_scalar(value),
            (_, None) => false,
        }
    }

    fn matches_scalar(&self, value: &Value) -> bool {
        let text = value.as_str();
        match self {
            Self::Equals(Value::Number(expected)) => same_number(expected, value),
            Self::Equals(expected) => expected == value,
            Self::EqualsIgnoreCase(expected) => text.is_some_and(|text| text.to_lowercase() == *expected),
            Self::Prefix(prefix) => text.is_some_and(|text| text.starts_with(prefix)),
            Self::Suffix(suffix) => text.is_some_and(|text| text.ends_with(suffix)),
            Self::AnythingBut(rules) => !rules.iter().any(|rule| rule.matches_scalar(value)),
            Self::Numeric(bounds) => value.as_f64().is_some_and(|number| {
                bounds.iter().all(|(comparison, bound)| comparison.holds(number, *bound))
            }),
            Self::Exists(expected) => *expected,
        }
    }
}

impl Comparison {
    fn holds(self, number: f64, bound: f64) -> bool {
        match self {
            Self::Equal => number.total_cmp(&bound).is_eq(),
            Self::Less => number < bound,
            Self::AtMost => number <= bound,
            Self::Greater => number > bound,
            Self::AtLeast => number >= bound,
        }
    }
}

fn same_number(expected: &Number, value: &Value) -> bool {
    match (expected.as_f64(), value.as_f64()) {
        (Some(expected), Some(number)) => expected.total_cmp(&number).is_eq(),
        _ => false,
    }
}

/// Parses a comparison such as `["=", 5]` or `[">", 0, "<=", 5]`.
fn numeric(parts: &[Value]) -> Option<Vec<(Comparison, f64)>> {
    let bound = |pair: &[Value]| {
        let comparison = match pair.first()?.as_str()? {
            "=" => Comparison::Equal,
            "<" => Comparison::Less,
            "<=" => Comparison::AtMost,
            ">" => Comparison::Greater,
            ">=" => Comparison::AtLeast,
            _ => return None,
        };
        Some((comparison, pair.get(1)?.as_f64()?))
    };
    if parts.is_empty() { None } else { parts.chunks(2).map(bound).collect() }
}

#[cfg(test)]
mod tests;
