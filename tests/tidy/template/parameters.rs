//! Parameters: secrets by reference, settings of each stage, descriptions.

use local::keys::aws_secrets::secret_name;
use local::keys::local_secrets::PARAMETERS_OF_GATEWAY;
use regex::Regex;
use serde_json::json;
use test_support::workspace;

use super::{template, texts};
use crate::read;

/// Name suffixes of secret parameters.
const SECRET_SUFFIXES: [&str; 4] = ["Key", "Secret", "Password", "Headers"];

#[test]
fn secret_parameters_are_used_by_reference_only() {
    let template = template();
    let declared = template.written("Parameters").unwrap();
    let mut found = 0;
    for (name, declaration) in declared {
        assert!(declaration.get("NoEcho").is_none(), "{name} contains a secret value");
        if !SECRET_SUFFIXES.iter().any(|suffix| name.ends_with(suffix)) {
            continue;
        }
        found += 1;
        let reference = format!("{{{{resolve:secretsmanager:${{{name}}}}}}}");
        let mut references = 0;
        for section in ["Globals", "Resources", "Outputs"] {
            let section = json!(template.written(section).unwrap());
            for text in texts(&section) {
                references += usize::from(text == reference);
                let is_exposed =
                    text == name || (text != reference && text.contains(&format!("${{{name}}}")));
                assert!(!is_exposed, "{name} is used without a secret reference: {text}");
            }
        }
        assert!(references > 0, "{name} is not used");
        if declaration.get("Default").is_none() {
            assert!(template.secret_parameters().contains(name), "{name}");
        }
    }
    assert_eq!(found, 7);
}

#[test]
fn every_stage_refers_to_its_secrets_by_name() {
    let configuration = read(&workspace("samconfig.toml"));
    for stage in ["dev", "prod"] {
        for parameter in template().secret_parameters() {
            // Each signing key has its own secret, named in the file that `make secrets` creates.
            let expected = match parameter.as_str() {
                "JwtSigningKey" => format!("\"file://.deployments/{stage}/parameters.yaml\""),
                _ => format!("\"{parameter}={}\"", secret_name(stage, &parameter)),
            };
            assert!(configuration.contains(&expected), "{expected} is not in samconfig.toml");
        }
    }
    for parameter in PARAMETERS_OF_GATEWAY {
        assert!(template().secret_parameters().iter().any(|name| name == parameter), "{parameter}");
    }
}

/// Checks that no stage but `dev` can be deployed with the settings of development.
#[test]
fn settings_of_development_are_in_the_stage_dev_only() {
    let template = template();
    let parameters = template.written("Parameters").unwrap();
    let rule = &template.written("Rules").unwrap()["PublicStage"];
    assert_eq!(rule["RuleCondition"], json!({ "Fn::Not": [{ "Fn::Equals": [{ "Ref": "Stage" }, "dev"] }] }));
    let refused = texts(&rule["Assertions"]);
    let configuration = read(&workspace("samconfig.toml"));
    let (dev, prod) = configuration.split_once("[prod.").unwrap();
    for (name, value) in [
        ("AppUrl", "http://localhost:3000"),
        ("CorsOrigin", "http://localhost:3000"),
        ("EmailSender", "no-reply@agora.example"),
    ] {
        assert!(parameters[name].get("Default").is_none(), "{name} has a default");
        assert!(dev.contains(&format!("\"{name}={value}\"")), "{name} is not set for dev");
        assert!(!prod.contains(value), "{name} of development is set for prod");
        assert!(refused.contains(&name) && refused.contains(&value), "{name} is not checked");
    }
    for name in ["AppUrl", "CorsOrigin"] {
        let pattern = Regex::new(parameters[name]["AllowedPattern"].as_str().unwrap()).unwrap();
        assert!(
            pattern.is_match("https://shop.example") && !pattern.is_match("http://shop.example"),
            "{name}"
        );
    }
}

#[test]
fn parameters_have_descriptions_and_groups() {
    let template = template();
    let declared = template.written("Parameters").unwrap();
    let groups = &template.written("Metadata").unwrap()["AWS::CloudFormation::Interface"]["ParameterGroups"];
    let grouped: Vec<&str> =
        groups.as_array().unwrap().iter().flat_map(|group| texts(&group["Parameters"])).collect();
    assert_eq!(grouped.len(), declared.len(), "a parameter is in no group, or in two");
    for (name, declaration) in declared {
        assert!(declaration["Description"].as_str().is_some_and(|text| text.ends_with('.')), "{name}");
        assert!(grouped.contains(&name.as_str()), "{name} is in no group");
    }
}
