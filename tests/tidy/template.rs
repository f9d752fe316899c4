//! Rules for the template: secrets by reference, least privilege, encrypted and protected data, and an alarm
//! for each failure.

use std::collections::BTreeSet;

use local::keys::aws_secrets::secret_name;
use local::keys::local_secrets::PARAMETERS_OF_GATEWAY;
use local::template::Template;
use regex::Regex;
use serde_json::{Map, Value, json};
use test_support::{TestTable, workspace};

use crate::read;

/// Name suffixes of secret parameters.
const SECRET_SUFFIXES: [&str; 4] = ["Key", "Secret", "Password", "Headers"];

fn template() -> Template {
    Template::read(&workspace("template.yaml")).unwrap()
}

fn resources(template: &Template) -> &Map<String, Value> {
    template.written("Resources").unwrap()
}

/// Resources of a type with their properties.
fn of_kind<'a>(template: &'a Template, kind: &'a str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let all = resources(template).iter().filter(move |(_, resource)| resource["Type"] == kind);
    all.map(|(id, resource)| (id, &resource["Properties"]))
}

fn ids(template: &Template, kind: &str) -> BTreeSet<String> {
    of_kind(template, kind).map(|(id, _)| id.clone()).collect()
}

/// All strings in a value.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(map) => map.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

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

/// IAM statements of all roles and managed policies, with the id of their resource.
fn statements(template: &Template) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    for kind in ["AWS::IAM::Role", "AWS::IAM::ManagedPolicy"] {
        for (id, properties) in of_kind(template, kind) {
            let inline = properties["Policies"].as_array().into_iter().flatten();
            let documents = inline.map(|policy| &policy["PolicyDocument"]);
            for document in documents.chain([&properties["PolicyDocument"]]) {
                let all = document["Statement"].as_array().into_iter().flatten();
                found.extend(all.map(|statement| (id.clone(), statement)));
            }
        }
    }
    found
}

#[test]
fn grants_have_no_wildcards() {
    let template = template();
    // X-Ray has no resource-level permissions; DescribeAlarms by name requires a grant on all alarms.
    let justified = [
        ("TelemetryPolicy", json!(["xray:PutTelemetryRecords", "xray:PutTraceSegments"])),
        ("DeploymentRole", json!("cloudwatch:DescribeAlarms")),
    ];
    let all = statements(&template);
    assert!(all.len() > 40, "only {} statements were found", all.len());
    for (id, statement) in all {
        assert!(!texts(&statement["Action"]).iter().any(|action| action.contains('*')), "{id}: {statement}");
        if justified.iter().any(|(role, action)| *role == id && *action == statement["Action"]) {
            continue;
        }
        assert!(!texts(&statement["Resource"]).iter().any(|arn| arn.contains('*')), "{id}: {statement}");
    }
    for (id, properties) in of_kind(&template, "AWS::IAM::Role") {
        let managed = properties.get("ManagedPolicyArns").unwrap_or(&Value::Null);
        let service = &properties["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"];
        let expected = if service == "lambda.amazonaws.com" {
            json!([{ "Ref": "TelemetryPolicy" }])
        } else {
            Value::Null
        };
        assert_eq!(*managed, expected, "{id}: managed policies from outside this template");
    }
}

#[tokio::test]
async fn functions_have_own_roles_platform_grants_and_log_groups() {
    let table = TestTable::open().await;
    let deployment = table.stack().deployment();
    let template = template();
    let mut roles = BTreeSet::new();
    for function in &deployment.functions {
        let name = &function.stem;
        let missing: Vec<_> = function.platform_grants().difference(&function.grants).cloned().collect();
        assert!(missing.is_empty(), "{name} lacks the grants {missing:?}");
        assert!(function.traced && function.log_group.is_some(), "{name} has no tracing or no log group");
        let role = &resources(&template)[&function.logical_id]["Properties"]["Role"]["Fn::GetAtt"][0];
        assert!(roles.insert(role.as_str().unwrap().to_owned()), "{name} shares its role");
    }
    for (id, properties) in of_kind(&template, "AWS::Logs::LogGroup") {
        assert_eq!(properties["RetentionInDays"], json!({ "Ref": "LogRetentionDays" }), "{id}");
    }
}

#[test]
fn data_is_encrypted_restorable_and_retained() {
    let template = template();
    let table = &resources(&template)["Table"];
    assert_eq!([&table["DeletionPolicy"], &table["UpdateReplacePolicy"]], [&json!("Retain"); 2]);
    let properties = &table["Properties"];
    assert_eq!(properties["SSESpecification"]["SSEEnabled"], true);
    assert_eq!(properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
    assert_eq!(properties["DeletionProtectionEnabled"], json!({ "Ref": "TableDeletionProtection" }));
    assert_eq!(template.written("Parameters").unwrap()["TableDeletionProtection"]["Default"], "true");
    for (id, queue) in of_kind(&template, "AWS::SQS::Queue") {
        assert_eq!(queue["SqsManagedSseEnabled"], true, "{id}");
    }
    for (id, topic) in of_kind(&template, "AWS::SNS::Topic") {
        assert_eq!(topic["KmsMasterKeyId"], json!({ "Ref": "Key" }), "{id}");
    }
    let functions = &template.written("Globals").unwrap()["Function"];
    assert_eq!(functions["KmsKeyArn"], json!({ "Fn::GetAtt": ["Key", "Arn"] }));
}

/// Largest value of a property that is a number or a parameter.
fn largest(template: &Template, property: &Value) -> u64 {
    let parameter = || property["Ref"].as_str().unwrap();
    let maximum = || template.written("Parameters").unwrap()[parameter()]["MaxValue"].as_u64().unwrap();
    property.as_u64().unwrap_or_else(maximum)
}

/// Checks the rule of "Using Lambda with Amazon SQS": six times the timeout of the function, and the batching
/// window.
#[test]
fn visibility_timeouts_cover_timeouts_and_windows() {
    let template = template();
    let mut windows = 0;
    for (id, function) in of_kind(&template, "AWS::Serverless::Function") {
        let events = function["Events"].as_object().into_iter().flatten();
        for source in events.map(|(_, event)| event).filter(|event| event["Type"] == "SQS") {
            let window = &source["Properties"]["MaximumBatchingWindowInSeconds"];
            windows += u64::from(!window.is_null());
            let window = if window.is_null() { 0 } else { largest(&template, window) };
            let queue = source["Properties"]["Queue"]["Fn::GetAtt"][0].as_str().unwrap();
            let visibility =
                largest(&template, &resources(&template)[queue]["Properties"]["VisibilityTimeout"]);
            assert!(visibility >= 6 * largest(&template, &function["Timeout"]) + window, "{id}: {queue}");
        }
    }
    assert!(windows > 0, "no batching window was found");
}

#[test]
fn queues_require_tls() {
    let template = template();
    let (_, policy) = of_kind(&template, "AWS::SQS::QueuePolicy").next().unwrap();
    let covered: BTreeSet<String> = texts(&policy["Queues"]).into_iter().map(str::to_owned).collect();
    assert_eq!(covered, ids(&template, "AWS::SQS::Queue"));
    let expected = json!({
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": "*",
        "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    });
    assert_eq!(policy["PolicyDocument"]["Statement"], json!([expected]));
}

#[tokio::test]
async fn dead_letter_queues_accept_their_own_queue_only() {
    let table = TestTable::open().await;
    let deployment = table.stack().deployment();
    let mut redriven = 0;
    for queue in &deployment.queues {
        let Some(redrive) = &queue.redrive else { continue };
        redriven += 1;
        let own = local::system::arn::queue_arn(&queue.name);
        let target = |other: &&local::template::Queue| {
            local::system::arn::queue_arn(&other.name) == redrive.target_arn
        };
        let target = deployment.queues.iter().find(target).unwrap();
        assert_eq!(target.redrive_sources, Some(vec![own]), "{}", target.name);
    }
    assert!(redriven >= 6, "only {redriven} queues with dead letters were found");
}

/// Logical ids in the dimensions of all alarms on a metric.
fn alarmed(template: &Template, metric: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (_, alarm) in of_kind(template, "AWS::CloudWatch::Alarm") {
        let metrics = alarm["Metrics"].as_array().into_iter().flatten();
        for source in metrics.map(|entry| &entry["MetricStat"]["Metric"]).chain([alarm]) {
            if source["MetricName"] == metric {
                found.extend(source["Dimensions"].as_array().into_iter().flatten().filter_map(logical_id));
            }
        }
    }
    found
}

/// Logical id that a dimension refers to.
fn logical_id(dimension: &Value) -> Option<String> {
    let value = &dimension["Value"];
    let id = value.get("Ref").or_else(|| value.get("Fn::GetAtt")?.get(0))?;
    Some(id.as_str()?.to_owned())
}

#[test]
fn every_failure_has_an_alarm_with_an_action() {
    let template = template();
    let queues = ids(&template, "AWS::SQS::Queue");
    let (dead_letter_queues, queues): (BTreeSet<String>, BTreeSet<String>) =
        queues.into_iter().filter(|id| id != "OutboxFailures").partition(|id| id.ends_with("DeadLetters"));
    assert_eq!(alarmed(&template, "NumberOfMessagesReceived"), dead_letter_queues);
    let waiting = alarmed(&template, "ApproximateAgeOfOldestMessage");
    assert!(waiting.is_superset(&queues) && waiting.is_superset(&dead_letter_queues), "{waiting:?}");
    let failed_events = alarmed(&template, "ApproximateNumberOfMessagesVisible");
    assert_eq!(failed_events, BTreeSet::from(["OutboxFailures".to_owned()]));
    let functions = ids(&template, "AWS::Serverless::Function");
    assert!(alarmed(&template, "Errors").is_superset(&functions), "a function has no error alarm");
    for metric in ["IteratorAge", "OutboxBacklogAge", "BreakerTransitions", "5xx", "Latency"] {
        assert!(!alarmed(&template, metric).is_empty(), "{metric}");
    }
    let dashboard = template.written("Resources").unwrap()["Dashboard"].to_string();
    for (id, alarm) in of_kind(&template, "AWS::CloudWatch::Alarm") {
        assert_eq!(alarm["AlarmActions"], json!([{ "Ref": "Alarms" }]), "{id} has no action");
        assert!(alarm["AlarmDescription"].as_str().is_some_and(|text| text.ends_with('.')), "{id}");
        assert!(dashboard.contains(&format!("${{{id}.Arn}}")), "{id} is not on the dashboard");
    }
}

#[test]
fn deployments_shift_an_alias_and_roll_back_on_alarms() {
    let template = template();
    let functions = &template.written("Globals").unwrap()["Function"];
    assert_eq!(functions["AutoPublishAlias"], "live");
    let preference = &functions["DeploymentPreference"];
    assert_eq!(preference["Type"], json!({ "Ref": "DeploymentPreference" }));
    let alarms = texts(&preference["Alarms"]);
    let mut watched = BTreeSet::new();
    for alarm in alarms {
        let metrics = &resources(&template)[alarm]["Properties"]["Metrics"];
        let entries =
            metrics.as_array().unwrap().iter().map(|entry| &entry["MetricStat"]["Metric"]["Dimensions"]);
        watched.extend(entries.filter_map(Value::as_array).flatten().filter_map(logical_id));
    }
    let functions = ids(&template, "AWS::Serverless::Function");
    assert!(watched.is_superset(&functions), "{:?}", functions.difference(&watched));
    let moved: BTreeSet<String> = statements(&template)
        .into_iter()
        .filter(|(id, statement)| id == "DeploymentRole" && statement["Action"][0] == "lambda:GetAlias")
        .flat_map(|(_, statement)| statement["Resource"].as_array().unwrap().clone())
        .filter_map(|arn| Some(arn["Fn::GetAtt"][0].as_str()?.to_owned()))
        .collect();
    assert_eq!(moved, functions);
}
