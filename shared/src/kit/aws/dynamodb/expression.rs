//! DynamoDB expressions. Values cannot inject syntax: names and values are passed as placeholders, and
//! attribute names are constants of the program.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

/// Names and values of the placeholders in a request's expressions.
#[derive(Debug, Clone, Default)]
pub struct Placeholders {
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Placeholders {
    /// Placeholders of an attribute, or of a path into a map: `summary.status`.
    fn name(&mut self, path: &'static str) -> String {
        path.split('.').map(|attribute| self.attribute(attribute)).collect::<Vec<_>>().join(".")
    }

    fn attribute(&mut self, attribute: &'static str) -> String {
        let existing =
            self.names.iter().find(|(_, name)| name.as_str() == attribute).map(|(key, _)| key.clone());
        existing.unwrap_or_else(|| {
            let placeholder = format!("#n{}", self.names.len());
            self.names.insert(placeholder.clone(), attribute.to_owned());
            placeholder
        })
    }

    fn value(&mut self, value: &Value) -> String {
        let placeholder = format!(":v{}", self.values.len());
        self.values.insert(placeholder.clone(), value.to_attribute());
        placeholder
    }

    /// The names as the SDK expects them: `None` instead of an empty map.
    #[must_use]
    pub fn names(&self) -> Option<HashMap<String, String>> {
        (!self.names.is_empty()).then(|| self.names.clone())
    }

    /// The values as the SDK expects them: `None` instead of an empty map.
    #[must_use]
    pub fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        (!self.values.is_empty()).then(|| self.values.clone())
    }
}

/// A value to compare with or to store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Text.
    Text(String),
    /// A whole number.
    Number(i64),
}

impl Value {
    pub(super) fn to_attribute(&self) -> AttributeValue {
        match self {
            Self::Text(text) => AttributeValue::S(text.clone()),
            Self::Number(number) => AttributeValue::N(number.to_string()),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

/// Condition on the attributes of an item. An attribute of a map is named by its path: `summary.status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Predicate {
    /// The attribute exists.
    Exists(&'static str),
    /// The attribute does not exist.
    Absent(&'static str),
    /// The comparison of the attribute with the value is true.
    Compare(&'static str, Comparison, Value),
    /// The attribute is a text with this prefix.
    BeginsWith(&'static str, String),
    /// The attribute is between the two values, both inclusive.
    Between(&'static str, Value, Value),
    /// All of these hold.
    All(Vec<Predicate>),
    /// At least one of these holds.
    Any(Vec<Predicate>),
}

/// Comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `=`.
    Equal,
    /// `<`.
    Less,
    /// `<=`.
    AtMost,
    /// `>`.
    Greater,
    /// `>=`.
    AtLeast,
}

impl Comparison {
    const fn operator(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
        }
    }
}

impl Predicate {
    /// The attribute equals `value`.
    pub fn equal(attribute: &'static str, value: impl Into<Value>) -> Self {
        Self::Compare(attribute, Comparison::Equal, value.into())
    }

    /// The attribute is less than `value`.
    pub fn less(attribute: &'static str, value: impl Into<Value>) -> Self {
        Self::Compare(attribute, Comparison::Less, value.into())
    }

    /// The attribute is `value` or less.
    pub fn at_most(attribute: &'static str, value: impl Into<Value>) -> Self {
        Self::Compare(attribute, Comparison::AtMost, value.into())
    }

    /// The attribute is greater than `value`.
    pub fn greater(attribute: &'static str, value: impl Into<Value>) -> Self {
        Self::Compare(attribute, Comparison::Greater, value.into())
    }

    /// The attribute is `value` or more.
    pub fn at_least(attribute: &'static str, value: impl Into<Value>) -> Self {
        Self::Compare(attribute, Comparison::AtLeast, value.into())
    }

    /// Renders the predicate; adds its names and values to `placeholders`.
    pub fn render(&self, placeholders: &mut Placeholders) -> String {
        match self {
            Self::Exists(attribute) => format!("attribute_exists({})", placeholders.name(attribute)),
            Self::Absent(attribute) => format!("attribute_not_exists({})", placeholders.name(attribute)),
            Self::Compare(attribute, comparison, value) => {
                let name = placeholders.name(attribute);
                format!("{name} {} {}", comparison.operator(), placeholders.value(value))
            }
            Self::BeginsWith(attribute, prefix) => {
                let name = placeholders.name(attribute);
                format!("begins_with({name}, {})", placeholders.value(&Value::Text(prefix.clone())))
            }
            Self::Between(attribute, least, most) => {
                let name = placeholders.name(attribute);
                let (least, most) = (placeholders.value(least), placeholders.value(most));
                format!("{name} BETWEEN {least} AND {most}")
            }
            Self::All(all) => join(all, " AND ", placeholders),
            Self::Any(any) => join(any, " OR ", placeholders),
        }
    }
}

fn join(predicates: &[Predicate], operator: &str, placeholders: &mut Placeholders) -> String {
    let parts: Vec<String> = predicates.iter().map(|predicate| predicate.render(placeholders)).collect();
    format!("({})", parts.join(operator))
}

/// An update of an item's attributes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Update {
    set: Vec<(&'static str, Value)>,
    add: Vec<(&'static str, i64)>,
}

impl Update {
    /// Sets the attribute.
    #[must_use]
    pub fn set(mut self, attribute: &'static str, value: impl Into<Value>) -> Self {
        self.set.push((attribute, value.into()));
        self
    }

    /// Adds to the counter; a missing counter starts at zero.
    #[must_use]
    pub fn add(mut self, attribute: &'static str, by: i64) -> Self {
        self.add.push((attribute, by));
        self
    }

    /// Renders the update; adds its names and values to `placeholders`.
    pub fn render(&self, placeholders: &mut Placeholders) -> String {
        let set: Vec<String> = self
            .set
            .iter()
            .map(|(attribute, value)| {
                format!("{} = {}", placeholders.name(attribute), placeholders.value(value))
            })
            .collect();
        let add: Vec<String> = self
            .add
            .iter()
            .map(|(attribute, by)| {
                format!("{} {}", placeholders.name(attribute), placeholders.value(&Value::Number(*by)))
            })
            .collect();
        let clause = |word: &str, parts: Vec<String>| {
            if parts.is_empty() { String::new() } else { format!("{word} {} ", parts.join(", ")) }
        };
        format!("{}{}", clause("SET", set), clause("ADD", add)).trim_end().to_owned()
    }
}

/// The attributes that a read returns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Projection<'a>(pub &'a [&'static str]);

impl Projection<'_> {
    /// Renders the projection; adds its names to `placeholders`.
    pub fn render(&self, placeholders: &mut Placeholders) -> String {
        self.0.iter().map(|attribute| placeholders.name(attribute)).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_never_becomes_part_of_an_expression() {
        let hostile = ":v OR size(pk) > :z";
        let mut placeholders = Placeholders::default();
        let text = Predicate::All(vec![
            Predicate::equal("status", hostile),
            Predicate::BeginsWith("name", hostile.to_owned()),
            Predicate::Any(vec![Predicate::Absent("pk"), Predicate::less("ttl", 7)]),
        ])
        .render(&mut placeholders);
        assert_eq!(
            text,
            "(#n0 = :v0 AND begins_with(#n1, :v1) AND (attribute_not_exists(#n2) OR #n3 < :v2))"
        );
        assert_eq!(placeholders.values().unwrap()[":v0"], AttributeValue::S(hostile.to_owned()));
    }

    #[test]
    fn attribute_of_a_map_has_a_placeholder_for_each_name() {
        let mut placeholders = Placeholders::default();
        let predicate = Predicate::equal("summary.status", "shipped");
        assert_eq!(predicate.render(&mut placeholders), "#n0.#n1 = :v0");
        let names = placeholders.names().unwrap();
        assert_eq!((names["#n0"].as_str(), names["#n1"].as_str()), ("summary", "status"));
    }

    #[test]
    fn repeated_attribute_shares_one_placeholder() {
        let mut placeholders = Placeholders::default();
        let update = Update::default().add("available", -2).add("reserved", 2).set("note", "x");
        assert_eq!(update.render(&mut placeholders), "SET #n0 = :v0 ADD #n1 :v1, #n2 :v2");
        assert_eq!(Predicate::at_least("available", 2).render(&mut placeholders), "#n1 >= :v3");
        assert_eq!(placeholders.names().unwrap().len(), 3);
    }
}
