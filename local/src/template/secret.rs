//! Parameters that contain the name of a secret, and the dynamic references that resolve it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Place, TemplateError};

/// Start and end of a dynamic reference to a secret: `{{resolve:secretsmanager:<name>}}`. Source: "Get a
/// secret or secret value from Secrets Manager", AWS `CloudFormation` User Guide.
const REFERENCE_START: &str = "{{resolve:secretsmanager:";
const REFERENCE_END: &str = "}}";

/// Start of any dynamic reference.
const DYNAMIC_START: &str = "{{resolve:";

/// Parameters that are used in references to secrets.
pub(super) fn parameters(value: &Value) -> BTreeSet<String> {
    match value {
        Value::String(text) => parameter(text).map(str::to_owned).into_iter().collect(),
        Value::Array(items) => items.iter().flat_map(parameters).collect(),
        Value::Object(map) => map.values().flat_map(parameters).collect(),
        _ => BTreeSet::new(),
    }
}

/// Parameter `X`, if the text is a reference to the secret that `X` names.
fn parameter(text: &str) -> Option<&str> {
    text.strip_prefix(REFERENCE_START)?.strip_suffix(REFERENCE_END)?.strip_prefix("${")?.strip_suffix('}')
}

/// Resolves a dynamic reference. The local stack has no Secrets Manager: the parameter that contains the name
/// of the secret on AWS contains the secret itself, so the reference resolves to its name part.
pub(super) fn resolve_reference(text: String, place: &Place) -> Result<String, TemplateError> {
    if !text.starts_with(DYNAMIC_START) {
        return Ok(text);
    }
    let secret = text.strip_prefix(REFERENCE_START).and_then(|rest| rest.strip_suffix(REFERENCE_END));
    secret.map(str::to_owned).ok_or_else(|| TemplateError::Unsupported {
        place: place.clone(),
        what: "references other than to a whole secret in Secrets Manager".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parameters_in_secret_references_are_found() {
        let template = json!({
            "A": { "Fn::Sub": "{{resolve:secretsmanager:${CursorKey}}}" },
            "B": [{ "Fn::If": ["C", { "Fn::Sub": "{{resolve:secretsmanager:${OtlpHeaders}}}" }, ""] }],
            "D": { "Fn::Sub": "${Stage} {{resolve:secretsmanager:x}}" },
        });
        assert_eq!(parameters(&template), ["CursorKey", "OtlpHeaders"].map(str::to_owned).into());
    }

    #[test]
    fn secret_reference_is_resolved_and_others_refused() {
        let place = Place::resource("X");
        let resolved =
            |text: &str| resolve_reference(text.to_owned(), &place).map_err(|error| error.to_string());
        assert_eq!(resolved("{{resolve:secretsmanager:a}}b==}}"), Ok("a}}b==".to_owned()));
        assert_eq!(resolved("plain"), Ok("plain".to_owned()));
        for other in ["{{resolve:ssm:a}}", "{{resolve:secretsmanager:a}} and more"] {
            assert!(
                resolved(other).unwrap_err().starts_with("X: the local stack does not support references")
            );
        }
    }
}
