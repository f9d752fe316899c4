//! Parameters of the template: defaults, values and constraints.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Parameters, Place, TemplateError};

/// Resolves the value of every parameter. A `CommaDelimitedList` becomes a list, any other type a string.
pub(super) fn resolve(
    declared: &Map<String, Value>,
    given: &Parameters,
) -> Result<BTreeMap<String, Value>, TemplateError> {
    if let Some(unknown) = given.keys().find(|name| !declared.contains_key(*name)) {
        return Err(TemplateError::UnknownParameter(unknown.clone()));
    }
    let mut values = BTreeMap::new();
    for (name, declaration) in declared {
        let text = match given.get(name) {
            Some(value) => value.clone(),
            None => default_of(name, declaration)?,
        };
        check(name, declaration, &text)?;
        values.insert(name.clone(), typed(declaration, text));
    }
    Ok(values)
}

fn default_of(name: &str, declaration: &Value) -> Result<String, TemplateError> {
    let default =
        declaration.get("Default").ok_or_else(|| TemplateError::MissingParameter(name.to_owned()))?;
    scalar(default).ok_or_else(|| TemplateError::Type {
        place: Place::resource("Parameters").child(name).child("Default"),
        expected: "a string or a number",
    })
}

fn typed(declaration: &Value, text: String) -> Value {
    match declaration.get("Type").and_then(Value::as_str) {
        Some("CommaDelimitedList" | "List<Number>") => {
            text.split(',').map(|item| Value::String(item.trim().to_owned())).collect()
        }
        _ => Value::String(text),
    }
}

/// Checks the constraints, except `AllowedPattern`, which only the deployment checks.
fn check(name: &str, declaration: &Value, text: &str) -> Result<(), TemplateError> {
    let violated = |rule| Err(TemplateError::InvalidParameter { name: name.to_owned(), rule });
    if let Some(allowed) = declaration.get("AllowedValues").and_then(Value::as_array)
        && !allowed.iter().any(|value| scalar(value).as_deref() == Some(text))
    {
        return violated("AllowedValues");
    }
    let bound = |rule: &str| declaration.get(rule).and_then(|value| scalar(value)?.parse::<i64>().ok());
    let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    if bound("MinLength").is_some_and(|minimum| length < minimum) {
        return violated("MinLength");
    }
    if bound("MaxLength").is_some_and(|maximum| length > maximum) {
        return violated("MaxLength");
    }
    if declaration.get("Type").and_then(Value::as_str) != Some("Number") {
        return Ok(());
    }
    let Ok(number) = text.parse::<i64>() else { return violated("Type: Number") };
    if bound("MinValue").is_some_and(|minimum| number < minimum) {
        return violated("MinValue");
    }
    if bound("MaxValue").is_some_and(|maximum| number > maximum) {
        return violated("MaxValue");
    }
    Ok(())
}

/// String form of a scalar, as `CloudFormation` converts it.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}
