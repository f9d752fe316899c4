//! Converts YAML with `CloudFormation`'s short tags to plain JSON values with the long forms: `!Ref X`
//! becomes `{"Ref": "X"}` and `!GetAtt X.Arn` becomes `{"Fn::GetAtt": ["X", "Arn"]}`.

use serde_json::{Map, Number, Value, json};
use serde_yaml_ng::Value as Yaml;

use super::{Place, TemplateError};

/// Tags whose long form has the prefix `Fn::`.
const FUNCTIONS: [&str; 14] = [
    "And",
    "Base64",
    "Cidr",
    "Equals",
    "FindInMap",
    "GetAtt",
    "GetAZs",
    "If",
    "ImportValue",
    "Join",
    "Not",
    "Or",
    "Select",
    "Split",
];

pub(super) fn plain(value: Yaml, place: &mut Place) -> Result<Value, TemplateError> {
    Ok(match value {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => Value::Bool(value),
        Yaml::Number(number) => plain_number(&number),
        Yaml::String(text) => Value::String(text),
        Yaml::Sequence(items) => {
            let mut list = Vec::with_capacity(items.len());
            for (at, item) in items.into_iter().enumerate() {
                place.enter(at.to_string());
                list.push(plain(item, place)?);
                place.leave();
            }
            Value::Array(list)
        }
        Yaml::Mapping(entries) => {
            let mut map = Map::new();
            for (key, value) in entries {
                let Some(key) = plain_key(&key) else {
                    return Err(TemplateError::Type {
                        place: place.clone(),
                        expected: "a map with string keys",
                    });
                };
                place.enter(key.clone());
                map.insert(key, plain(value, place)?);
                place.leave();
            }
            Value::Object(map)
        }
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let inner = plain(tagged.value, place)?;
            long_form(tag.trim_start_matches('!'), inner, place)?
        }
    })
}

fn plain_number(number: &serde_yaml_ng::Number) -> Value {
    if let Some(value) = number.as_u64() {
        return value.into();
    }
    if let Some(value) = number.as_i64() {
        return value.into();
    }
    number.as_f64().and_then(Number::from_f64).map_or(Value::Null, Value::Number)
}

fn plain_key(key: &Yaml) -> Option<String> {
    match key {
        Yaml::String(text) => Some(text.clone()),
        Yaml::Number(number) => Some(number.to_string()),
        Yaml::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

fn long_form(tag: &str, inner: Value, place: &Place) -> Result<Value, TemplateError> {
    match tag {
        "Ref" | "Condition" => Ok(json!({ tag: inner })),
        "GetAtt" => Ok(json!({ "Fn::GetAtt": attribute_path(inner) })),
        "Sub" | "Transform" => Ok(json!({ format!("Fn::{tag}"): inner })),
        _ if FUNCTIONS.contains(&tag) => Ok(json!({ format!("Fn::{tag}"): inner })),
        _ => Err(TemplateError::UnknownTag { place: place.clone(), tag: tag.to_owned() }),
    }
}

/// Splits an attribute path: `X.Arn` becomes `[X, Arn]`.
fn attribute_path(inner: Value) -> Value {
    match inner {
        Value::String(path) => match path.split_once('.') {
            Some((resource, attribute)) => json!([resource, attribute]),
            None => json!([path]),
        },
        other => other,
    }
}
