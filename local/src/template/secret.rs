//! Secrets: parameters that hold the name of a secret, and the references that `CloudFormation` puts its value in place of.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Place, TemplateError};

/// What a reference to a secret looks like: `{{resolve:secretsmanager:<name>}}`. Source: "Get a secret or secret value
/// from Secrets Manager", AWS `CloudFormation` User Guide.
const BEFORE: &str = "{{resolve:secretsmanager:";
const AFTER: &str = "}}";

/// How a text begins that is, or should be, a reference that `CloudFormation` resolves.
const DYNAMIC: &str = "{{resolve:";

/// The parameters that references name.
pub(super) fn parameters(value: &Value) -> BTreeSet<String> {
    match value {
        Value::String(text) => parameter(text).map(str::to_owned).into_iter().collect(),
        Value::Array(items) => items.iter().flat_map(parameters).collect(),
        Value::Object(map) => map.values().flat_map(parameters).collect(),
        _ => BTreeSet::new(),
    }
}

/// `X`, if the text is a reference to the secret that the parameter `X` names.
fn parameter(text: &str) -> Option<&str> {
    text.strip_prefix(BEFORE)?.strip_suffix(AFTER)?.strip_prefix("${")?.strip_suffix('}')
}

/// What a computed text yields. There is no Secrets Manager on this machine: a parameter that names a secret on AWS is given
/// the secret itself here, and so a reference yields what it names.
pub(super) fn value(text: String, place: &Place) -> Result<String, TemplateError> {
    if !text.starts_with(DYNAMIC) {
        return Ok(text);
    }
    let secret = text.strip_prefix(BEFORE).and_then(|rest| rest.strip_suffix(AFTER));
    secret.map(str::to_owned).ok_or_else(|| TemplateError::Unsupported {
        place: place.clone(),
        what: "references to anything but a whole secret of Secrets Manager".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parameters_are_secret_because_references_name_them() {
        let template = json!({
            "A": { "Fn::Sub": "{{resolve:secretsmanager:${CursorKey}}}" },
            "B": [{ "Fn::If": ["C", { "Fn::Sub": "{{resolve:secretsmanager:${OtlpHeaders}}}" }, ""] }],
            "D": { "Fn::Sub": "${Stage} {{resolve:secretsmanager:x}}" },
        });
        assert_eq!(parameters(&template), ["CursorKey", "OtlpHeaders"].map(str::to_owned).into());
    }

    #[test]
    fn a_reference_yields_the_secret_and_any_other_is_refused() {
        let place = Place::resource("X");
        let yields = |text: &str| value(text.to_owned(), &place).map_err(|error| error.to_string());
        assert_eq!(yields("{{resolve:secretsmanager:a}}b==}}"), Ok("a}}b==".to_owned()));
        assert_eq!(yields("plain"), Ok("plain".to_owned()));
        for other in ["{{resolve:ssm:a}}", "{{resolve:secretsmanager:a}} and more"] {
            assert!(yields(other).unwrap_err().starts_with("X: the local stack does not support references"));
        }
    }
}
